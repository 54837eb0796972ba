"""The pages of one-time links: the owner's account, an agent's new password, and links that no longer work."""

import re

import pytest
from aiohttp import ClientResponse

from chat.domain.people import password_links, sessions
from chat.domain.queries.agents import all_agents
from chat.web.auth.tokens import hash_token
from tests.web.conftest import ORIGIN, PASSWORD, WebServer

OWNER = {"name": "Sam", "email": "sam@example.com", "password": PASSWORD}


async def post_setup(server: WebServer, token: str = "the-first-link", **changes: str) -> ClientResponse:
    form = {"token": token} | OWNER | changes
    return await server.client.post(
        "/api/setup", data=form, headers={"Origin": ORIGIN}, allow_redirects=False, params={"lang": "en"}
    )


async def test_owner_sets_a_password_and_is_signed_in(server: WebServer) -> None:
    page = await (await server.client.get(await server.create_owner_link())).text()
    assert 'value="the-first-link"' in page
    response = await post_setup(server)
    assert (response.status, response.headers["Location"]) == (303, "/console")
    body = await (await server.client.get("/api/session")).json()
    assert (body["agent"]["name"], body["agent"]["role"]) == ("Sam", "admin")


async def test_owner_can_sign_in_again(server: WebServer) -> None:
    await server.create_owner_link()
    await post_setup(server)
    await server.client.delete("/api/session", headers={"Origin": ORIGIN})
    credentials = {"email": "sam@example.com", "password": PASSWORD}
    response = await server.client.post("/api/session", json=credentials, headers={"Origin": ORIGIN})
    assert response.status == 200


async def test_link_works_once(server: WebServer) -> None:
    link = await server.create_owner_link()
    await post_setup(server)
    again = await post_setup(server, email="mallory@example.com")
    assert again.status == 404
    assert "This link has been used" in await again.text()
    assert (await server.client.get(link)).status == 404


async def test_second_link_makes_no_second_owner(server: WebServer) -> None:
    await server.create_owner_link()
    await post_setup(server)
    await server.create_owner_link("a-second-link")
    assert (await post_setup(server, "a-second-link", email="mallory@example.com")).status == 404


async def test_link_expires_after_two_days(server: WebServer) -> None:
    link = await server.create_owner_link()
    server.clock.advance(days=3)
    assert (await server.client.get(link)).status == 404
    assert (await post_setup(server)).status == 404


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", " ", "Give the name"),
        ("name", "S" * 101, "too long"),
        ("email", "", "Enter your e-mail address."),
        ("email", "sam", "not look complete"),
        ("password", "too short", "At least ten characters."),
        ("password", "x" * 1_001, "At most a thousand"),
        ("password", "azertyuiop", "easy to guess"),
        ("password", "MotDePasse123", "easy to guess"),
        ("password", "1234567890", "easy to guess"),
    ],
)
async def test_page_shows_the_error_of_a_bad_field(server: WebServer, field: str, value: str, error: str) -> None:
    await server.create_owner_link()
    response = await post_setup(server, **{field: value})
    page = await response.text()
    assert response.status == 422
    assert error in page
    assert PASSWORD not in page
    assert (await post_setup(server)).status == 303


async def test_address_of_another_agent_is_taken(server: WebServer) -> None:
    await server.add_agent()
    await server.create_owner_link()
    response = await post_setup(server, email="ada@example.com")
    assert response.status == 422
    assert "has this address already" in await response.text()


async def test_setup_takes_json(server: WebServer) -> None:
    await server.create_owner_link()
    body = OWNER | {"token": "the-first-link"}
    short = await server.client.post("/api/setup", json=body | {"password": "short"}, headers={"Origin": ORIGIN})
    assert (short.status, await short.json()) == (422, {"errors": {"password": "too_short"}})
    response = await server.client.post("/api/setup", json=body, headers={"Origin": ORIGIN})
    assert response.status == 201
    assert (await server.client.get("/api/session")).status == 200


async def test_page_of_another_origin_can_not_use_the_link(server: WebServer) -> None:
    await server.create_owner_link()
    form, headers = OWNER | {"token": "the-first-link"}, {"Origin": "https://evil.example"}
    assert (await server.client.post("/api/setup", data=form, headers=headers)).status == 403
    assert (await post_setup(server)).status == 303


async def test_guesses_of_links_are_limited(server: WebServer) -> None:
    responses = [await post_setup(server, f"guess-{number}") for number in range(11)]
    assert [response.status for response in responses] == [404] * 10 + [429]


async def post_password(server: WebServer, path: str, password: str) -> ClientResponse:
    headers = {"Origin": ORIGIN}
    return await server.client.post(path, data={"password": password}, headers=headers, allow_redirects=False)


async def test_link_of_an_agent_sets_a_password_and_ends_other_sessions(server: WebServer) -> None:
    ada = await server.add_agent()
    await server.context.store.write(sessions.open_session, ada.id, hash_token("an old session"), server.clock())
    await server.context.store.write(
        password_links.create_link_for_agent, "ada@example.com", hash_token("adas-link"), server.clock()
    )
    assert (await server.client.get("/password/adas-link")).status == 200
    for refused in ("short", "qwertyuiop"):
        assert (await post_password(server, "/password/adas-link", refused)).status == 422
    response = await post_password(server, "/password/adas-link", "an entirely new one")
    assert (response.status, response.headers["Location"]) == (303, "/console")
    assert (await server.client.get("/api/session")).status == 200
    old = await server.context.store.read(sessions.agent_for_session, hash_token("an old session"), server.clock())
    assert old is None
    assert (await post_password(server, "/password/adas-link", "a third password")).status == 404


async def test_each_link_opens_only_its_own_page(server: WebServer) -> None:
    await server.add_agent()
    await server.context.store.write(
        password_links.create_link_for_agent, "ada@example.com", hash_token("adas-link"), server.clock()
    )
    await server.create_owner_link()
    assert (await server.client.get("/setup/adas-link")).status == 404
    assert (await server.client.get("/password/the-first-link")).status == 404
    assert (await post_setup(server, "adas-link")).status == 404
    assert (await post_password(server, "/password/the-first-link", PASSWORD)).status == 404


async def test_new_install_has_no_account(server: WebServer) -> None:
    assert await server.context.store.read(all_agents) == []
    for password in ("admin", "password", "guichet"):
        credentials = {"email": "admin@example.com", "password": password}
        response = await server.client.post("/api/session", json=credentials, headers={"Origin": ORIGIN})
        assert response.status == 401


@pytest.mark.parametrize(
    "password", ["  Ein Satz, mit Leerzeichen.  ", "パスワードの長い文章です", "0" * 9 + "\\", "x" * 999]
)
async def test_password_may_have_any_characters_and_is_compared_exactly(server: WebServer, password: str) -> None:
    await server.create_owner_link()
    assert (await post_setup(server, password=password)).status == 303
    for sent, status in ((password, 200), (password[:-1], 401), (f"{password} ", 401), (f" {password}", 401)):
        credentials = {"email": OWNER["email"], "password": sent}
        response = await server.client.post("/api/session", json=credentials, headers={"Origin": ORIGIN})
        assert response.status == status


@pytest.mark.parametrize("kind", ["setup", "password"])
async def test_password_field_is_masked_and_open_to_password_managers(server: WebServer, kind: str) -> None:
    link = await server.create_owner_link()
    if kind == "password":
        await server.add_agent()
        hashed, link = hash_token("adas-link"), "/password/adas-link"
        await server.context.store.write(
            password_links.create_link_for_agent, "ada@example.com", hashed, server.clock()
        )
    page = await (await server.client.get(link)).text()
    (field,) = re.findall(r'<input id="password"[^>]*>', page)
    assert 'type="password"' in field
    assert 'autocomplete="new-password"' in field
    assert not re.search("maxlength|pattern|onpaste|readonly|<script", field)

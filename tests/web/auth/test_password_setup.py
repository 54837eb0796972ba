"""One-time links: the owner's first password, an agent's new one, and links that have done their work."""

import pytest
from aiohttp import ClientResponse

from chat.domain.people import password_links, sessions
from chat.web.auth.tokens import hash_token
from tests.web.conftest import ORIGIN, PASSWORD, House

OWNER = {"name": "Sam", "email": "sam@example.com", "password": PASSWORD}


async def set_up(house: House, token: str = "the-first-link", **changed: str) -> ClientResponse:
    form = {"token": token} | OWNER | changed
    return await house.browser.post(
        "/api/setup", data=form, headers={"Origin": ORIGIN}, allow_redirects=False, params={"lang": "en"}
    )


async def test_the_owner_sets_a_password_and_is_in_the_console(house: House) -> None:
    page = await (await house.browser.get(await house.owner_link())).text()
    assert 'value="the-first-link"' in page
    answer = await set_up(house)
    assert (answer.status, answer.headers["Location"]) == (303, "/console")
    told = await (await house.browser.get("/api/session")).json()
    assert (told["agent"]["name"], told["agent"]["role"]) == ("Sam", "admin")


async def test_the_owner_can_sign_in_again(house: House) -> None:
    await house.owner_link()
    await set_up(house)
    await house.browser.delete("/api/session", headers={"Origin": ORIGIN})
    credentials = {"email": "sam@example.com", "password": PASSWORD}
    answer = await house.browser.post("/api/session", json=credentials, headers={"Origin": ORIGIN})
    assert answer.status == 200


async def test_the_link_works_once(house: House) -> None:
    link = await house.owner_link()
    await set_up(house)
    again = await set_up(house, email="mallory@example.com")
    assert again.status == 404
    assert "This link has done its work" in await again.text()
    assert (await house.browser.get(link)).status == 404


async def test_a_second_link_makes_no_second_owner(house: House) -> None:
    await house.owner_link()
    await set_up(house)
    await house.owner_link("a-second-link")
    assert (await set_up(house, "a-second-link", email="mallory@example.com")).status == 404


async def test_a_link_does_not_last_for_ever(house: House) -> None:
    link = await house.owner_link()
    house.clock.passes(days=3)
    assert (await house.browser.get(link)).status == 404
    assert (await set_up(house)).status == 404


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", " ", "Give the name"),
        ("name", "S" * 101, "too long"),
        ("email", "", "Without an address"),
        ("email", "sam", "not look complete"),
        ("password", "too short", "At least ten characters."),
        ("password", "x" * 1_001, "At most a thousand"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(house: House, field: str, value: str, says: str) -> None:
    await house.owner_link()
    answer = await set_up(house, **{field: value})
    page = await answer.text()
    assert answer.status == 422
    assert says in page
    assert PASSWORD not in page
    assert (await set_up(house)).status == 303


async def test_somebody_elses_address_is_taken(house: House) -> None:
    await house.ada()
    await house.owner_link()
    answer = await set_up(house, email="ada@example.com")
    assert answer.status == 422
    assert "has this address already" in await answer.text()


async def test_json_does_the_same(house: House) -> None:
    await house.owner_link()
    body = OWNER | {"token": "the-first-link"}
    short = await house.browser.post("/api/setup", json=body | {"password": "short"}, headers={"Origin": ORIGIN})
    assert (short.status, await short.json()) == (422, {"errors": {"password": "too_short"}})
    answer = await house.browser.post("/api/setup", json=body, headers={"Origin": ORIGIN})
    assert answer.status == 201
    assert (await house.browser.get("/api/session")).status == 200


async def test_another_page_can_not_use_the_link(house: House) -> None:
    await house.owner_link()
    form, headers = OWNER | {"token": "the-first-link"}, {"Origin": "https://evil.example"}
    assert (await house.browser.post("/api/setup", data=form, headers=headers)).status == 403
    assert (await set_up(house)).status == 303


async def test_guessing_links_is_slow(house: House) -> None:
    answers = [await set_up(house, f"guess-{number}") for number in range(11)]
    assert [answer.status for answer in answers] == [404] * 10 + [429]


async def with_link(house: House, path: str, password: str) -> ClientResponse:
    headers = {"Origin": ORIGIN}
    return await house.browser.post(path, data={"password": password}, headers=headers, allow_redirects=False)


async def test_an_agents_link_sets_a_new_password_and_ends_other_sessions(house: House) -> None:
    ada = await house.ada()
    await house.doors.store.write(sessions.open_session, ada.id, hash_token("an old session"), house.clock())
    await house.doors.store.write(
        password_links.create_link_for_agent, "ada@example.com", hash_token("adas-link"), house.clock()
    )
    assert (await house.browser.get("/password/adas-link")).status == 200
    assert (await with_link(house, "/password/adas-link", "short")).status == 422
    answer = await with_link(house, "/password/adas-link", "an entirely new one")
    assert (answer.status, answer.headers["Location"]) == (303, "/console")
    assert (await house.browser.get("/api/session")).status == 200
    old = await house.doors.store.read(sessions.agent_for_session, hash_token("an old session"), house.clock())
    assert old is None
    assert (await with_link(house, "/password/adas-link", "a third password")).status == 404


async def test_neither_link_opens_the_others_page(house: House) -> None:
    await house.ada()
    await house.doors.store.write(
        password_links.create_link_for_agent, "ada@example.com", hash_token("adas-link"), house.clock()
    )
    await house.owner_link()
    assert (await house.browser.get("/setup/adas-link")).status == 404
    assert (await house.browser.get("/password/the-first-link")).status == 404
    assert (await set_up(house, "adas-link")).status == 404
    assert (await with_link(house, "/password/the-first-link", PASSWORD)).status == 404

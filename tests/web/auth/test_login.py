"""Signing in and out: what is told, what is not, and how often one may try."""

import re
from dataclasses import replace
from http.cookies import SimpleCookie
from ipaddress import ip_network
from typing import Literal

import pytest
from aiohttp import ClientResponse
from argon2 import PasswordHasher

from chat.domain.people import sessions
from chat.settings import Settings
from chat.web.core.passwords import Passwords
from tests.web.conftest import ORIGIN, PASSWORD, PORT, WebServer


async def sign_in(
    server: WebServer, email: str = "ada@example.com", password: str = PASSWORD, **headers: str
) -> ClientResponse:
    own = {"Origin": ORIGIN} | headers
    return await server.client.post("/api/session", json={"email": email, "password": password}, headers=own)


async def test_ada_signs_in_is_known_and_signs_out(server: WebServer) -> None:
    ada = await server.add_agent()
    assert (await server.client.get("/api/session")).status == 401
    response = await sign_in(server, "  ADA@example.com ")
    assert (await response.json())["agent"]["id"] == ada.public_id
    assert (await (await server.client.get("/api/session")).json())["agent"]["name"] == "Ada"
    assert (await server.client.delete("/api/session", headers={"Origin": ORIGIN})).status == 200
    assert (await server.client.get("/api/session")).status == 401


async def test_a_session_that_was_ended_elsewhere_is_nobodys(server: WebServer) -> None:
    ada = await server.add_agent()
    await sign_in(server)
    await server.context.store.write(sessions.end_sessions, ada.id)
    assert (await server.client.get("/api/session")).status == 401


async def test_a_session_lasts_thirty_days(server: WebServer) -> None:
    await server.add_agent()
    await sign_in(server)
    server.clock.advance(days=29)
    assert (await server.client.get("/api/session")).status == 200
    server.clock.advance(days=2)
    assert (await server.client.get("/api/session")).status == 401


async def test_the_cookie_can_not_be_read_by_script_and_is_stored_as_a_hash(server: WebServer) -> None:
    await server.add_agent()
    response = await sign_in(server)
    written = response.headers["Set-Cookie"]
    token = SimpleCookie(written)["guichet"].value
    assert re.search(r"HttpOnly; Max-Age=\d+; Path=/; SameSite=Lax", written)
    assert "Secure" not in written
    assert token.encode() not in (server.context.settings.data_dir / "guichet.db").read_bytes()


async def test_what_was_wrong_is_not_told(server: WebServer) -> None:
    await server.add_agent()
    wrong = await sign_in(server, password="something else")
    unknown = await sign_in(server, "nobody@example.com")
    assert (wrong.status, unknown.status) == (401, 401)
    assert await wrong.json() == await unknown.json()
    assert "Set-Cookie" not in wrong.headers


async def test_a_hash_of_weaker_days_is_made_anew(server: WebServer) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    ada = await server.add_agent()
    await server.context.store.write(sessions.set_password_hash, ada.id, weak)
    assert (await sign_in(server)).status == 200
    found = await server.context.store.read(sessions.credentials, "ada@example.com")
    assert found is not None
    assert found[1] != weak
    assert (await sign_in(server)).status == 200


async def test_an_unknown_account_costs_as_much_as_a_known_one() -> None:
    looked_at: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            looked_at.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    watched = Passwords(Watched(time_cost=1, memory_cost=8, parallelism=1))
    stored = await watched.hash_password(PASSWORD)
    assert await watched.verify(stored, PASSWORD)
    assert not await watched.verify(None, "nobody's")
    watched.close()
    assert len(looked_at) == 2
    assert looked_at[0] == looked_at[1]


async def test_ten_tries_then_one_waits(server: WebServer) -> None:
    await server.add_agent()
    for _ in range(10):
        assert (await sign_in(server, password="something else")).status == 401
    refused = await sign_in(server)
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert (await refused.json())["error"]["retry_after"] == int(refused.headers["Retry-After"])
    await server.add_agent("ben@example.com", "Ben")
    assert (await sign_in(server, "ben@example.com")).status == 200


async def test_one_address_can_not_try_every_account(server: WebServer) -> None:
    responses = [await sign_in(server, f"agent-{number}@example.com") for number in range(101)]
    assert {response.status for response in responses[:100]} == {401}
    assert responses[-1].status == 429


FOREIGN_ORIGINS = ("https://evil.example", "http://localhost:1", f"http://localhost.evil:{PORT}")


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS, ids=("another host", "another port", "a name that begins alike"))
async def test_another_page_can_not_sign_anybody_in_or_out(server: WebServer, origin: str) -> None:
    await server.add_agent()
    assert (await sign_in(server)).status == 200
    assert (await sign_in(server, Origin=origin)).status == 403
    assert (await server.client.delete("/api/session", headers={"Origin": origin})).status == 403
    assert (await server.client.get("/api/session")).status == 200


async def test_a_page_that_hides_its_origin_is_believed_only_when_the_browser_vouches(server: WebServer) -> None:
    await server.add_agent()
    assert (await sign_in(server, Origin="null")).status == 403
    assert (await sign_in(server, Origin="null", **{"Sec-Fetch-Site": "cross-site"})).status == 403
    assert (await sign_in(server, Origin="null", **{"Sec-Fetch-Site": "same-origin"})).status == 200


async def test_this_machines_other_names_are_our_own(server: WebServer) -> None:
    await server.add_agent()
    for name in ("127.0.0.1", "chat.localhost", "[::1]"):
        assert (await sign_in(server, Origin=f"http://{name}:{PORT}")).status == 200


async def test_over_plain_http_from_elsewhere_it_says_what_is_wrong(server: WebServer) -> None:
    await server.add_agent()
    refused = await sign_in(server, Host="192.0.2.20:8000")
    assert refused.status == 403
    assert (await refused.json())["error"]["reason"] == "plain_http"
    page = await server.client.get("/console", headers={"Host": "192.0.2.20:8000"})
    assert page.status == 403
    assert f"{ORIGIN}/console" in await page.text()


async def test_at_another_of_this_machines_ports_it_says_where_the_console_is(server: WebServer) -> None:
    page = await server.client.get("/console?lang=en", headers={"Host": "localhost:1"})
    assert page.status == 403
    assert "The console has another address" in await page.text()
    assert f"{ORIGIN}/console" in await page.text()


class TestBehindHttps:
    """The same doors with PUBLIC_URL https."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        proxies = (ip_network("127.0.0.0/8"),)
        return replace(settings, public_url="https://chat.example.com", trusted_proxies=proxies)

    async def test_the_cookie_is_bound_to_this_host(self, server: WebServer) -> None:
        await server.add_agent()
        response = await sign_in(server, Origin="https://chat.example.com", Host="chat.example.com")
        assert response.status == 200
        written = response.headers["Set-Cookie"]
        assert written.startswith("__Host-guichet=")
        assert "Secure" in written
        assert "Domain" not in written
        assert response.headers["Strict-Transport-Security"] == "max-age=31536000"

    async def test_the_console_is_where_public_url_says(self, server: WebServer) -> None:
        places = {"chat.example.com": 200, "localhost:8000": 403, "chat.example.com:8443": 403}
        for host, status in places.items():
            assert (await server.client.get("/console", headers={"Host": host})).status == status

    async def test_a_trusted_proxy_may_say_that_it_was_http_after_all(self, server: WebServer) -> None:
        headers = {"Host": "chat.example.com", "X-Forwarded-Proto": "http"}
        assert (await server.client.get("/console", headers=headers)).status == 403

    async def test_the_same_name_over_http_is_refused(self, server: WebServer) -> None:
        await server.add_agent()
        response = await sign_in(server, Origin="http://chat.example.com", Host="chat.example.com")
        assert response.status == 403

"""Signing in and out: sessions, refusals, rate limits and origins."""

import asyncio
import base64
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
from chat.web.auth.tokens import hash_token
from chat.web.core import passwords
from chat.web.core.passwords import Passwords
from tests.web.conftest import ORIGIN, PASSWORD, PORT, WebServer


async def sign_in(
    server: WebServer, email: str = "ada@example.com", password: str = PASSWORD, **headers: str
) -> ClientResponse:
    headers = {"Origin": ORIGIN} | headers
    return await server.client.post("/api/session", json={"email": email, "password": password}, headers=headers)


async def test_ada_signs_in_and_out(server: WebServer) -> None:
    ada = await server.add_agent()
    assert (await server.client.get("/api/session")).status == 401
    response = await sign_in(server, "  ADA@example.com ")
    assert (await response.json())["agent"]["id"] == ada.public_id
    assert (await (await server.client.get("/api/session")).json())["agent"]["name"] == "Ada"
    assert (await server.client.delete("/api/session", headers={"Origin": ORIGIN})).status == 200
    assert (await server.client.get("/api/session")).status == 401


async def test_ended_session_is_refused(server: WebServer) -> None:
    ada = await server.add_agent()
    await sign_in(server)
    await server.context.store.write(sessions.end_sessions, ada.id)
    assert (await server.client.get("/api/session")).status == 401


async def test_session_in_use_lasts_thirty_days(server: WebServer) -> None:
    await server.add_agent()
    await sign_in(server)
    for _ in range(65):
        server.clock.advance(hours=11)
        assert (await server.client.get("/api/session")).status == 200
    server.clock.advance(hours=6)
    assert (await server.client.get("/api/session")).status == 401


async def test_session_ends_after_twelve_hours_without_use(server: WebServer) -> None:
    await server.add_agent()
    await sign_in(server)
    server.clock.advance(hours=12, minutes=1)
    assert (await server.client.get("/api/session")).status == 401


async def test_signing_in_again_ends_the_session_of_the_cookie_and_no_other(server: WebServer) -> None:
    ada = await server.add_agent()
    elsewhere, now = hash_token("on the phone"), server.clock()
    await server.context.store.write(sessions.open_session, ada.id, elsewhere, now)
    first = session_in(await sign_in(server))
    second = session_in(await sign_in(server))
    assert await server.context.store.read(sessions.valid_sessions, [elsewhere, first, second], now) == {
        elsewhere,
        second,
    }


def session_in(response: ClientResponse) -> str:
    """The hash of the session that the response's cookie opens."""
    return hash_token(response.cookies["guichet"].value)


async def test_cookie_is_http_only_and_its_token_is_stored_as_a_hash(server: WebServer) -> None:
    await server.add_agent()
    response = await sign_in(server)
    cookie = response.headers["Set-Cookie"]
    token = SimpleCookie(cookie)["guichet"].value
    assert len(base64.urlsafe_b64decode(f"{token}=")) == 32
    assert re.search(r"HttpOnly; Max-Age=\d+; Path=/; SameSite=Lax", cookie)
    assert "Secure" not in cookie
    assert token.encode() not in (server.context.settings.data_dir / "guichet.db").read_bytes()


async def test_refusal_is_the_same_for_wrong_password_and_unknown_account(server: WebServer) -> None:
    await server.add_agent()
    wrong = await sign_in(server, password="something else")
    unknown = await sign_in(server, "nobody@example.com")
    assert (wrong.status, unknown.status) == (401, 401)
    assert await wrong.json() == await unknown.json()
    assert "Set-Cookie" not in wrong.headers


async def test_hash_with_outdated_parameters_is_replaced_on_sign_in(server: WebServer) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    ada = await server.add_agent()
    await server.context.store.write(sessions.set_password_hash, ada.id, weak)
    assert (await sign_in(server)).status == 200
    found = await server.context.store.read(sessions.credentials, "ada@example.com")
    assert found is not None
    assert found[1] != weak
    assert (await sign_in(server)).status == 200


async def test_unknown_account_is_hashed_with_the_same_parameters() -> None:
    parameters: list[str] = []

    class RecordingHasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            parameters.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    hashing = Passwords(RecordingHasher(time_cost=1, memory_cost=8, parallelism=1))
    stored = await hashing.hash_password(PASSWORD)
    assert await hashing.verify(stored, PASSWORD)
    assert not await hashing.verify(None, "any password")
    hashing.close()
    assert len(parameters) == 2
    assert parameters[0] == parameters[1]


async def test_account_is_limited_after_ten_wrong_passwords(server: WebServer) -> None:
    await server.add_agent()
    for _ in range(10):
        assert (await sign_in(server, password="something else")).status == 401
    refused = await sign_in(server)
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert (await refused.json())["error"]["retry_after"] == int(refused.headers["Retry-After"])
    await server.add_agent("ben@example.com", "Ben")
    assert (await sign_in(server, "ben@example.com")).status == 200


async def test_right_passwords_do_not_count(server: WebServer) -> None:
    await server.add_agent()
    for _ in range(9):
        assert (await sign_in(server, password="something else")).status == 401
    for _ in range(11):
        assert (await sign_in(server)).status == 200
    assert (await sign_in(server, password="something else")).status == 401
    assert (await sign_in(server)).status == 429


async def test_attempts_at_the_same_moment_do_not_pass_the_limit_together(server: WebServer) -> None:
    await server.add_agent()
    attempts = [sign_in(server, password=f"something else {number}") for number in range(20)]
    statuses = [response.status for response in await asyncio.gather(*attempts)]
    assert (statuses.count(401), statuses.count(429)) == (10, 10)


async def test_overload_counts_as_no_wrong_password(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.add_agent()
    with monkeypatch.context() as overloaded:
        overloaded.setattr(passwords, "MAX_WAITING", 0)
        assert {(await sign_in(server)).status for _ in range(11)} == {503}
    assert (await sign_in(server)).status == 200


async def test_address_is_limited_after_a_hundred_wrong_passwords(server: WebServer) -> None:
    responses = [await sign_in(server, f"agent-{number}@example.com") for number in range(101)]
    assert {response.status for response in responses[:100]} == {401}
    assert responses[-1].status == 429


FOREIGN_ORIGINS = ("https://evil.example", "http://localhost:1", f"http://localhost.evil:{PORT}")


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS, ids=("another host", "another port", "a name that begins alike"))
async def test_page_of_another_origin_can_not_sign_in_or_out(server: WebServer, origin: str) -> None:
    await server.add_agent()
    assert (await sign_in(server)).status == 200
    assert (await sign_in(server, Origin=origin)).status == 403
    assert (await server.client.delete("/api/session", headers={"Origin": origin})).status == 403
    assert (await server.client.get("/api/session")).status == 200


async def test_null_origin_is_accepted_only_with_sec_fetch_site_same_origin(server: WebServer) -> None:
    await server.add_agent()
    assert (await sign_in(server, Origin="null")).status == 403
    assert (await sign_in(server, Origin="null", **{"Sec-Fetch-Site": "cross-site"})).status == 403
    assert (await sign_in(server, Origin="null", **{"Sec-Fetch-Site": "same-origin"})).status == 200


async def test_other_loopback_names_are_our_own_origin(server: WebServer) -> None:
    await server.add_agent()
    for name in ("127.0.0.1", "chat.localhost", "[::1]"):
        assert (await sign_in(server, Origin=f"http://{name}:{PORT}")).status == 200


async def test_plain_http_from_another_host_is_refused_with_the_reason(server: WebServer) -> None:
    await server.add_agent()
    refused = await sign_in(server, Host="192.0.2.20:8000")
    assert refused.status == 403
    assert (await refused.json())["error"]["reason"] == "plain_http"
    page = await server.client.get("/console", headers={"Host": "192.0.2.20:8000"})
    assert page.status == 403
    assert f"{ORIGIN}/console" in await page.text()


async def test_another_loopback_port_shows_the_address_of_the_console(server: WebServer) -> None:
    page = await server.client.get("/console?lang=en", headers={"Host": "localhost:1"})
    assert page.status == 403
    assert "The console has another address" in await page.text()
    assert "reached the server as localhost:1." in await page.text()
    assert f"{ORIGIN}/console" in await page.text()


class TestBehindAProxy:
    """Limits count the address that a trusted proxy reports."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, trusted_proxies=(ip_network("127.0.0.0/8"),))

    async def test_wrong_passwords_from_elsewhere_do_not_lock_an_agent_out(self, server: WebServer) -> None:
        await server.add_agent()
        for number in range(20):
            wrong = await sign_in(server, password="wrong", **{"X-Forwarded-For": f"203.0.113.{number // 10}"})
            assert wrong.status == 401
        assert (await sign_in(server, **{"X-Forwarded-For": "203.0.113.0"})).status == 429
        assert (await sign_in(server, **{"X-Forwarded-For": "198.51.100.7"})).status == 200


class TestBehindHttps:
    """With PUBLIC_URL https and a trusted proxy."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        proxies = (ip_network("127.0.0.0/8"),)
        return replace(settings, public_url="https://chat.example.com", trusted_proxies=proxies)

    async def test_cookie_is_secure_and_bound_to_its_host(self, server: WebServer) -> None:
        await server.add_agent()
        response = await sign_in(server, Origin="https://chat.example.com", Host="chat.example.com")
        assert response.status == 200
        cookie = response.headers["Set-Cookie"]
        assert cookie.startswith("__Host-guichet=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert response.headers["Strict-Transport-Security"] == "max-age=31536000"

    async def test_console_is_only_at_public_url(self, server: WebServer) -> None:
        statuses = {"chat.example.com": 200, "localhost:8000": 403, "chat.example.com:8443": 403}
        for host, status in statuses.items():
            assert (await server.client.get("/console", headers={"Host": host})).status == status

    async def test_http_reported_by_a_trusted_proxy_is_refused(self, server: WebServer) -> None:
        headers = {"Host": "chat.example.com", "X-Forwarded-Proto": "http"}
        assert (await server.client.get("/console", headers=headers)).status == 403

    async def test_same_host_over_http_is_refused(self, server: WebServer) -> None:
        await server.add_agent()
        response = await sign_in(server, Origin="http://chat.example.com", Host="chat.example.com")
        assert response.status == 403

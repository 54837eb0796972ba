"""Changing one's own password: what it takes, and which sessions end."""

import pytest
from aiohttp import ClientResponse

from chat.domain.people import sessions
from chat.web.auth.tokens import hash_token
from tests.web.auth.test_login import sign_in
from tests.web.conftest import ORIGIN, PASSWORD, WebServer

NEW = "an entirely new one"


async def post_change(
    server: WebServer, current: str = PASSWORD, password: str = NEW, origin: str = ORIGIN
) -> ClientResponse:
    form = {"current": current, "password": password}
    return await server.client.post("/password?lang=en", data=form, headers={"Origin": origin}, allow_redirects=False)


async def test_agent_changes_their_password_and_other_sessions_end(server: WebServer) -> None:
    ada = await server.add_agent()
    elsewhere = hash_token("on the phone")
    await server.context.store.write(sessions.open_session, ada.id, elsewhere, server.clock())
    await sign_in(server)
    assert "Current password" in await (await server.client.get("/password?lang=en")).text()
    response = await post_change(server)
    assert (response.status, response.headers["Location"]) == (303, "/console")
    assert (await server.client.get("/api/session")).status == 200
    assert await server.context.store.read(sessions.valid_sessions, [elsewhere], server.clock()) == set()
    assert (await sign_in(server)).status == 401
    assert (await sign_in(server, password=NEW)).status == 200


async def test_wrong_current_password_changes_nothing_and_counts(server: WebServer) -> None:
    await server.add_agent()
    await sign_in(server)
    for _ in range(10):
        refused = await post_change(server, current="something else")
        assert refused.status == 422
        assert "not your current password" in await refused.text()
    assert (await post_change(server)).status == 429
    assert (await server.client.get("/api/session")).status == 200


@pytest.mark.parametrize("password", ["only nine", "azertyuiop", "x" * 1_001])
async def test_bad_new_password_is_refused(server: WebServer, password: str) -> None:
    await server.add_agent()
    await sign_in(server)
    refused = await post_change(server, password=password)
    assert refused.status == 422
    assert password not in await refused.text()
    assert (await sign_in(server)).status == 200


async def test_nobody_changes_a_password_without_session_or_from_another_page(server: WebServer) -> None:
    await server.add_agent()
    page = await server.client.get("/password", allow_redirects=False)
    assert (page.status, page.headers["Location"]) == (303, "/console")
    assert (await post_change(server)).headers["Location"] == "/console"
    await sign_in(server)
    assert (await post_change(server, origin="https://evil.example")).status == 403
    assert (await sign_in(server)).status == 200

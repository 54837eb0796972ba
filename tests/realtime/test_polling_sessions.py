"""Each request of a polling session has the cookie of its first one; without it, a console's sid is worth nothing."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from chat.domain.people import sessions
from chat.web.auth.tokens import hash_token
from tests.realtime.node import Node
from tests.websocket.polling_client import PollingClient

HELLO = '42/agent,1["hello",{}]'


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def cookie(node: Node) -> str:
    return await node.sign_in(await node.add_agent("Ada"))


@pytest.fixture
async def console(node: Node, session: aiohttp.ClientSession, cookie: str) -> PollingClient:
    """An agent's polling session."""
    client = PollingClient(session, node.url, Cookie=cookie)
    await client.open()
    assert await client.post("40/agent,", HELLO) == 200
    return client


@pytest.fixture(params=["no cookie", "a made-up cookie", "another agent's cookie"])
async def stranger(
    request: pytest.FixtureRequest, node: Node, session: aiohttp.ClientSession, console: PollingClient
) -> PollingClient:
    """Somebody else who knows the sid."""
    cookies = {
        "no cookie": {},
        "a made-up cookie": {"Cookie": "guichet=made-up-by-somebody"},
        "another agent's cookie": {"Cookie": await node.sign_in(await node.add_agent("Ben"))},
    }
    return PollingClient(session, node.url, console.sid, **cookies[request.param])


async def test_request_without_the_cookie_of_the_session_is_refused_in_words(
    console: PollingClient, stranger: PollingClient
) -> None:
    for answer in (await stranger.answer_to("GET"), await stranger.answer_to("POST", HELLO)):
        assert answer == (400, '{"code":4,"message":"Forbidden: the cookie is not that of the session"}')
    assert await console.post('42/agent,2["hello",{}]') == 200
    heard = ""
    while "43/agent,2[" not in heard:
        heard += await asyncio.wait_for(console.poll(), 10)
    assert heard.count("43/agent,") == 2


async def test_change_to_websocket_without_the_cookie_of_the_session_is_refused(
    session: aiohttp.ClientSession, stranger: PollingClient
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError, match="400"):
        await session.ws_connect(stranger.address("websocket"), headers=stranger.headers)


async def test_signing_out_ends_the_polling_session(node: Node, console: PollingClient, cookie: str) -> None:
    await node.store.write(sessions.close_session, hash_token(cookie.partition("=")[2]))
    heard: list[str] = []
    while "1" not in heard:
        heard += (await asyncio.wait_for(console.poll(), 10)).split("\x1e")
    assert "41/agent," in heard
    assert (await console.answer_to("GET"))[0] == 400


async def test_visitors_session_needs_no_cookie(node: Node, session: aiohttp.ClientSession) -> None:
    client = PollingClient(session, node.url)
    await client.open()
    assert await client.post('40/visitor,{"site":"demo"}', '42/visitor,1["hello",{}]') == 200
    heard = ""
    while "43/visitor,1[" not in heard:
        heard += await asyncio.wait_for(client.poll(), 10)

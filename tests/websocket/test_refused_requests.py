"""What /socket.io/ does not serve is refused in words, and a session is served only to its own client."""

import gzip
from collections.abc import AsyncIterator

import aiohttp
import orjson
import pytest

from chat.websocket.frames import MAX_MESSAGE
from tests.websocket.polling_client import PollingClient
from tests.websocket.socket_server import CLOSE, HANDSHAKE, RawClient, Server, connect, serving

POLLING = "EIO=4&transport=polling"
REFUSED = {
    "unknown transport": ("GET", "EIO=4&transport=webtransport", 0, "Transport unknown"),
    "no transport": ("GET", "EIO=4", 0, "Transport unknown"),
    "unknown sid": ("GET", f"{POLLING}&sid=made-up", 1, "Session ID unknown"),
    "unknown sid of a POST": ("POST", f"{POLLING}&sid=made-up", 1, "Session ID unknown"),
    "POST without a sid": ("POST", POLLING, 2, "Bad handshake method"),
    "WebSocket without an upgrade": ("GET", "EIO=4&transport=websocket", 3, "Bad request: not a WebSocket handshake"),
    "JSONP": ("GET", f"{POLLING}&j=0", 3, "Bad request: JSONP is not supported"),
    "old protocol": ("GET", "EIO=3&transport=polling", 5, "Unsupported protocol version"),
    "no protocol": ("GET", "transport=polling", 5, "Unsupported protocol version"),
    "future protocol": ("GET", "EIO=5&transport=websocket", 5, "Unsupported protocol version"),
}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as started:
        yield started


@pytest.fixture
async def client(server: Server) -> AsyncIterator[PollingClient]:
    async with aiohttp.ClientSession() as session:
        opened = PollingClient(session, server.url)
        await opened.open()
        yield opened


@pytest.mark.parametrize(("method", "query", "code", "message"), REFUSED.values(), ids=REFUSED)
async def test_refusals_are_those_of_the_reference_server(
    method: str, query: str, code: int, message: str, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with aiohttp.request(method, f"{server.url}/socket.io/?{query}") as answer:
        refusal = await answer.json()
    assert (answer.status, refusal["code"]) == (400, code)
    assert refusal["message"].startswith(message)
    assert not caplog.records
    assert not server.socketio.engine.sockets


async def test_sid_behind_an_empty_one_is_not_served(server: Server, client: PollingClient) -> None:
    """python-engineio ignores empty parameters, and would serve the session of the second sid unchecked."""
    await client.post("40/test,{}")
    async with aiohttp.request("GET", f"{server.url}/socket.io/?{POLLING}&sid=&sid={client.sid}") as answer:
        assert (await answer.text()).startswith('0{"sid"')


async def test_poll_never_becomes_a_websocket_of_the_library(server: Server, client: PollingClient) -> None:
    await client.post("40/test,{}")
    address = f"{server.url}/socket.io/?{POLLING}&sid={client.sid}"
    async with aiohttp.request("GET", address, headers=HANDSHAKE) as answer:
        assert answer.status == 200
        assert (await answer.text()).startswith("40/test,")


# -- binary packets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["bAAEC", '451-/test,1["echo",{"_placeholder":true,"num":0}]', "461-/test,1[]", "45"])
async def test_binary_packets_by_polling_are_refused_in_words_and_end_the_session(
    body: str, server: Server, client: PollingClient
) -> None:
    await client.post("40/test,{}")
    status, text = await client.answer_to("POST", body)
    assert (status, orjson.loads(text)) == (
        400,
        {"code": 3, "message": "Bad request: binary packets are not supported"},
    )
    await server.namespace.disconnected.wait()
    assert (await client.answer_to("GET"))[0] == 400
    assert server.namespace.events == []


@pytest.mark.parametrize("packet", ['51-/test,["echo",{"_placeholder":true,"num":0}]', "61-/test,1[]", "50-/test,[1]"])
async def test_binary_packets_by_websocket_are_refused_in_words_and_end_the_session(
    packet: str, server: Server
) -> None:
    async with connect(server) as client:
        await client.join()
        client.send(f"4{packet}")
        assert await close_frame(client) == b"\x03\xebbinary packets are not supported"
        await server.namespace.disconnected.wait()
        assert ["echo"] not in [event[:1] for event in server.namespace.events if isinstance(event, list)]


async def close_frame(client: RawClient) -> bytes:
    while True:
        first, payload = await client.read_frame()
        if first == CLOSE:
            return payload


# -- the largest body -------------------------------------------------------------------------------------------


def event_of(length: int) -> bytes:
    """A body of `length` bytes with one event."""
    head, tail = b'42/test,1["echo","', b'"]'
    return head + b"x" * (length - len(head) - len(tail)) + tail


async def test_body_may_have_the_maximal_length_and_no_byte_more(server: Server, client: PollingClient) -> None:
    assert client.opened["maxPayload"] == MAX_MESSAGE
    await client.post("40/test,{}")
    assert (await client.answer_to("POST", event_of(MAX_MESSAGE)))[0] == 200
    assert len(server.namespace.events) == 1
    status, text = await client.answer_to("POST", event_of(MAX_MESSAGE + 1))
    assert (status, "longer than 65536 bytes" in text) == (400, True)
    await server.namespace.disconnected.wait()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ((event_of(MAX_MESSAGE + 1),), {}),
        ((gzip.compress(event_of(MAX_MESSAGE + 1)),), {"Content-Encoding": "gzip"}),
        ((b"no gzip at all",), {"Content-Encoding": "gzip"}),
    ],
    ids=["chunked", "compressed", "badly compressed"],
)
async def test_body_without_an_honest_length_is_bounded_too(
    body: tuple[bytes], headers: dict[str, str], server: Server, client: PollingClient
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in body:
            yield chunk

    address = f"{server.url}/socket.io/?{POLLING}&sid={client.sid}"
    async with aiohttp.request("POST", address, data=chunks(), headers=headers) as answer:
        assert answer.status == 400
    assert (await client.answer_to("GET"))[0] == 400

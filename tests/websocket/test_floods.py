"""Floods: a client that sends too much, or does not fetch, is closed and costs the others nothing."""

import asyncio

import aiohttp
import orjson
import pytest

from chat.websocket.connection import MAX_INBOX, MAX_INBOX_BYTES
from chat.websocket.frames import MAX_OVERHEAD_FRAMES, MAX_UNSENT
from tests.websocket.socket_server import CLOSE, RawClient, connect, masked, serving, until

POLLING = "/socket.io/?EIO=4&transport=polling"


async def test_too_many_queued_packets_close_the_connection() -> None:
    async with serving() as server, connect(server) as client:
        await client.join()
        client.send(*(f'42/test,{number}["slow",{{}}]' for number in range(MAX_INBOX + 2)))
        assert await client.read_close() == 1008
        assert len(server.namespace.events) <= 1


CLOSES = {"none": b"", "a frame": masked((1000).to_bytes(2, "big"), CLOSE), "a packet": masked(b"1")}


@pytest.mark.parametrize("close", CLOSES.values(), ids=CLOSES)
async def test_queued_packets_of_a_rejected_client_are_dropped(close: bytes) -> None:
    """Even if the client had closed before, after which its queued packets would still be handled."""
    async with serving() as server, connect(server) as client:
        await client.join()
        (sid,) = server.namespace.connected
        client.write(masked(b'42/test,1["slow",{}]'), *(masked(b'42/test,["echo",{}]') for _ in range(100)), close)
        await until(lambda: server.namespace.events)
        server.socketio.kick(sid, "/test")
        server.namespace.slow_may_finish.set()
        await asyncio.wait_for(server.namespace.disconnected.wait(), 10)
        assert server.namespace.events == [["slow", {}]]


async def test_too_many_queued_bytes_close_the_connection() -> None:
    async with serving() as server, connect(server) as client:
        await client.join()
        client.send(*(f'42/test,{number}["slow","{"x" * 50_000}"]' for number in range(MAX_INBOX_BYTES // 50_000 + 2)))
        assert await client.read_close() == 1008


OVERHEAD = {
    "empty fragments": (masked(b"", 0x01), masked(b"", 0x00)),
    "empty pings": (b"", masked(b"", 0x89)),
    "binary": (b"", masked(b"", 0x82)),
    "pongs": (b"", masked(b"3")),
    "Engine.IO pings": (b"", masked(b"2")),
    "after its close packet": (masked(b"1"), masked(b"4")),
}


@pytest.mark.parametrize(("first", "frame"), OVERHEAD.values(), ids=OVERHEAD)
async def test_frames_without_a_message_are_read_up_to_a_limit(first: bytes, frame: bytes) -> None:
    async with serving() as server, connect(server) as client:
        client.write(first, frame * 100 * MAX_OVERHEAD_FRAMES)
        with pytest.raises(EOFError):
            await read_to_the_end(client)
        await until(lambda: not server.socketio.engine.sockets)


async def test_a_large_message_in_many_fragments_is_read() -> None:
    async with serving() as server, connect(server) as client:
        await client.join()
        message = b'42/test,1["echo","%b"]' % (b"x" * 60_000)
        parts = [message[start : start + 200] for start in range(0, len(message), 200)]
        for _ in range(3):
            client.write(masked(b"", 0x01), *(masked(part, 0x00) for part in parts), masked(b"", 0x80))
            assert await client.receive("43/test,1[")


async def test_polling_client_that_never_fetches_is_closed() -> None:
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        async with session.get(POLLING) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        address, event = f"{POLLING}&sid={sid}", f'42/test,1["echo","{"x" * 50_000}"]'
        assert await post(session, address, "40/test,{}") == 200
        statuses = [await post(session, address, event) for _ in range(MAX_UNSENT // 50_000 + 3)]
        assert statuses[0] == 200
        assert statuses[-1] == 400
        assert not server.namespace.connected


async def read_to_the_end(client: RawClient) -> None:
    while True:
        await client.read_frame()


async def post(session: aiohttp.ClientSession, address: str, body: str) -> int:
    async with session.post(address, data=body) as answer:
        return answer.status

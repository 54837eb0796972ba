"""Floods: who says more than anybody can hear is turned away, and costs the others nothing."""

import asyncio

import aiohttp
import orjson
import pytest

from chat.websocket.connection import MAX_INBOX, MAX_INBOX_BYTES
from chat.websocket.frames import MAX_UNSENT
from tests.websocket.socket_server import CLOSE, masked, serving, until, wire

POLLING = "/socket.io/?EIO=4&transport=polling"


async def test_who_sends_on_without_end_is_cut() -> None:
    async with serving() as server, wire(server) as line:
        await line.arrives()
        line.says(*(f'42/hall,{number}["slow",{{}}]' for number in range(MAX_INBOX + 2)))
        assert await line.goodbye() == 1008
        assert len(server.hall.begun) <= 1


GOODBYES = {"none": b"", "a frame": masked((1000).to_bytes(2, "big"), CLOSE), "a packet": masked(b"1")}


@pytest.mark.parametrize("goodbye", GOODBYES.values(), ids=GOODBYES)
async def test_nothing_more_is_heard_of_who_was_turned_away(goodbye: bytes) -> None:
    """Though it had hung up before, and its last words would have been heard."""
    async with serving() as server, wire(server) as line:
        await line.arrives()
        (sid,) = server.hall.inside
        line.writes(masked(b'42/hall,1["slow",{}]'), *(masked(b'42/hall,["echo",{}]') for _ in range(100)), goodbye)
        await until(lambda: server.hall.begun)
        server.gate.kick(sid, "/hall")
        server.hall.go_on.set()
        await asyncio.wait_for(server.hall.emptied.wait(), 10)
        assert server.hall.begun == [["slow", {}]]


async def test_large_packets_that_wait_are_counted_by_their_bytes() -> None:
    async with serving() as server, wire(server) as line:
        await line.arrives()
        line.says(*(f'42/hall,{number}["slow","{"x" * 50_000}"]' for number in range(MAX_INBOX_BYTES // 50_000 + 2)))
        assert await line.goodbye() == 1008


async def test_who_polls_and_never_fetches_is_cut() -> None:
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        async with session.get(POLLING) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        said = [f"{POLLING}&sid={sid}", "40/hall,{}", f'42/hall,1["echo","{"x" * 50_000}"]']
        assert await post(session, said[0], said[1]) == 200
        statuses = [await post(session, said[0], said[2]) for _ in range(MAX_UNSENT // 50_000 + 3)]
        assert statuses[0] == 200
        assert statuses[-1] == 400
        assert not server.hall.inside


async def post(session: aiohttp.ClientSession, address: str, body: str) -> int:
    async with session.post(address, data=body) as answer:
        return answer.status

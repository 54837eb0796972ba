"""A polling client changes to WebSocket and loses nothing. One that does not complete the change goes on polling."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest

from chat.websocket import heartbeat, probe
from chat.websocket.connection import MAX_INBOX, WebSocketConnection
from tests.websocket.polling_client import PollingClient
from tests.websocket.socket_server import ADDRESS, CLOSE, RawClient, Server, handshake, masked, serving, until

NOISE = "x" * 8_000


@asynccontextmanager
async def polling(server: Server) -> AsyncIterator[PollingClient]:
    """A polling client that has connected to /test."""
    async with aiohttp.ClientSession() as session:
        client = PollingClient(session, server.url)
        await client.open()
        assert await client.post("40/test,{}") == 200
        assert (await client.poll()).startswith("40/test,")
        yield client


@asynccontextmanager
async def probing(server: Server, client: PollingClient) -> AsyncIterator[RawClient]:
    """A WebSocket that the server has promised the change of the client's session."""
    async with handshake(server, f"{ADDRESS}&sid={client.sid}") as (head, socket):
        assert head.startswith("HTTP/1.1 101 ")
        socket.send("2probe")
        assert await socket.read_frame() == (0x81, b"3probe")
        yield socket


@asynccontextmanager
async def changed(server: Server) -> AsyncIterator[RawClient]:
    """A client that has changed from polling to WebSocket."""
    async with polling(server) as client, probing(server, client) as socket:
        socket.send("5")
        assert await socket.read_frame() == (0x81, b"2")
        yield socket


def emit(server: Server, number: object) -> None:
    server.socketio.rooms.send("/test", server.namespace.connected, "event", orjson.dumps(number))


def transport_of(server: Server) -> object:
    (socket,) = server.socketio.engine.sockets.values()
    return type(socket)


# -- the change ------------------------------------------------------------------------------------------------


async def test_polling_session_offers_websocket() -> None:
    async with serving() as server, polling(server) as client:
        assert client.opened["upgrades"] == ["websocket"]


async def test_open_poll_is_released_and_what_waits_follows_by_websocket() -> None:
    async with serving() as server, polling(server) as client:
        poll = asyncio.create_task(client.poll())
        await until(lambda: (client.sid, "GET") in server.socketio.engine._open_polls)
        async with probing(server, client) as socket:
            assert await poll == "6"
            for number in range(3):
                emit(server, number)
            socket.send("5", '42/test,1["echo","after"]')
            # The ping restarts the client's timer.
            frames = [await socket.read_frame() for _ in range(5)]
            assert [text.decode() for _, text in frames] == [
                "2",
                *(f'42/test,["event",{number}]' for number in range(3)),
                '43/test,1["after"]',
            ]
            assert transport_of(server) is WebSocketConnection


async def test_events_of_both_directions_keep_their_order_during_the_change() -> None:
    async with serving() as server, polling(server) as client:
        numbers, heard = itertools.count(), list[str]()

        async def keep_emitting() -> None:
            for number in numbers:
                emit(server, number)
                await asyncio.sleep(0)

        emitting = asyncio.create_task(keep_emitting())
        await client.post(*(f'42/test,["echo",{number}]' for number in range(50)))
        heard += (await client.poll()).split("\x1e")
        polls = asyncio.create_task(client.poll())
        async with probing(server, client) as socket:
            heard += (await polls).split("\x1e")
            socket.send("5", *(f'42/test,["echo",{number}]' for number in range(50, 100)))
            await until(lambda: len(server.namespace.events) == 100)
            emitting.cancel()
            last = next(numbers)
            emit(server, last)
            while heard[-1] != f'42/test,["event",{last}]':
                heard.append((await socket.read_frame())[1].decode())
    assert [text for text in heard if text.startswith("42")] == [f'42/test,["event",{n}]' for n in range(last)] + heard[
        -1:
    ]
    assert server.namespace.events == [["echo", number] for number in range(100)]


async def test_packets_of_an_unfinished_post_come_before_those_of_the_websocket() -> None:
    """The official client waits for its POST; Swift's does not, and posts a noop before it changes."""
    async with serving() as server, polling(server) as client, probing(server, client) as socket:
        post = asyncio.create_task(client.post('42/test,["slow",1]', "6", '42/test,["echo",2]'))
        await until(lambda: server.namespace.events)
        socket.send("5", '42/test,["echo",3]', '42/test,["echo",4]')
        await until(lambda: server.socketio.engine._probes[client.sid].connection.inbox)
        server.namespace.slow_may_finish.set()
        assert await post == 200
        await until(lambda: len(server.namespace.events) == 4)
        assert server.namespace.events == [["slow", 1], ["echo", 2], ["echo", 3], ["echo", 4]]


async def test_poll_that_is_still_open_after_the_change_gets_a_noop() -> None:
    async with serving() as server, polling(server) as client, probing(server, client) as socket:
        poll = asyncio.create_task(client.poll())
        await until(lambda: (client.sid, "GET") in server.socketio.engine._open_polls)
        socket.send("5")
        emit(server, 1)
        assert set((await poll).split("\x1e")) <= {"6", '42/test,["event",1]'}
        assert await client.post("3") == 400


async def test_changed_connection_is_pinged_and_disconnected_without_a_pong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "PING_INTERVAL_S", 0.4)
    async with serving() as server, changed(server) as socket:
        await socket.receive("2")
        await asyncio.wait_for(server.namespace.disconnected.wait(), 10)


async def test_changed_connection_that_floods_is_closed() -> None:
    async with serving() as server, changed(server) as socket:
        socket.send(*(f'42/test,{number}["slow",{{}}]' for number in range(MAX_INBOX + 2)))
        assert await socket.read_close() == 1008


async def test_changed_connection_that_never_reads_is_disconnected() -> None:
    async with serving() as server, changed(server) as socket:
        socket.writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's transports have it
        async with asyncio.timeout(10):
            while not server.namespace.disconnected.is_set():
                emit(server, NOISE)
                await asyncio.sleep(0)


async def test_changed_client_leaves_nothing_behind() -> None:
    async with serving() as server:
        async with changed(server) as socket:
            socket.send("1")
            assert await socket.read_close() == 1000
        await asyncio.wait_for(server.namespace.disconnected.wait(), 10)
        engine = server.socketio.engine
        assert not any((engine.sockets, engine._probes, engine._open_polls, engine._queued_bytes))
        assert not server.socketio.environ
        assert engine._websocket_count == 0


# -- a change that is not completed ----------------------------------------------------------------------------


FAILED_PROBES = {
    "no probe": masked(b"5"),
    "a message": masked(b'42/test,["echo",1]'),
    "a message after the probe": masked(b"2probe") + masked(b'42/test,["echo",1]'),
    "two probes": masked(b"2probe") * 2,
    "another ping": masked(b"2"),
    "binary": masked(b"2probe", 0x82),
    "no packet": masked(b"hello"),
    "its close packet": masked(b"1"),
    "its close frame": masked((1000).to_bytes(2, "big"), CLOSE),
}


@pytest.mark.parametrize("frames", FAILED_PROBES.values(), ids=FAILED_PROBES)
async def test_polling_goes_on_after_a_failed_probe(frames: bytes) -> None:
    async with serving() as server, polling(server) as client:
        for _ in range(2):
            async with handshake(server, f"{ADDRESS}&sid={client.sid}", frames) as (head, socket):
                assert head.startswith("HTTP/1.1 101 ")
                await socket.read_close()
        await goes_on(server, client)
        assert server.namespace.events == [["echo", 7]]


async def test_probe_that_is_not_completed_is_closed_and_polling_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PROBE_TIMEOUT_S", 0.3)
    async with serving() as server, polling(server) as client, probing(server, client) as socket:
        await goes_on(server, client)
        assert await socket.read_close() == 1008
        await goes_on(server, client)
        async with probing(server, client) as second:
            second.send("5")
            await second.receive("2")
            assert transport_of(server) is WebSocketConnection


async def goes_on(server: Server, client: PollingClient) -> None:
    """The session is alive by polling."""
    assert await client.post('42/test,7["echo",7]') == 200
    heard = ""
    while "43/test,7[7]" not in heard:
        heard = await asyncio.wait_for(client.poll(), 10)


async def test_session_that_ends_closes_its_probe() -> None:
    async with serving() as server, polling(server) as client, probing(server, client) as socket:
        assert await client.post("1") == 200
        assert await socket.read_close() == 1008
        assert not server.socketio.engine._probes


async def test_kicked_client_can_not_change() -> None:
    async with serving() as server, polling(server) as client, probing(server, client) as socket:
        (sid,) = server.namespace.connected
        server.socketio.kick(sid, "/test")
        socket.send("5")
        assert await socket.read_close() == 1008
        await asyncio.wait_for(server.namespace.disconnected.wait(), 10)


async def test_client_that_leaves_while_it_changes_is_gone() -> None:
    async with serving() as server, polling(server) as client, probing(server, client) as socket:
        post = asyncio.create_task(client.post('42/test,["slow",1]'))
        await until(lambda: server.namespace.events)
        socket.send("5", "1")
        assert await socket.read_close() == 1000
        server.namespace.slow_may_finish.set()
        await post
        await asyncio.wait_for(server.namespace.disconnected.wait(), 10)


async def test_stopping_server_closes_a_probe() -> None:
    async with serving() as server, polling(server) as client, probing(server, client) as socket:
        draining = asyncio.create_task(server.socketio.engine.drain())
        assert await socket.read_close() == 1008
        socket.writer.close()
        await draining


# -- refusals --------------------------------------------------------------------------------------------------


async def test_second_change_is_refused() -> None:
    async with serving() as server, polling(server) as client, probing(server, client) as socket:
        assert "is changing to WebSocket already" in await refusal(server, client.sid)
        socket.send("5")
        await socket.receive("2")
        assert "uses WebSocket" in await refusal(server, client.sid)
        socket.send('42/test,1["echo",1]')
        assert await socket.receive("43/test,1") == "[1]"


async def test_change_of_an_unknown_or_closed_session_is_refused() -> None:
    async with serving() as server, polling(server) as client:
        assert "Session ID unknown" in await refusal(server, "made-up")
        await client.post("1")
        assert "Session ID unknown" in await refusal(server, client.sid)


async def test_change_from_another_origin_is_refused() -> None:
    async with serving() as server, polling(server) as client:
        assert "origin" in await refusal(server, client.sid, Origin="http://evil.example")
        await goes_on(server, client)


async def refusal(server: Server, sid: str, **headers: str) -> str:
    """The body of the answer to a WebSocket handshake with this sid."""
    async with handshake(server, f"{ADDRESS}&sid={sid}", **headers) as (head, socket):
        assert head.startswith("HTTP/1.1 400 ")
        return (await socket.reader.readuntil(b"}")).decode()

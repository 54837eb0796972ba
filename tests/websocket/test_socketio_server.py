"""Connections over both transports, by the Engine.IO 4 and Socket.IO 5 protocols: opening, order and end."""

import asyncio

import aiohttp
import orjson
import pytest

from chat.websocket import engineio_requests, heartbeat, socketio_server
from tests.websocket.socket_server import ADDRESS, Server, connect, handshake, masked, serving, until

POLLING = "/socket.io/?EIO=4&transport=polling"


# -- the handshake -------------------------------------------------------------------------------------------


async def test_a_websocket_is_opened_without_compression() -> None:
    offer = "permessage-deflate; client_max_window_bits"
    async with serving() as server, handshake(server, Sec_WebSocket_Extensions=offer) as (head, client):
        assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        assert "xtensions" not in head
        opened = orjson.loads(await client.receive("0"))
        assert opened.pop("sid")
        assert opened == {"upgrades": [], "pingInterval": 30_000, "pingTimeout": 14_000, "maxPayload": 65_536}


@pytest.mark.parametrize(
    "wrong",
    [
        {"Upgrade": None},
        {"Upgrade": "h2c"},
        {"Sec_WebSocket_Version": "8"},
        {"Sec_WebSocket_Key": None},
        {"Sec_WebSocket_Key": "short"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"address": "/socket.io/?EIO=3&transport=websocket"},
        {"address": "/socket.io/?transport=websocket"},
        {"address": ADDRESS + "&sid=made-up"},
        {"address": ADDRESS + "&j=0"},
        {"address": "/socket.io/?EIO=4&transport=carrier-pigeon"},
        {"address": POLLING + "&sid=made-up"},
    ],
)
async def test_an_invalid_handshake_is_a_bad_request(wrong: dict[str, str | None]) -> None:
    address = wrong.pop("address", None) or ADDRESS
    async with serving() as server, handshake(server, address, **wrong) as (head, _):
        assert head.startswith("HTTP/1.1 400 ")
        assert not server.socketio.engine.sockets


async def test_packets_sent_together_with_the_handshake_are_handled() -> None:
    packets = masked(b"40/test,{}"), masked(b'42/test,7["echo",{"n":1}]')
    async with serving() as server, handshake(server, ADDRESS, *packets) as (_, client):
        assert orjson.loads(await client.receive("43/test,7")) == [{"n": 1}]


# -- Engine.IO -----------------------------------------------------------------------------------------------


async def test_a_close_packet_ends_the_connection() -> None:
    async with serving() as server, connect(server) as client:
        await client.join()
        client.send("1")
        assert await client.read_close() == 1000
        await asyncio.wait_for(server.namespace.disconnected.wait(), 10)
        assert not server.socketio.engine.sockets


@pytest.mark.parametrize("text", ["", "7", "x", "\u00e9"])
async def test_text_that_is_no_packet_closes_the_connection(text: str) -> None:
    async with serving() as server, connect(server) as client:
        client.send(text)
        assert await client.read_close() == 1002


async def test_a_client_that_sends_no_pong_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "PING_INTERVAL_S", 0.4)
    async with serving() as server, connect(server) as silent, connect(server) as alive:
        for client in (silent, alive):
            await client.join()
            client.send('42/test,1["echo",{}]')
            await client.receive("43/test,1")
        for _ in range(3):
            await alive.receive("2")
            alive.send("3")
        await asyncio.wait_for(server.namespace.disconnected.wait(), 10)
        assert len(server.namespace.connected) == 1
        with pytest.raises(EOFError):
            await silent.read_close()


async def test_polling_sockets_are_checked_after_a_poll_removed_a_websocket(monkeypatch: pytest.MonkeyPatch) -> None:
    """A WebSocket client has closed while its last command runs, and another client polls with its sid."""
    checked: list[str] = []
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        engine = server.socketio.engine
        monkeypatch.setattr(engine, "_check_polling", lambda sid, _: checked.append(sid))
        async with connect(server) as client:
            await client.join()
            (sid,) = engine.sockets
            client.send('42/test,1["slow",{}]')
            await until(lambda: server.namespace.events)
            client.send("1")
            await until(lambda: engine.sockets[sid].closed)
            async with session.get(f"{POLLING}&sid={sid}") as answer:
                assert answer.status == 400
            server.namespace.slow_may_finish.set()
            await until(lambda: server.namespace.disconnected.is_set())
        async with session.get(POLLING) as answer:
            assert answer.status == 200
        await until(lambda: list(engine.sockets) == checked)


async def test_two_polls_at_once_end_the_connection() -> None:
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        async with session.get(POLLING) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        first = asyncio.create_task(session.get(f"{POLLING}&sid={sid}"))
        await until(lambda: (sid, "GET") in server.socketio.engine._open_polls)
        async with session.get(f"{POLLING}&sid={sid}") as second:
            assert second.status == 400
        (await first).release()
        async with session.get(f"{POLLING}&sid={sid}") as third:
            assert third.status == 400


MALFORMED_POLLS = {
    "empty": b"",
    "two empty": b"\x1e",
    "one empty": b"4x\x1e",
    "unknown": b"9",
    "binary": b"b4AAAA",
    "no text": b"\xff",
    "no packet": b"hello",
    "too long": b"x" * 70_000,
    "too many": b"3" + b"\x1e3" * 4_096,
    "open": b"0",
    "ping": b"2",
    "upgrade": b"5",
    "noop": b"6",
    "ping after a message": b"4x\x1e2",
}


@pytest.mark.parametrize("body", MALFORMED_POLLS.values(), ids=MALFORMED_POLLS)
async def test_a_malformed_poll_is_a_bad_request_and_ends_the_session(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        async with session.get(POLLING) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        for _ in range(2):
            async with session.post(f"{POLLING}&sid={sid}", data=body) as answer:
                assert answer.status == 400
        async with session.get(f"{POLLING}&sid={sid}") as answer:
            assert answer.status == 400
        assert sid not in server.socketio.engine.sockets
    assert not caplog.records


async def test_body_of_a_poll_that_does_not_come_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engineio_requests, "BODY_TIMEOUT_S", 0.05)
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        async with session.get(POLLING) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"POST {POLLING}&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n4".encode())
        assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"HTTP/1.1 400 ")
        writer.close()
        await until(lambda: sid not in server.socketio.engine.sockets or server.socketio.engine.sockets[sid].closed)


# -- Socket.IO -----------------------------------------------------------------------------------------------


async def test_an_event_without_an_ack_id_gets_no_ack() -> None:
    async with serving() as server, connect(server) as client:
        await client.join()
        client.send('42/test,["sync",1]', '42/test,["echo",1]', '42/test,2["echo",2]')
        await until(lambda: server.namespace.replies)
        server.namespace.replies.pop()(b"{}")
        assert await client.receive("43") == "/test,2[2]"


async def test_events_to_a_namespace_the_client_has_not_joined_are_ignored() -> None:
    async with serving() as server, connect(server) as client:
        client.send('42/test,1["sync",{}]', '42/test,1["echo",{}]', '42["echo",{}]', "41/test,", "40/test,{}")
        await client.receive("40/test,")
        assert server.namespace.events == []
        client.send("41/test,", "40/test,{}")
        await client.receive("40/test,")
        assert len(server.namespace.connected) == 1


async def test_events_of_one_connection_keep_their_order() -> None:
    async with serving() as server, connect(server) as client:
        await client.join()
        client.send('42/test,1["slow",1]', '42/test,2["sync",2]', '42/test,3["echo",3]', '42/test,4["sync",4]')
        client.send('42/test,5["echo",5]')
        await until(lambda: server.namespace.events)
        server.namespace.slow_may_finish.set()
        # Behind a waiting event, even sync events go through the inbox.
        assert [await client.receive("43/test,") for _ in range(5)] == [f"{number}[{number}]" for number in range(1, 6)]
        assert [event[1] for event in server.namespace.events if isinstance(event, list)] == [1, 2, 3, 4, 5]


async def test_sync_events_run_concurrently_and_a_queued_one_waits_for_them() -> None:
    async with serving() as server, connect(server) as client:
        await client.join()
        client.send(*(f'42/test,{number}["sync",{number}]' for number in range(3)), '42/test,3["echo",3]')
        await until(lambda: len(server.namespace.replies) == 3)
        assert len(server.namespace.events) == 3
        for number in (2, 1, 0):
            server.namespace.replies[number](b"%d" % number)
        assert [await client.receive("43/test,") for _ in range(4)] == ["2[2]", "1[1]", "0[0]", "3[3]"]


async def test_a_sync_command_counts_as_the_first_command() -> None:
    """Even if every other command of the connection has failed."""
    async with serving() as server, connect(server) as client:
        await client.join()
        client.send('42/test,1["sync",1]')
        await until(lambda: server.namespace.replies)
        assert server.socketio._awaiting_command, "or the last assertion would prove nothing"
        server.namespace.replies[0](b"{}")
        assert await client.receive("43/test,") == "1[{}]"
        assert not server.socketio._awaiting_command


async def test_an_ack_after_the_end_is_dropped_and_queued_packets_still_run() -> None:
    async with serving() as server:
        async with connect(server) as client:
            await client.join()
            client.send('42/test,1["sync",1]', '42/test,2["echo",2]')
            await until(lambda: server.namespace.replies)
        server.namespace.replies[0](b"{}")
        # The packet that waited for the ack is handled now, and then the connection is released.
        await asyncio.wait_for(server.namespace.disconnected.wait(), 10)
        assert len(server.namespace.events) == 2


async def test_packets_before_the_clients_close_frame_are_handled() -> None:
    async with serving() as server, connect(server) as client:
        await client.join()
        texts = [f'42/test,{number}["echo",{number}]' for number in range(3)]
        client.write(*(masked(text.encode()) for text in texts), masked((1000).to_bytes(2, "big"), 0x88))
        await until(lambda: len(server.namespace.events) == 3)
        await asyncio.wait_for(server.namespace.disconnected.wait(), 10)
        assert not any(leftovers(server))


async def test_a_polling_client_without_a_command_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socketio_server, "FIRST_COMMAND_TIMEOUT_S", 0.1)
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        async with session.get(POLLING) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        async with session.get(f"{POLLING}&sid={sid}") as answer:
            assert "1" in (await answer.text()).split("\x1e")


def leftovers(server: Server) -> list[object]:
    """All tables that could still refer to a connection."""
    rooms, socketio = server.socketio.rooms, server.socketio
    return [
        socketio.engine.sockets,
        socketio.environ,
        socketio._awaiting_command,
        rooms._members,
        rooms._rooms_of,
        rooms.rooms,
        rooms.callbacks,
    ]


async def test_disconnected_clients_leave_nothing_behind() -> None:
    async with serving() as server:
        for _ in range(3):
            async with connect(server) as client:
                await client.join()
                server.socketio.rooms.basic_enter_room(next(iter(server.namespace.connected)), "/test", "a room")
                server.namespace.disconnected.clear()
            await asyncio.wait_for(server.namespace.disconnected.wait(), 10)
        assert not any(leftovers(server))

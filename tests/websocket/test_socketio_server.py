"""The gate: connections come, speak in order and end, as the documents of Engine.IO 4 and Socket.IO 5 have it."""

import asyncio

import aiohttp
import orjson
import pytest

from chat.websocket import heartbeat, socketio_server
from tests.websocket.socket_server import ADDRESS, Server, knock, masked, serving, until, wire

POLLING = "/socket.io/?EIO=4&transport=polling"


# -- the handshake -------------------------------------------------------------------------------------------


async def test_a_websocket_is_opened_without_compression() -> None:
    offer = "permessage-deflate; client_max_window_bits"
    async with serving() as server, knock(server, Sec_WebSocket_Extensions=offer) as (head, line):
        assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        assert "xtensions" not in head
        opened = orjson.loads(await line.hears("0"))
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
async def test_what_is_no_handshake_is_a_bad_request(wrong: dict[str, str | None]) -> None:
    address = wrong.pop("address", None) or ADDRESS
    async with serving() as server, knock(server, address, **wrong) as (head, _):
        assert head.startswith("HTTP/1.1 400 ")
        assert not server.gate.engine.sockets


async def test_words_that_come_with_the_handshake_are_heard() -> None:
    words = masked(b"40/hall,{}"), masked(b'42/hall,7["echo",{"n":1}]')
    async with serving() as server, knock(server, ADDRESS, *words) as (_, line):
        assert orjson.loads(await line.hears("43/hall,7")) == [{"n": 1}]


# -- Engine.IO -----------------------------------------------------------------------------------------------


async def test_a_close_packet_ends_the_connection() -> None:
    async with serving() as server, wire(server) as line:
        await line.arrives()
        line.says("1")
        assert await line.goodbye() == 1000
        await asyncio.wait_for(server.hall.emptied.wait(), 10)
        assert not server.gate.engine.sockets


@pytest.mark.parametrize("said", ["", "7", "x", "\u00e9"])
async def test_what_is_no_packet_ends_it_too(said: str) -> None:
    async with serving() as server, wire(server) as line:
        line.says(said)
        assert await line.goodbye() == 1002


async def test_who_answers_no_ping_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "PING_EVERY_S", 0.4)
    async with serving() as server, wire(server) as silent, wire(server) as alive:
        for line in (silent, alive):
            await line.arrives()
            line.says('42/hall,1["echo",{}]')
            await line.hears("43/hall,1")
        for _ in range(3):
            await alive.hears("2")
            alive.says("3")
        await asyncio.wait_for(server.hall.emptied.wait(), 10)
        assert len(server.hall.inside) == 1
        with pytest.raises(EOFError):
            await silent.goodbye()


async def test_polling_is_watched_though_a_poll_took_out_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has said goodbye while its last command is worked on, and somebody polls in its name."""
    watched: list[str] = []
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        engine = server.gate.engine
        monkeypatch.setattr(engine, "_check_polling", lambda sid, _: watched.append(sid))
        async with wire(server) as line:
            await line.arrives()
            (sid,) = engine.sockets
            line.says('42/hall,1["slow",{}]')
            await until(lambda: server.hall.begun)
            line.says("1")
            await until(lambda: engine.sockets[sid].closed)
            async with session.get(f"{POLLING}&sid={sid}") as answer:
                assert answer.status == 400
            server.hall.go_on.set()
            await until(lambda: server.hall.emptied.is_set())
        async with session.get(POLLING) as answer:
            assert answer.status == 200
        await until(lambda: list(engine.sockets) == watched)


async def test_two_polls_at_once_end_the_connection() -> None:
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        async with session.get(POLLING) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        first = asyncio.create_task(session.get(f"{POLLING}&sid={sid}"))
        await until(lambda: (sid, "GET") in server.gate.engine._polls)
        async with session.get(f"{POLLING}&sid={sid}") as second:
            assert second.status == 400
        (await first).release()
        async with session.get(f"{POLLING}&sid={sid}") as third:
            assert third.status == 400


@pytest.mark.parametrize("body", [b"", b"\x1e", b"4x\x1e", b"9", b"b4AAAA", b"\xff", b"hello"])
async def test_a_malformed_poll_is_a_bad_request(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        async with session.get(POLLING) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        async with session.post(f"{POLLING}&sid={sid}", data=body) as answer:
            assert answer.status == 400
        async with session.post(f"{POLLING}&sid={sid}", data=b"x" * 70_000) as answer:
            assert answer.status == 400
    assert not caplog.records


# -- Socket.IO -----------------------------------------------------------------------------------------------


async def test_an_event_without_a_number_has_no_answer() -> None:
    async with serving() as server, wire(server) as line:
        await line.arrives()
        line.says('42/hall,["swift",1]', '42/hall,["echo",1]', '42/hall,2["echo",2]')
        await until(lambda: server.hall.replies)
        server.hall.replies.pop()(b"{}")
        assert await line.hears("43") == "/hall,2[2]"


async def test_who_is_not_in_a_namespace_is_not_heard_there() -> None:
    async with serving() as server, wire(server) as line:
        line.says('42/hall,1["swift",{}]', '42/hall,1["echo",{}]', '42["echo",{}]', "41/hall,", "40/hall,{}")
        await line.hears("40/hall,")
        assert server.hall.begun == []
        line.says("41/hall,", "40/hall,{}")
        await line.hears("40/hall,")
        assert len(server.hall.inside) == 1


async def test_events_of_one_connection_keep_their_order() -> None:
    async with serving() as server, wire(server) as line:
        await line.arrives()
        line.says('42/hall,1["slow",1]', '42/hall,2["swift",2]', '42/hall,3["echo",3]', '42/hall,4["swift",4]')
        line.says('42/hall,5["echo",5]')
        await until(lambda: server.hall.begun)
        server.hall.go_on.set()
        # Behind one that waits, even the swift ones take the way of all others.
        assert [await line.hears("43/hall,") for _ in range(5)] == [f"{number}[{number}]" for number in range(1, 6)]
        assert [begun[1] for begun in server.hall.begun if isinstance(begun, list)] == [1, 2, 3, 4, 5]


async def test_swift_events_go_side_by_side_and_a_slow_one_waits_for_them() -> None:
    async with serving() as server, wire(server) as line:
        await line.arrives()
        line.says(*(f'42/hall,{number}["swift",{number}]' for number in range(3)), '42/hall,3["echo",3]')
        await until(lambda: len(server.hall.replies) == 3)
        assert len(server.hall.begun) == 3
        for number in (2, 1, 0):
            server.hall.replies[number](b"%d" % number)
        assert [await line.hears("43/hall,") for _ in range(4)] == ["2[2]", "1[1]", "0[0]", "3[3]"]


async def test_who_is_answered_at_once_has_said_something() -> None:
    """Even where every other command of theirs has failed."""
    async with serving() as server, wire(server) as line:
        await line.arrives()
        line.says('42/hall,1["swift",1]')
        await until(lambda: server.hall.replies)
        assert server.gate._deadlines, "or this test sees nothing"
        server.hall.replies[0](b"{}")
        assert await line.hears("43/hall,") == "1[{}]"
        assert not server.gate._deadlines


async def test_an_answer_that_comes_after_the_end_is_nobodys() -> None:
    async with serving() as server:
        async with wire(server) as line:
            await line.arrives()
            line.says('42/hall,1["swift",1]', '42/hall,2["echo",2]')
            await until(lambda: server.hall.replies)
        server.hall.replies[0](b"{}")
        # What was said behind it is heard in its turn, and then nothing is left.
        await asyncio.wait_for(server.hall.emptied.wait(), 10)
        assert len(server.hall.begun) == 2


async def test_last_words_are_heard_though_a_goodbye_follows_at_once() -> None:
    async with serving() as server, wire(server) as line:
        await line.arrives()
        words = [f'42/hall,{number}["echo",{number}]' for number in range(3)]
        line.writes(*(masked(text.encode()) for text in words), masked((1000).to_bytes(2, "big"), 0x88))
        await until(lambda: len(server.hall.begun) == 3)
        await asyncio.wait_for(server.hall.emptied.wait(), 10)
        assert not any(left_behind(server))


async def test_who_says_nothing_is_cut_by_long_polling_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socketio_server, "COMMAND_WITHIN_S", 0.1)
    async with serving() as server, aiohttp.ClientSession(server.url) as session:
        async with session.get(POLLING) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        async with session.get(f"{POLLING}&sid={sid}") as answer:
            assert "1" in (await answer.text()).split("\x1e")


def left_behind(server: Server) -> list[object]:
    """What still knows of a connection."""
    rooms, here = server.gate.rooms, server.gate
    return [
        here.engine.sockets,
        here.environ,
        here._deadlines,
        rooms._members,
        rooms._rooms_of,
        rooms.rooms,
        rooms.callbacks,
    ]


async def test_nothing_stays_of_who_has_left() -> None:
    async with serving() as server:
        for _ in range(3):
            async with wire(server) as line:
                await line.arrives()
                server.gate.rooms.basic_enter_room(next(iter(server.hall.inside)), "/hall", "a room")
                server.hall.emptied.clear()
            await asyncio.wait_for(server.hall.emptied.wait(), 10)
        assert not any(left_behind(server))

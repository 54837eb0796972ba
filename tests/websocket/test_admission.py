"""The porch: whoever has waited too long is sent away at once, instead of making all behind them late."""

import asyncio
import contextlib
import socket
import time

import aiohttp
import pytest
from aiohttp import web

from chat.processes import start_listening
from chat.websocket import admission
from chat.websocket.admission import MAX_WAIT_MS, waited_ms
from tests.websocket.socket_server import ADDRESS, Server, knock, serving

POLLING = "/socket.io/?EIO=4&transport=polling"


def comes_while_all_are_busy(server: Server, target: str) -> socket.socket:
    """Asks, and has the loop do something else for longer than anybody should wait."""
    line = socket.create_connection(("127.0.0.1", server.port))
    line.sendall(f"GET {target} HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n\r\n".encode())
    time.sleep(MAX_WAIT_MS / 1000 + 0.1)
    return line


async def heard(line: socket.socket) -> str:
    reader, writer = await asyncio.open_connection(sock=line)
    async with asyncio.timeout(10):
        said = await reader.read()
    writer.close()
    return said.decode()


@pytest.mark.parametrize("target", [ADDRESS, POLLING])
async def test_who_wants_a_socket_and_has_waited_is_told_to_come_later(target: str) -> None:
    async with serving() as server:
        said = await heard(comes_while_all_are_busy(server, target))
    assert said.startswith("HTTP/1.1 503 ")
    assert "Retry-After: 5\r\n" in said


@pytest.mark.parametrize(
    ("target", "answer"),
    [("/no-such-page", "404"), (f"{POLLING}&sid=nobody", "400"), ("/socket.io/polyfill.js", "404")],
)
async def test_pages_and_those_who_were_let_in_wait_for_as_long_as_it_takes(target: str, answer: str) -> None:
    async with serving() as server:
        said = await heard(comes_while_all_are_busy(server, target))
    assert said.startswith(f"HTTP/1.1 {answer} ")


async def test_the_next_one_is_let_in() -> None:
    async with serving() as server:
        line = comes_while_all_are_busy(server, ADDRESS)
        async with knock(server) as (head, _):
            assert head.startswith("HTTP/1.1 101 ")
        assert (await heard(line)).startswith("HTTP/1.1 503 ")


async def ended(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""


async def test_who_says_nothing_does_not_stay_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "FIRST_BYTES_S", 0.05)
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await ended(reader)
        writer.close()


async def test_at_the_end_those_on_the_porch_go_home_too() -> None:
    door = socket.create_server(("127.0.0.1", 0))
    async with start_listening(web.Application(), door):
        reader, writer = await asyncio.open_connection(*door.getsockname())
        async with aiohttp.ClientSession() as someone, someone.get("http://{}:{}/".format(*door.getsockname())) as said:
            assert said.status == 404  # the silent one, who came before, is on the porch by now
    await ended(reader)
    writer.close()


async def test_where_the_kernel_does_not_tell_nobody_is_late() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    theirs.sendall(b"GET")
    assert waited_ms(transport) == 0
    transport.close()
    theirs.close()

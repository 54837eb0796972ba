"""Admission: a handshake that has waited too long is answered 503, so that it does not delay the others."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from chat.processes import start_listening
from chat.websocket import admission
from chat.websocket.admission import MAX_WAIT_MS, ConnectionLimits, waited_ms
from tests.websocket.socket_server import ADDRESS, Server, handshake, serving

POLLING = "/socket.io/?EIO=4&transport=polling"


def send_while_loop_is_busy(server: Server, target: str) -> socket.socket:
    """Send a request, then block the event loop for longer than MAX_WAIT_MS."""
    client = socket.create_connection(("127.0.0.1", server.port))
    client.sendall(f"GET {target} HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n\r\n".encode())
    time.sleep(MAX_WAIT_MS / 1000 + 0.1)
    return client


async def response_to(client: socket.socket) -> str:
    reader, writer = await asyncio.open_connection(sock=client)
    try:
        async with asyncio.timeout(10):
            return (await reader.read()).decode()
    finally:
        writer.close()


@pytest.mark.parametrize("target", [ADDRESS, POLLING])
async def test_handshake_that_waited_too_long_is_answered_503_with_retry_after(target: str) -> None:
    async with serving() as server:
        response = await response_to(send_while_loop_is_busy(server, target))
    assert response.startswith("HTTP/1.1 503 ")
    assert "Retry-After: 5\r\n" in response


@pytest.mark.parametrize(
    ("target", "answer"),
    [("/no-such-page", "404"), (f"{POLLING}&sid=nobody", "400"), ("/socket.io/polyfill.js", "404")],
)
async def test_pages_and_requests_of_accepted_connections_are_never_answered_503(target: str, answer: str) -> None:
    async with serving() as server:
        response = await response_to(send_while_loop_is_busy(server, target))
    assert response.startswith(f"HTTP/1.1 {answer} ")


async def test_handshake_after_a_rejected_one_is_accepted() -> None:
    async with serving() as server:
        client = send_while_loop_is_busy(server, ADDRESS)
        async with handshake(server) as (head, _):
            assert head.startswith("HTTP/1.1 101 ")
        assert (await response_to(client)).startswith("HTTP/1.1 503 ")


async def wait_for_end(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""


async def test_connection_that_sends_nothing_is_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "FIRST_BYTES_TIMEOUT_S", 0.05)
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await wait_for_end(reader)
        writer.close()


HEAD = b"GET /no-such-page HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n"


@pytest.mark.parametrize("start", [b"G", b"GET", HEAD], ids=("one byte", "a word", "all but the end"))
async def test_head_that_does_not_end_is_not_waited_for(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "HEAD_TIMEOUT_S", 0.05)
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(start)
        await wait_for_end(reader)
        writer.close()


async def test_head_may_come_in_pieces() -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for byte in HEAD + b"\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
        assert (await reader.read()).startswith(b"HTTP/1.1 404 ")
        writer.close()


@asynccontextmanager
async def limited(limits: ConnectionLimits) -> AsyncIterator[tuple[str, int]]:
    """The address of a server with these limits."""
    listener = socket.create_server(("127.0.0.1", 0))
    async with start_listening(web.Application(), listener, limits):
        yield listener.getsockname()


async def is_admitted(address: tuple[str, int]) -> bool:
    """Whether a new connection is served. One that is refused may be reset before it has read the 503."""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        answer = await response_to(connected(address, HEAD + b"\r\n"))
        assert answer.startswith(("HTTP/1.1 503 ", "HTTP/1.1 404 "))
        return answer.startswith("HTTP/1.1 404 ")
    return False


def connected(address: tuple[str, int], data: bytes = b"") -> socket.socket:
    client = socket.create_connection(address)
    client.sendall(data)
    return client


@pytest.mark.parametrize(
    "limits", [ConnectionLimits(total=3), ConnectionLimits(per_key=3)], ids=("in all", "by address")
)
async def test_connection_beyond_the_limit_is_refused_until_another_has_ended(limits: ConnectionLimits) -> None:
    async with limited(limits) as address:
        held = [connected(address, HEAD) for _ in range(3)]
        assert not await is_admitted(address)
        held.pop().close()
        async with asyncio.timeout(10):
            while not await is_admitted(address):
                pass
        for client in held:
            client.close()


async def test_address_that_speaks_for_many_is_not_limited() -> None:
    async with limited(ConnectionLimits(per_key=1, unfinished_per_key=1, key_of=lambda _: None)) as address:
        held = [connected(address) for _ in range(3)]
        assert await is_admitted(address)
        for client in held:
            client.close()


async def test_address_with_many_unfinished_requests_gets_less_time_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "CROWD_TIMEOUT_S", 0.05)
    async with limited(ConnectionLimits(unfinished_per_key=2)) as address:
        patient = [connected(address) for _ in range(2)]
        for start in (b"", b"GET"):
            reader, writer = await asyncio.open_connection(sock=connected(address, start))
            await wait_for_end(reader)
            writer.close()
        for client in patient:
            client.sendall(HEAD + b"\r\n")
            assert (await response_to(client)).startswith("HTTP/1.1 404 ")


async def test_shutdown_aborts_connections_that_have_sent_nothing() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    url = "http://{}:{}/".format(*listener.getsockname())
    async with start_listening(web.Application(), listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == 404  # so the server has accepted the silent connection, which came first
    await wait_for_end(reader)
    writer.close()


async def test_wait_is_zero_where_the_kernel_does_not_report_it() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    theirs.sendall(b"GET")
    assert waited_ms(transport) == 0
    transport.close()
    theirs.close()

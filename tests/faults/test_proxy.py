"""The proxy's faults do what they say, and without a fault it forwards everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tests.faults.proxy import BOTH_DIRECTIONS, Direction, Proxy


@dataclass
class EchoServer:
    """A server that echoes everything, and a proxy in front of it."""

    proxy: Proxy
    port: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self.open_connection(self.proxy)
        assert await echo_of(reader, writer, b"hello") == b"hello"
        return reader, writer

    async def open_connection(self, proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        self.writers.append(writer)
        return reader, writer


@pytest.fixture
async def echo() -> AsyncIterator[EchoServer]:
    async def echoed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1024):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(echoed, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    proxy = await Proxy(("127.0.0.1", port)).open()
    echo = EchoServer(proxy, port)
    yield echo
    await proxy.close()
    for writer in echo.writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    server.close()


async def echo_of(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> bytes:
    writer.write(data)
    async with asyncio.timeout(10):
        return await reader.readexactly(len(data))


@pytest.mark.parametrize("direction", BOTH_DIRECTIONS)
async def test_stalled_bytes_arrive_after_restore(echo: EchoServer, direction: Direction) -> None:
    reader, writer = await echo.connect()
    forwarded = dict(echo.proxy.bytes_forwarded)
    echo.proxy.stall(direction)
    echoed = asyncio.create_task(echo_of(reader, writer, b"one two three"))
    await asyncio.wait([echoed], timeout=0.05)
    assert not echoed.done()
    assert echo.proxy.bytes_forwarded[direction] == forwarded[direction]
    echo.proxy.restore()
    assert await echoed == b"one two three"


async def test_stall_existing_survives_restore_and_spares_new_connections(echo: EchoServer) -> None:
    reader, writer = await echo.connect()
    echo.proxy.stall_existing()
    echo.proxy.restore()
    echoed = asyncio.create_task(echo_of(reader, writer, b"do you hear me?"))
    await (await echo.connect())[1].drain()
    assert not echoed.done()
    echoed.cancel()


async def test_disconnect_sends_fin_and_reset_sends_rst(echo: EchoServer) -> None:
    for fault, expected in ((echo.proxy.disconnect, b""), (echo.proxy.reset, ConnectionResetError)):
        reader, _ = await echo.connect()
        fault()
        assert await end_of(reader) == expected


async def end_of(reader: asyncio.StreamReader) -> bytes | type[Exception]:
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionResetError:
        return ConnectionResetError


async def test_refuse_resets_new_connections_until_restore(echo: EchoServer) -> None:
    echo.proxy.refuse()
    reader, _ = await echo.open_connection(echo.proxy)
    assert await end_of(reader) is ConnectionResetError
    echo.proxy.restore()
    await echo.connect()


async def test_delay_applies_and_preserves_order(echo: EchoServer) -> None:
    reader, writer = await echo.connect()
    echo.proxy.delay(0.02, 0.02)
    began = asyncio.get_running_loop().time()
    assert await echo_of(reader, writer, b"late") == b"late"
    assert asyncio.get_running_loop().time() - began >= 0.04
    data = b"".join(b"%06d" % number for number in range(2_000))
    assert await echo_of(reader, writer, data) == data


async def test_unreachable_upstream_is_skipped(echo: EchoServer) -> None:
    unreachable = await Proxy().open()
    closed = unreachable.port
    await unreachable.close()
    balancer = await Proxy(("127.0.0.1", closed), ("127.0.0.1", echo.port)).open()
    for _ in range(2):
        reader, writer = await echo.open_connection(balancer)
        assert await echo_of(reader, writer, b"hello") == b"hello"
    await balancer.close()


async def test_close_ends_all_connections(echo: EchoServer) -> None:
    reader, _ = await echo.connect()
    await echo.proxy.close()
    assert await end_of(reader) in (b"", ConnectionResetError)
    assert echo.proxy.connection_count == 0

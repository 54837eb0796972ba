"""The proxy does what its faults say, and nothing when there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tests.faults.proxy import BOTH, Proxy, Way


@dataclass
class Echo:
    """A server that says everything back, and a proxy before it."""

    proxy: Proxy
    port: int
    dialled: list[asyncio.StreamWriter] = field(default_factory=list)

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self.knock(self.proxy)
        assert await says(reader, writer, b"hello") == b"hello"
        return reader, writer

    async def knock(self, proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        self.dialled.append(writer)
        return reader, writer


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while words := await reader.read(1024):
                writer.write(words)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    proxy = await Proxy(("127.0.0.1", port)).open()
    echo = Echo(proxy, port)
    yield echo
    await proxy.close()
    for writer in echo.dialled:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    server.close()


async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: bytes) -> bytes:
    writer.write(words)
    async with asyncio.timeout(10):
        return await reader.readexactly(len(words))


@pytest.mark.parametrize("way", BOTH)
async def test_what_is_stalled_comes_later_and_whole(echo: Echo, way: Way) -> None:
    reader, writer = await echo.dial()
    carried = dict(echo.proxy.carried)
    echo.proxy.stall(way)
    answer = asyncio.create_task(says(reader, writer, b"one two three"))
    await asyncio.wait([answer], timeout=0.05)
    assert not answer.done()
    assert echo.proxy.carried[way] == carried[way]
    echo.proxy.flow()
    assert await answer == b"one two three"


async def test_a_deafened_line_stays_so_and_new_ones_are_well(echo: Echo) -> None:
    reader, writer = await echo.dial()
    echo.proxy.deafen()
    echo.proxy.flow()
    answer = asyncio.create_task(says(reader, writer, b"do you hear me?"))
    await (await echo.dial())[1].drain()
    assert not answer.done()
    answer.cancel()


async def test_a_reset_is_no_orderly_end(echo: Echo) -> None:
    for fault, seen in ((echo.proxy.cut, b""), (echo.proxy.reset, ConnectionResetError)):
        reader, _ = await echo.dial()
        fault()
        assert await end_of(reader) == seen


async def end_of(reader: asyncio.StreamReader) -> bytes | type[Exception]:
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionResetError:
        return ConnectionResetError


async def test_nobody_is_taken_while_it_refuses(echo: Echo) -> None:
    echo.proxy.refuse()
    reader, _ = await echo.knock(echo.proxy)
    assert await end_of(reader) is ConnectionResetError
    echo.proxy.flow()
    await echo.dial()


async def test_a_delay_is_one_and_order_is_kept(echo: Echo) -> None:
    reader, writer = await echo.dial()
    echo.proxy.slow(0.02, 0.02)
    began = asyncio.get_running_loop().time()
    assert await says(reader, writer, b"late") == b"late"
    assert asyncio.get_running_loop().time() - began >= 0.04
    words = b"".join(b"%06d" % number for number in range(2_000))
    assert await says(reader, writer, words) == words


async def test_who_does_not_answer_is_passed_over(echo: Echo) -> None:
    nobody = await Proxy().open()
    closed = nobody.port
    await nobody.close()
    balancer = await Proxy(("127.0.0.1", closed), ("127.0.0.1", echo.port)).open()
    for _ in range(2):
        reader, writer = await echo.knock(balancer)
        assert await says(reader, writer, b"hello") == b"hello"
    await balancer.close()


async def test_closing_it_leaves_no_line(echo: Echo) -> None:
    reader, _ = await echo.dial()
    await echo.proxy.close()
    assert await end_of(reader) in (b"", ConnectionResetError)
    assert echo.proxy.standing == 0

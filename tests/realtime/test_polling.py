"""Who never reads is cut, and a server that ends sends everybody home to come back."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import orjson
import pytest

from chat.settings import Settings
from chat.store.migrations import migrate
from chat.websocket.socketio_server import FIRST_COMMAND_TIMEOUT_S
from tests.realtime.node import running
from tests.realtime.raw_client import Line, line
from tests.realtime.socket_clients import Visitor
from tests.websocket.socket_server import serving


async def test_who_never_reads_is_cut_before_memory_fills() -> None:
    async with serving() as server, aiohttp.ClientSession() as session:
        address = f"{server.url}/socket.io/?EIO=4&transport=websocket"
        hurried = aiohttp.ClientWSTimeout(ws_close=0.1)
        async with session.ws_connect(address, timeout=hurried) as lazy, session.ws_connect(address) as eager:
            for socket in (lazy, eager):
                await Line(socket).arrives("/test", "{}")
            for number in range(6_000):
                noise = orjson.dumps({"n": number, "text": "x" * 8_000})
                server.socketio.rooms.send("/test", server.namespace.connected, "noise", noise)
                heard = await Line(eager).hears("42/test,")
                assert isinstance(heard, list)
                assert heard[1]["n"] == number
            # Sooner than those are cut who never say what they came for.
            async with asyncio.timeout(FIRST_COMMAND_TIMEOUT_S / 2):
                await server.namespace.disconnected.wait()
            assert len(server.namespace.connected) == 1


async def test_a_server_that_ends_says_that_it_comes_back(settings: Settings) -> None:
    migrate(settings.database_url)
    polling = Visitor()
    async with AsyncExitStack() as lines:
        async with running(settings) as node:
            quiet, greeted = [await lines.enter_async_context(line(node)) for _ in range(2)]
            await greeted.arrives()
            await polling.client.connect(
                node.url, auth={"site": "demo"}, transports=["polling"], namespaces=["/visitor"], wait_timeout=5
            )
            await polling.does("hello")
            closed = asyncio.create_task(codes(quiet, greeted))
            # To leave this block is what SIGTERM does.
        assert await closed == [1012, 1012]
    await polling.is_cut()


async def codes(*lines: Line) -> list[int | None]:
    """How each line was closed."""
    for one in lines:
        with pytest.raises(EOFError):
            await one.hears("43")
    return [one.socket.close_code for one in lines]

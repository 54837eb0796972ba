"""Clients that never read are disconnected, and a stopping server asks its clients to come back."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import orjson
import pytest

from chat.settings import Settings
from chat.store.migrations import migrate
from chat.websocket.socketio_server import FIRST_COMMAND_TIMEOUT_S
from tests.realtime.node import running_node
from tests.realtime.raw_client import RawConnection, raw_connection
from tests.realtime.socket_clients import Visitor
from tests.websocket.socket_server import serving


async def test_client_that_never_reads_is_disconnected_before_memory_fills() -> None:
    async with serving() as server, aiohttp.ClientSession() as session:
        address = f"{server.url}/socket.io/?EIO=4&transport=websocket"
        hurried = aiohttp.ClientWSTimeout(ws_close=0.1)
        async with session.ws_connect(address, timeout=hurried) as lazy, session.ws_connect(address) as eager:
            for socket in (lazy, eager):
                await RawConnection(socket).connect_namespace("/test", "{}")
            for number in range(6_000):
                noise = orjson.dumps({"n": number, "text": "x" * 8_000})
                server.socketio.rooms.send("/test", server.namespace.connected, "noise", noise)
                event = await RawConnection(eager).receive("42/test,")
                assert isinstance(event, list)
                assert event[1]["n"] == number
            # Earlier than clients that never send a command are disconnected.
            async with asyncio.timeout(FIRST_COMMAND_TIMEOUT_S / 2):
                await server.namespace.disconnected.wait()
            assert len(server.namespace.connected) == 1


async def test_stopping_server_closes_sockets_with_try_again_later(settings: Settings) -> None:
    migrate(settings.database_url)
    polling = Visitor()
    async with AsyncExitStack() as connections:
        async with running_node(settings) as node:
            quiet, greeted = [await connections.enter_async_context(raw_connection(node)) for _ in range(2)]
            await greeted.connect_namespace()
            await polling.client.connect(
                node.url, auth={"site": "demo"}, transports=["polling"], namespaces=["/visitor"], wait_timeout=5
            )
            await polling.run("hello")
            closed = asyncio.create_task(codes(quiet, greeted))
            # Leaving this block does what SIGTERM does.
        assert await closed == [1012, 1012]
    await polling.wait_until_disconnected()


async def codes(*connections: RawConnection) -> list[int | None]:
    """The close code of each connection."""
    for one in connections:
        with pytest.raises(EOFError):
            await one.receive("43")
    return [one.socket.close_code for one in connections]

"""A client that sends raw frames, for what no library would send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson

from tests.realtime.node import Node

TIMEOUT_S = 15.0


class RawConnection:
    """One WebSocket after its Engine.IO handshake."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, frame: str) -> None:
        await self.socket.send_str(frame)

    async def receive(self, prefix: str) -> object:
        """The JSON of the next frame with this prefix. EOFError when the server closes the connection."""
        async with asyncio.timeout(TIMEOUT_S):
            async for message in self.socket:
                assert isinstance(message.data, str)
                if message.data.startswith(prefix):
                    return orjson.loads(message.data.removeprefix(prefix) or "null")
        raise EOFError(self.socket.close_code)

    async def connect_namespace(self, namespace: str = "/visitor", auth: str = '{"site":"demo"}') -> None:
        """Connect to a namespace."""
        await self.send(f"40{namespace},{auth}")
        await self.receive(f"40{namespace},")


@asynccontextmanager
async def raw_connection(node: Node, **headers: str) -> AsyncIterator[RawConnection]:
    """A WebSocket connection to a node."""
    address = f"{node.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(address, headers=headers) as socket:
        opened = RawConnection(socket)
        await opened.receive("0")
        yield opened

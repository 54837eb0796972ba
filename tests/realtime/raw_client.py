"""A client that speaks frames, for what no library would send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson

from tests.realtime.node import Node

PATIENCE_S = 15.0


class Line:
    """One WebSocket after its Engine.IO handshake."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def says(self, frame: str) -> None:
        await self.socket.send_str(frame)

    async def hears(self, prefix: str) -> object:
        """The JSON of the next frame that begins so. EOFError when the server hangs up."""
        async with asyncio.timeout(PATIENCE_S):
            async for message in self.socket:
                assert isinstance(message.data, str)
                if message.data.startswith(prefix):
                    return orjson.loads(message.data.removeprefix(prefix) or "null")
        raise EOFError(self.socket.close_code)

    async def arrives(self, namespace: str = "/visitor", auth: str = '{"site":"demo"}') -> None:
        """Connect to a namespace."""
        await self.says(f"40{namespace},{auth}")
        await self.hears(f"40{namespace},")


@asynccontextmanager
async def line(node: Node, **headers: str) -> AsyncIterator[Line]:
    """A line to a node."""
    address = f"{node.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(address, headers=headers) as socket:
        opened = Line(socket)
        await opened.hears("0")
        yield opened

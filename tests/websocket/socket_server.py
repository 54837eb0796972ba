"""A gate with one hall behind it, and a client that writes bytes: for what no library would send."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import socketio
from aiohttp import web
from aiohttp._websocket.helpers import websocket_mask

from chat.websocket.admission import AdmissionControl
from chat.websocket.frames import frame
from chat.websocket.socketio_server import Reply, SocketServer

PATIENCE_S = 10.0
CLOSE = 0x88


class Hall(socketio.AsyncNamespace):
    """Lets everybody in and remembers who has left. It answers "echo" by its argument, "slow" once `go_on` is set,
    and takes "swift" at once, answering when told to."""

    def __init__(self) -> None:
        super().__init__("/hall")
        self.inside: set[str] = set()
        self.emptied = asyncio.Event()
        self.go_on = asyncio.Event()
        self.begun: list[object] = []
        self.replies: list[Reply] = []

    async def trigger_event(self, event: str, *args: object) -> object:
        sid = str(args[0])
        if event == "connect":
            self.inside.add(sid)
        elif event == "disconnect":
            self.inside.discard(sid)
            self.emptied.set()
        else:
            self.begun.append([event, *args[1:]])
            if event == "slow":
                await self.go_on.wait()
            return args[1] if len(args) > 1 else None
        return None

    def dispatch_sync(self, sid: str, event: bytearray, reply: Reply) -> bool:
        if not event.startswith(b'["swift"'):
            return False
        self.begun.append(orjson.loads(event))
        self.replies.append(reply)
        return True


@dataclass
class Server:
    """A gate with one hall behind it."""

    gate: SocketServer
    hall: Hall = field(default_factory=Hall)
    url: str = ""
    port: int = 0


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server(SocketServer(lambda origin: origin == "http://own.example"))
    server.gate.register_namespace(server.hall)
    app = web.Application()
    server.gate.attach(app)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    assert runner.server is not None
    listening = await asyncio.get_running_loop().create_server(AdmissionControl(runner.server), "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{server.port}"
    yield server
    server.hall.go_on.set()
    await server.gate.engine.drain()
    await server.gate.shutdown()
    listening.close()
    await runner.cleanup()


@dataclass
class Wire:
    """Bytes to and from a server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def writes(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    def says(self, *texts: str) -> None:
        self.writes(*(masked(text.encode()) for text in texts))

    async def reads(self) -> tuple[int, bytes]:
        """First byte and payload of the next frame; EOFError when there is none."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                first, length = await self.reader.readexactly(2)
                if length >= 126:
                    length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
                return first, await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error

    async def hears(self, prefix: str) -> str:
        """The next text that begins so, behind it."""
        while True:
            first, payload = await self.reads()
            if first == 0x81 and payload.decode().startswith(prefix):
                return payload.decode().removeprefix(prefix)

    async def goodbye(self) -> int:
        """The code with which the server hangs up."""
        while True:
            first, payload = await self.reads()
            if first == CLOSE:
                return int.from_bytes(payload[:2], "big")

    async def arrives(self) -> None:
        self.says("40/hall,{}")
        await self.hears("40/hall,")


def masked(payload: bytes, first: int = 0x81, key: bytes | None = None) -> bytes:
    """One frame as a client sends it."""
    key, scrambled = os.urandom(4) if key is None else key, bytearray(payload)
    websocket_mask(key, scrambled)
    head = bytearray(frame(payload, first)[: -len(payload) or None])
    head[1] |= 0x80
    return bytes(head) + key + bytes(scrambled)


async def until(true: Callable[[], object]) -> None:
    """Until that is so; each look lets everybody else have a turn."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0)


HANDSHAKE = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
ADDRESS = "/socket.io/?EIO=4&transport=websocket"


@asynccontextmanager
async def knock(
    server: Server, address: str = ADDRESS, *behind: bytes, **headers: str | None
) -> AsyncIterator[tuple[str, Wire]]:
    """The answer to a handshake, and the wire. `behind` leaves in the same write."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    said = HANDSHAKE | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value is not None)
    writer.write(f"GET {address} HTTP/1.1\r\n{lines}\r\n".encode() + b"".join(behind))
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield (await reader.readuntil(b"\r\n\r\n")).decode(), Wire(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def wire(server: Server) -> AsyncIterator[Wire]:
    """A WebSocket after its Engine.IO handshake."""
    async with knock(server) as (head, opened):
        assert head.startswith("HTTP/1.1 101 ")
        await opened.hears("0")
        yield opened

"""A SocketServer with one namespace, and a client of raw bytes for what no library would send."""

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
from chat.websocket.frames import encode_frame
from chat.websocket.socketio_server import Reply, SocketServer

TIMEOUT_S = 10.0
CLOSE = 0x88


class RecordingNamespace(socketio.AsyncNamespace):
    """Accepts every socket and records its events.

    It acks "echo" with its argument and "slow" once `slow_may_finish` is set. "sync" is handled synchronously; the test
    sends its ack by calling one of `replies`.
    """

    def __init__(self) -> None:
        super().__init__("/test")
        self.connected: set[str] = set()
        self.disconnected = asyncio.Event()
        self.slow_may_finish = asyncio.Event()
        self.events: list[object] = []
        self.replies: list[Reply] = []

    async def trigger_event(self, event: str, *args: object) -> object:
        sid = str(args[0])
        if event == "connect":
            self.connected.add(sid)
        elif event == "disconnect":
            self.connected.discard(sid)
            self.disconnected.set()
        else:
            self.events.append([event, *args[1:]])
            if event == "slow":
                await self.slow_may_finish.wait()
            return args[1] if len(args) > 1 else None
        return None

    def dispatch_sync(self, sid: str, event: bytearray, reply: Reply) -> bool:
        if not event.startswith(b'["sync"'):
            return False
        self.events.append(orjson.loads(event))
        self.replies.append(reply)
        return True


@dataclass
class Server:
    """A running SocketServer and its namespace /test."""

    socketio: SocketServer
    namespace: RecordingNamespace = field(default_factory=RecordingNamespace)
    url: str = ""
    port: int = 0


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server(SocketServer(lambda origin: origin == "http://own.example"))
    server.socketio.register_namespace(server.namespace)
    app = web.Application()
    server.socketio.attach(app)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    assert runner.server is not None
    listening = await asyncio.get_running_loop().create_server(AdmissionControl(runner.server), "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{server.port}"
    yield server
    server.namespace.slow_may_finish.set()
    await server.socketio.engine.drain()
    await server.socketio.shutdown()
    listening.close()
    await runner.cleanup()


@dataclass
class RawClient:
    """A client that writes bytes and parses the frames it gets."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def write(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    def send(self, *texts: str) -> None:
        self.write(*(masked(text.encode()) for text in texts))

    async def read_frame(self) -> tuple[int, bytes]:
        """First byte and payload of the next frame. Raises EOFError at the end of the connection."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                first, length = await self.reader.readexactly(2)
                if length >= 126:
                    length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
                return first, await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error

    async def receive(self, prefix: str) -> str:
        """The rest of the next text that starts with `prefix`."""
        while True:
            first, payload = await self.read_frame()
            if first == 0x81 and payload.decode().startswith(prefix):
                return payload.decode().removeprefix(prefix)

    async def read_close(self) -> int:
        """The status code of the server's close frame."""
        while True:
            first, payload = await self.read_frame()
            if first == CLOSE:
                return int.from_bytes(payload[:2], "big")

    async def join(self) -> None:
        self.send("40/test,{}")
        await self.receive("40/test,")


def masked(payload: bytes, first: int = 0x81, key: bytes | None = None) -> bytes:
    """One frame as a client sends it."""
    key, masked_payload = os.urandom(4) if key is None else key, bytearray(payload)
    websocket_mask(key, masked_payload)
    header = bytearray(encode_frame(payload, first)[: -len(payload) or None])
    header[1] |= 0x80
    return bytes(header) + key + bytes(masked_payload)


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition is true; each check lets all other tasks run."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
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
async def handshake(
    server: Server, address: str = ADDRESS, *frames: bytes, **headers: str | None
) -> AsyncIterator[tuple[str, RawClient]]:
    """The head of the response to a handshake, and the client. `frames` are sent in the same write."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    all_headers = HANDSHAKE | {name.replace("_", "-"): value for name, value in headers.items()}
    fields = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items() if value is not None)
    writer.write(f"GET {address} HTTP/1.1\r\n{fields}\r\n".encode() + b"".join(frames))
    try:
        async with asyncio.timeout(TIMEOUT_S):
            yield (await reader.readuntil(b"\r\n\r\n")).decode(), RawClient(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def connect(server: Server) -> AsyncIterator[RawClient]:
    """A WebSocket after its Engine.IO handshake."""
    async with handshake(server) as (head, client):
        assert head.startswith("HTTP/1.1 101 ")
        await client.receive("0")
        yield client

"""Clients of others with their defaults: polling first, then WebSocket. And a proxy that delays the second."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson

from tests.realtime.socket_clients import Agent, Payload, SocketClient, Visitor

SCRIPT = Path(__file__).with_name("stock_client.mjs")
HEAD_END = b"\r\n\r\n"


class PythonVisitor(Visitor):
    """python-socketio's client as it comes."""

    transports = None


class PythonAgent(Agent):
    """python-socketio's client as it comes."""

    transports = None


class NodeClient(SocketClient):
    """socket.io-client in a process of Node; `upgraded` once it uses WebSocket."""

    def __init__(self) -> None:
        super().__init__()
        self.connected, self.upgraded = asyncio.get_running_loop().create_future(), asyncio.Event()
        self._acks: dict[int, asyncio.Future[Payload]] = {}
        self._ids = itertools.count()

    async def connect(self, url: str, auth: object = None, **headers: str) -> None:
        """Returns once the namespace is connected, by whatever transport."""
        options = orjson.dumps({"url": url + self.namespace, "auth": auth or {}, "headers": headers}).decode()
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec("node", str(SCRIPT), options, stdin=pipe, stdout=pipe)
        self._reader = asyncio.create_task(self._read())
        async with asyncio.timeout(self.timeout_s):
            await self.connected

    async def disconnect(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def call(self, command: str, **fields: object) -> Payload:
        number, stdin = next(self._ids), self._process.stdin
        assert stdin is not None
        self._acks[number] = asyncio.get_running_loop().create_future()
        stdin.write(orjson.dumps([number, command, fields]) + b"\n")
        async with asyncio.timeout(self.timeout_s):
            return await self._acks[number]

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            kind, *rest = orjson.loads(line)
            if kind == "connected":
                self.connected.set_result(rest[0])
            elif kind == "upgraded":
                self.upgraded.set()
            elif kind == "ack":
                self._acks.pop(rest[0]).set_result(rest[1])
            elif kind == "event":
                self._on_event(*rest)
            else:
                self._on_disconnect()


class NodeVisitor(NodeClient, Visitor):
    """A visitor's client in Node."""


class NodeAgent(NodeClient, Agent):
    """An agent's client in Node."""


class SlowWebSocketProxy:
    """A proxy that passes everything on, and a WebSocket handshake only from `release()` on."""

    def __init__(self, upstream: str) -> None:
        host, port = upstream.removeprefix("http://").split(":")
        self._upstream = host, int(port)
        self._released = asyncio.Event()
        self._connections: list[asyncio.Task[None]] = []
        self.url = ""

    def release(self) -> None:
        self._released.set()

    def on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.append(asyncio.create_task(self._pass_on(reader, writer)))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with closing(writer):
            head = await reader.readuntil(HEAD_END)
            if b"transport=websocket" in head:
                await self._released.wait()
            to_reader, to_writer = await asyncio.open_connection(*self._upstream)
            async with closing(to_writer):
                to_writer.write(head)
                await asyncio.gather(copy(reader, to_writer), copy(to_reader, writer))

    async def close(self) -> None:
        """End what is still open, so that no test leaves a connection to the next."""
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def slow_websockets(url: str) -> AsyncIterator[SlowWebSocketProxy]:
    proxy = SlowWebSocketProxy(url)
    listening = await asyncio.start_server(proxy.on_connection, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        try:
            yield proxy
        finally:
            await proxy.close()

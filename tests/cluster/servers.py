"""A real Valkey for each test, that can be hung, killed and flushed, and a line to it that can go deaf."""

import asyncio
import contextlib
import inspect
import os
import re
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from chat.cluster.embedded_valkey import Child, end, launch, socket_in

PATIENCE_S = 20
# The answer to a PUBLISH.
NUMBER = re.compile(rb"^:\d+\r\n", re.MULTILINE)


async def until(true: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for what must come; the patience only ends a test that has failed already."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = true()
            if await answer if inspect.isawaitable(answer) else answer:
                return
            await asyncio.sleep(0.005)


class Server:
    """A Valkey on a private unix socket, without a supervisor: it stays down until it is told to start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{socket_in(folder)}"
        self._child: Child | None = None

    async def start(self) -> None:
        self._child = await launch(self.folder)

    async def kill(self) -> None:
        """As kill -9 does it."""
        if self._child is not None:
            await end(self._child)
            self._child = None

    def hang(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        os.kill(self._child.server.pid, number)


class Line:
    """A unix socket in front of a server, on which subscriptions can be made half open: alive for both ends,
    but what the server says to them is swallowed."""

    def __init__(self, server: Server) -> None:
        self.url = f"unix://{server.folder / 'line.sock'}"
        self.swallowed = 0
        self._server = server
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._subscribed: set[asyncio.StreamWriter] = set()
        self._deaf: set[asyncio.StreamWriter] = set()
        self._answering = False

    async def open(self) -> None:
        path = self._server.folder / "line.sock"
        self._listener = await asyncio.start_unix_server(self._connect, path)

    def deafen(self, answers: bool = False) -> None:
        """All subscriptions that stand now; later ones are well. `answers`: they still hear how many heard them."""
        self._deaf |= self._subscribed
        self._answering = answers

    async def close(self) -> None:
        assert self._listener is not None
        self._listener.close()
        for writer in self._writers:
            writer.close()
        await until(lambda: not self._writers)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(socket_in(self._server.folder))
        self._writers |= {writer, far_writer}
        await asyncio.gather(
            self._carry(reader, far_writer, asking=writer), self._carry(far_reader, writer, asking=None)
        )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asking: asyncio.StreamWriter | None
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if asking is not None and b"SUBSCRIBE" in data:
                    self._subscribed.add(asking)
                if writer in self._deaf:
                    self.swallowed += len(data)
                    writer.write(b"".join(NUMBER.findall(data)) if self._answering else b"")
                    continue
                writer.write(data)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self._writers.discard(writer)

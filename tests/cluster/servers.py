"""A real Valkey that tests can pause, kill and restart, and a proxy that discards pub/sub messages."""

import asyncio
import contextlib
import inspect
import os
import re
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from chat.cluster.embedded_valkey import Child, kill, launch, socket_path

TIMEOUT_S = 20
# The reply to a PUBLISH: how many clients received the message.
INTEGER_REPLY = re.compile(rb"^:\d+\r\n", re.MULTILINE)


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until the condition is true. The timeout only ends tests that have failed already."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            result = condition()
            if await result if inspect.isawaitable(result) else result:
                return
            await asyncio.sleep(0.005)


class Server:
    """A Valkey on a private Unix socket, without a supervisor: nothing restarts it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{socket_path(folder)}"
        self._child: Child | None = None

    async def start(self) -> None:
        self._child = await launch(self.folder)

    async def kill(self) -> None:
        """Send SIGKILL."""
        if self._child is not None:
            await kill(self._child)
            self._child = None

    def pause(self) -> None:
        """Send SIGSTOP: connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        os.kill(self._child.server.pid, number)


class SubscriptionProxy:
    """A Unix socket in front of a server that can make subscriptions half open: both ends see an open connection, but
    what the server sends to the client is discarded."""

    def __init__(self, server: Server) -> None:
        self.url = f"unix://{server.folder / 'proxy.sock'}"
        self.discarded_bytes = 0
        self._server = server
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._subscribed: set[asyncio.StreamWriter] = set()
        self._half_open: set[asyncio.StreamWriter] = set()
        self._keep_replies = False

    async def open(self) -> None:
        path = self._server.folder / "proxy.sock"
        self._listener = await asyncio.start_unix_server(self._connect, path)

    def discard_messages(self, keep_replies: bool = False) -> None:
        """Make all present subscriptions half open; later ones work. `keep_replies`: PUBLISH still gets its reply."""
        self._half_open |= self._subscribed
        self._keep_replies = keep_replies

    async def close(self) -> None:
        assert self._listener is not None
        self._listener.close()
        for writer in self._writers:
            writer.close()
        await until(lambda: not self._writers)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(socket_path(self._server.folder))
        self._writers |= {writer, server_writer}
        await asyncio.gather(
            self._copy(reader, server_writer, client=writer), self._copy(server_reader, writer, client=None)
        )

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: asyncio.StreamWriter | None
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if client is not None and b"SUBSCRIBE" in data:
                    self._subscribed.add(client)
                if writer in self._half_open:
                    self.discarded_bytes += len(data)
                    writer.write(b"".join(INTEGER_REPLY.findall(data)) if self._keep_replies else b"")
                    continue
                writer.write(data)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self._writers.discard(writer)

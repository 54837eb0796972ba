"""A TCP proxy that can delay, stall, close and reset connections, each direction apart.

The kernel may have no network emulation, so every connection of a fault run goes through such a proxy. The proxy never
drops bytes of a connection that stays open: after `restore` it delivers what it stalled, as TCP does after an outage.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

Direction = Literal["up", "down"]
BOTH_DIRECTIONS: tuple[Direction, Direction] = ("up", "down")
Address = tuple[str, int] | Path
CHUNK = 65_536
LINGER_ZERO = struct.pack("ii", 1, 0)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def abort_connection(writer: asyncio.StreamWriter) -> None:
    """Close at once, with an RST unless it is a Unix socket."""
    endpoint: socket.socket = writer.get_extra_info("socket")
    if endpoint.family != socket.AF_UNIX and endpoint.fileno() >= 0:
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    writer.transport.abort()


class NetworkCondition:
    """The condition of one direction: a delay, or a stall."""

    def __init__(self) -> None:
        self.delay_s = 0.0
        self.jitter_s = 0.0
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def stalled(self) -> bool:
        return not self._flowing.is_set()

    def stall(self) -> None:
        self._flowing.clear()

    def restore(self) -> None:
        self.delay_s = self.jitter_s = 0.0
        self._flowing.set()

    async def wait_for_delivery(self) -> None:
        """Returns when the next chunk may be delivered."""
        if self.delay_s or self.jitter_s:
            await asyncio.sleep(self.delay_s + random.random() * self.jitter_s)
        await self._flowing.wait()


def network_conditions() -> dict[Direction, NetworkCondition]:
    return {direction: NetworkCondition() for direction in BOTH_DIRECTIONS}


class ProxiedConnection:
    """A client connection and its upstream connection, with network conditions besides those of the proxy."""

    def __init__(self, client: Streams, upstream: Streams, proxy: "Proxy") -> None:
        self._client, self._upstream, self._proxy = client, upstream, proxy
        self.conditions = network_conditions()

    async def forward(self) -> None:
        """Copy until one end closes, then close the other end, unless the direction to it is stalled."""
        pumps = [
            asyncio.create_task(self._pump("up", self._client[0], self._upstream[1])),
            asyncio.create_task(self._pump("down", self._upstream[0], self._client[1])),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self.close()

    async def _pump(self, direction: Direction, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(CHUNK):
                await self._wait_for_delivery(direction)
                sink.write(chunk)
                self._proxy.bytes_forwarded[direction] += len(chunk)
                await sink.drain()
            await self._wait_for_delivery(direction)

    async def _wait_for_delivery(self, direction: Direction) -> None:
        await self._proxy.conditions[direction].wait_for_delivery()
        await self.conditions[direction].wait_for_delivery()

    def close(self) -> None:
        for _, writer in (self._client, self._upstream):
            writer.close()

    def reset(self) -> None:
        """Both ends get an RST instead of an orderly close."""
        for _, writer in (self._client, self._upstream):
            abort_connection(writer)


class Proxy:
    """Listens on its own port and forwards each connection to one of `upstreams`.

    It picks them in rotation, as a load balancer does, and skips those that refuse the connection.
    """

    def __init__(self, *upstreams: Address) -> None:
        self.upstreams = list(upstreams)
        self.conditions = network_conditions()
        self.bytes_forwarded: dict[Direction, int] = dict.fromkeys(BOTH_DIRECTIONS, 0)
        self.refusing = False
        self._upstream_index = 0
        self._connections: dict[ProxiedConnection, asyncio.Task[None]] = {}
        self._listener: asyncio.Server | None = None

    async def open(self) -> "Proxy":
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    @property
    def port(self) -> int:
        assert self._listener is not None
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def connection_count(self) -> int:
        """The number of open connections."""
        return len(self._connections)

    # -- faults ----------------------------------------------------------------------------------------------

    def delay(self, delay_s: float, jitter_s: float = 0.0, directions: Iterable[Direction] = BOTH_DIRECTIONS) -> None:
        for direction in directions:
            self.conditions[direction].delay_s, self.conditions[direction].jitter_s = delay_s, jitter_s

    def stall(self, *directions: Direction) -> None:
        """Stall these directions (both if none is named) of all present and new connections until `restore`."""
        for direction in directions or BOTH_DIRECTIONS:
            self.conditions[direction].stall()

    def stall_existing(self, *directions: Direction) -> None:
        """Make the present connections half open for good; new connections work."""
        for connection in self._connections:
            for direction in directions or BOTH_DIRECTIONS:
                connection.conditions[direction].stall()

    def disconnect(self) -> None:
        """Close every connection in order."""
        for connection in list(self._connections):
            connection.close()

    def reset(self) -> None:
        for connection in list(self._connections):
            connection.reset()

    def refuse(self) -> None:
        """Reset every connection, and every new one when it arrives, until `restore`."""
        self.refusing = True
        self.reset()

    def restore(self) -> None:
        """End all faults, except on connections that `stall_existing` stalled."""
        self.refusing = False
        for condition in self.conditions.values():
            condition.restore()

    async def close(self) -> None:
        assert self._listener is not None
        self._listener.close()
        for connection, task in list(self._connections.items()):
            connection.reset()
            task.cancel()
        await asyncio.gather(*self._connections.values(), return_exceptions=True)

    # -- connections -----------------------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = None if self.refusing else await self._connect_upstream()
        if upstream is None:
            abort_connection(writer)
            return
        connection = ProxiedConnection((reader, writer), upstream, self)
        task = asyncio.current_task()
        assert task is not None
        self._connections[connection] = task
        try:
            await connection.forward()
        except asyncio.CancelledError:
            connection.reset()  # asyncio.Server would report a cancelled task as an error when the proxy closes
        finally:
            del self._connections[connection]

    async def _connect_upstream(self) -> Streams | None:
        self._upstream_index += 1
        for step in range(len(self.upstreams)):
            upstream = self.upstreams[(self._upstream_index + step) % len(self.upstreams)]
            with contextlib.suppress(OSError):
                if isinstance(upstream, Path):
                    return await asyncio.open_unix_connection(upstream)
                return await asyncio.open_connection(*upstream)
        return None

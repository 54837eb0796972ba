"""A line between two ends that can be slowed, stalled, cut, reset and left half open, one direction at a time.

The kernel may have no network emulation, so every connection of a fault run goes through one of these. Nothing is
ever thrown away on a line that lives on: a cable that comes back brings what TCP has kept, and so does `flow`.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

Way = Literal["up", "down"]
BOTH: tuple[Way, Way] = ("up", "down")
Address = tuple[str, int] | Path
CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def hung_up_on(writer: asyncio.StreamWriter) -> None:
    """At once and, where the family knows it, with an RST."""
    end: socket.socket = writer.get_extra_info("socket")
    if end.family != socket.AF_UNIX and end.fileno() >= 0:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


class Weather:
    """What happens to what is carried one way: it comes later, or it does not come."""

    def __init__(self) -> None:
        self.delay_s = 0.0
        self.jitter_s = 0.0
        self._flows = asyncio.Event()
        self._flows.set()

    @property
    def stalled(self) -> bool:
        return not self._flows.is_set()

    def stall(self) -> None:
        self._flows.clear()

    def flow(self) -> None:
        self.delay_s = self.jitter_s = 0.0
        self._flows.set()

    async def passes(self) -> None:
        """Returns when a chunk may go on."""
        if self.delay_s or self.jitter_s:
            await asyncio.sleep(self.delay_s + random.random() * self.jitter_s)
        await self._flows.wait()


class Line:
    """One connection: two ends, and a weather of its own on top of the proxy's."""

    def __init__(self, near: Ends, far: Ends, proxy: "Proxy") -> None:
        self._near, self._far, self._proxy = near, far, proxy
        self.own: dict[Way, Weather] = {way: Weather() for way in BOTH}

    async def carry(self) -> None:
        """Until either end has hung up; the other one is then told so, unless the way to it is stalled."""
        ways = [
            asyncio.create_task(self._pump("up", self._near[0], self._far[1])),
            asyncio.create_task(self._pump("down", self._far[0], self._near[1])),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self.close()

    async def _pump(self, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(CHUNK):
                await self._weather(way)
                sink.write(chunk)
                self._proxy.carried[way] += len(chunk)
                await sink.drain()
            await self._weather(way)

    async def _weather(self, way: Way) -> None:
        await self._proxy.weather[way].passes()
        await self.own[way].passes()

    def close(self) -> None:
        for _, writer in (self._near, self._far):
            writer.close()

    def reset(self) -> None:
        """Both ends get an RST instead of an orderly end."""
        for _, writer in (self._near, self._far):
            hung_up_on(writer)


class Proxy:
    """Listens on a port of its own and carries each connection to one of `upstreams`: the first that answers,
    beginning with another one each time, as a balancer does."""

    def __init__(self, *upstreams: Address) -> None:
        self.upstreams = list(upstreams)
        self.weather: dict[Way, Weather] = {way: Weather() for way in BOTH}
        self.carried: dict[Way, int] = dict.fromkeys(BOTH, 0)
        self.shut = False
        self._turn = 0
        self._lines: dict[Line, asyncio.Task[None]] = {}
        self._listener: asyncio.Server | None = None

    async def open(self) -> "Proxy":
        self._listener = await asyncio.start_server(self._take, "127.0.0.1", 0)
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
    def standing(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    # -- the faults ------------------------------------------------------------------------------------------

    def slow(self, delay_s: float, jitter_s: float = 0.0, ways: Iterable[Way] = BOTH) -> None:
        for way in ways:
            self.weather[way].delay_s, self.weather[way].jitter_s = delay_s, jitter_s

    def stall(self, *ways: Way) -> None:
        """Nothing arrives this way (both when none is named) until `flow`, on old lines and new ones."""
        for way in ways or BOTH:
            self.weather[way].stall()

    def deafen(self, *ways: Way) -> None:
        """The lines that stand now are half open from here on; new ones are well."""
        for line in self._lines:
            for way in ways or BOTH:
                line.own[way].stall()

    def cut(self) -> None:
        """Hangs up on every line, in order."""
        for line in list(self._lines):
            line.close()

    def reset(self) -> None:
        for line in list(self._lines):
            line.reset()

    def refuse(self) -> None:
        """Resets every line, and every new one as soon as it comes, until `flow`."""
        self.shut = True
        self.reset()

    def flow(self) -> None:
        """All is well again, but for lines that were deafened."""
        self.shut = False
        for weather in self.weather.values():
            weather.flow()

    async def close(self) -> None:
        assert self._listener is not None
        self._listener.close()
        for line, task in list(self._lines.items()):
            line.reset()
            task.cancel()
        await asyncio.gather(*self._lines.values(), return_exceptions=True)

    # -- connections -----------------------------------------------------------------------------------------

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = None if self.shut else await self._reach()
        if far is None:
            hung_up_on(writer)
            return
        line = Line((reader, writer), far, self)
        task = asyncio.current_task()
        assert task is not None
        self._lines[line] = task
        try:
            await line.carry()
        except asyncio.CancelledError:
            line.reset()  # the proxy closes; the server's own task is not to be reported as cancelled
        finally:
            del self._lines[line]

    async def _reach(self) -> Ends | None:
        self._turn += 1
        for step in range(len(self.upstreams)):
            upstream = self.upstreams[(self._turn + step) % len(self.upstreams)]
            with contextlib.suppress(OSError):
                if isinstance(upstream, Path):
                    return await asyncio.open_unix_connection(upstream)
                return await asyncio.open_connection(*upstream)
        return None

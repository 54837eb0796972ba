"""The engine: connections as they come, without compression, without JSONP, closed so that clients return."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine

import engineio
from aiohttp import WSCloseCode, web
from engineio import packet, payload
from engineio.async_drivers import aiohttp
from engineio.async_drivers.aiohttp import WebSocket

from chat.realtime.packets import StrictJson

BACKLOG = 2_000
CLOSING_S = 2.0
# The library drops a poll of more than 16 packets and answers 200 all the same; its length is bounded anyway.
payload.Payload.max_decode_packets = 4_096


def quiet_logger() -> logging.Logger:
    """Errors only: at INFO the libraries write every message's text. A malformed polling body is the
    client's error, not one of ours to write down with a traceback each time."""
    own = logging.getLogger("chat.realtime.wire")
    own.setLevel(logging.ERROR)
    own.addFilter(not_a_clients_nonsense)
    return own


def not_a_clients_nonsense(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(("post request handler error", "Invalid session"))


class Frames(WebSocket):
    """A WebSocket that offers no compression: browsers ask for it, and it costs 100 kB a connection."""

    server: "Engine"

    async def __call__(self, environ: dict[str, object]) -> web.WebSocketResponse:
        request = environ["aiohttp.request"]
        assert isinstance(request, web.Request)
        self._transport = request.transport
        self._sock = web.WebSocketResponse(max_msg_size=self.server.max_http_buffer_size, compress=False)
        await self._sock.prepare(request)
        sid = self.handler.__self__.sid
        self.server.open[sid] = self
        try:
            await self.handler(self)
        finally:
            # A line may be opened twice under one sid; the library refuses one, and it must not take the other with it.
            if self.server.open.get(sid) is self:
                del self.server.open[sid]
        return self._sock

    async def end(self, code: int) -> None:
        """Say goodbye, and hang up on who does not read it within CLOSING_S."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await self._sock.close(code=code, drain=False)
        # Closing gently waits for what is unsent, and that may be for ever.
        if self._transport is not None and self._transport.get_write_buffer_size():
            self._transport.abort()

    async def wait(self) -> str | bytes:
        """The next frame of text. Binary ones are passed over; what is no packet at all ends the connection,
        for the library would raise where nobody catches it."""
        while isinstance(frame := await super().wait(), bytes):
            pass
        if not "0" <= frame[:1] <= "6":
            raise OSError("not a packet")
        return frame


class Engine(engineio.AsyncServer):
    """Engine.IO, with every open WebSocket in `open` by its sid."""

    def __init__(self, **options: object) -> None:
        super().__init__(json=StrictJson, **options)
        self._async = {**self._async, "websocket": Frames, "translate_request": self._translated}
        self.open: dict[str, Frames] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def _translated(self, request: web.Request) -> dict[str, object]:
        """The library's environ. Its JSONP can't be switched off, so it is refused here; and it stumbles over
        words to a connection that was closed, unless that is forgotten first."""
        if "j" in request.query:
            raise web.HTTPBadRequest(text="JSONP is not spoken here")
        sid = request.query.get("sid", "")
        if sid in self.sockets and self.sockets[sid].closed:
            del self.sockets[sid]
        return aiohttp.translate_request(request)

    def push(self, sid: str, data: packet.Packet) -> None:
        """Queue a packet without waiting; who never reads is cut instead of remembered for ever."""
        socket = self.sockets.get(sid)
        if socket is None or socket.closed or socket.queue.qsize() > BACKLOG:
            return
        socket.queue.put_nowait(data)
        if socket.queue.qsize() > BACKLOG:
            self.cut(sid)

    def release(self, sid: str) -> None:
        """Answer the poll of a connection that has ended: the library would let it wait for its timeout."""
        socket = self.sockets.get(sid)
        if socket is not None and sid not in self.open:
            socket.queue.put_nowait(packet.Packet(packet.NOOP))

    def cut(self, sid: str, code: int = WSCloseCode.POLICY_VIOLATION) -> None:
        """End one connection soon, whatever its client does."""
        self._soon(self._end(sid, code))

    async def drain(self) -> None:
        """Close all connections with "service restart", which makes clients come back by themselves."""
        ends = [self._end(sid, WSCloseCode.SERVICE_RESTART) for sid in list(self.sockets)]
        await asyncio.gather(*ends)

    async def _end(self, sid: str, code: int) -> None:
        frames, socket = self.open.get(sid), self.sockets.get(sid)
        if frames is not None:
            await frames.end(code)
        elif socket is not None:
            await socket.close(wait=False)

    def _soon(self, end: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(end)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

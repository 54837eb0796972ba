"""The engine: how connections come and end. WebSockets are taken over from aiohttp; long polling is the library's."""

import asyncio
import base64
import logging
import secrets
import time
from collections.abc import Coroutine

import engineio
import orjson
from aiohttp import web
from engineio import packet, payload
from engineio.async_drivers import aiohttp
from engineio.async_socket import AsyncSocket

from chat.websocket.connection import ConnectionListener, WebSocketConnection
from chat.websocket.frames import MAX_MESSAGE, MAX_UNSENT, POLICY, RESTART, WriteBatch, frame
from chat.websocket.heartbeat import PING_EVERY_S, PONG_WITHIN_S, HeartbeatTimer
from chat.websocket.packets import StrictJson
from chat.websocket.upgrade import UpgradedResponse, is_handshake, upgrade

# What a packet costs that says nothing.
PACKET_OVERHEAD = 500
ID_BYTES, IDS_AT_ONCE = 15, 256
POLLING_CHECK_TICKS = 10
# The library drops a poll of more than 16 packets and answers 200 all the same; its length is bounded anyway.
payload.Payload.max_decode_packets = 4_096


def quiet_logger() -> logging.Logger:
    """Errors only: at INFO the libraries write every message's text, and a client's nonsense is no error of ours."""
    own = logging.getLogger("chat.websocket")
    own.setLevel(logging.ERROR)
    own.addFilter(lambda record: not str(record.msg).startswith("Invalid session"))
    return own


class Body:
    """A request's body, read and looked at before the library asks for it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def read(self, _: int) -> bytes:
        return self._content


class EngineServer(engineio.AsyncServer):
    """Engine.IO. `sockets` holds lines and the library's own sockets, those of long polling, side by side.

    Polling connections are not upgraded: whoever can speak WebSocket says so in the first request, as our clients do.
    `ears` is set before the first request comes.
    """

    listener: ConnectionListener

    def __init__(self, **options: object) -> None:
        # Its own watch goes from socket to socket with a timer for each; the wheel and `watch` do that.
        super().__init__(json=StrictJson, monitor_clients=False, allow_upgrades=False, **options)
        self._async = {**self._async, "translate_request": self._environ}
        self._polls: set[tuple[str, str]] = set()
        self._closing: set[asyncio.Future[object]] = set()
        # Bytes that wait for the next poll of a connection.
        self._unfetched: dict[str, int] = {}
        self._batch = WriteBatch()
        self._ids: list[str] = []
        self._ticks = 0
        self._websockets = 0
        self._draining = False
        self.heartbeat = HeartbeatTimer(self._on_tick)

    # -- coming ------------------------------------------------------------------------------------------------

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """The one route of /socket.io/."""
        if self._draining:
            raise web.HTTPServiceUnavailable(text="this node is ending")
        self.heartbeat.start()
        query = request.query
        if "j" in query:
            raise web.HTTPBadRequest(text="JSONP is not spoken here")
        if query.get("transport") == "websocket":
            return await self._websocket(request)
        return await self._polling(request)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        """Nothing here waits: what aiohttp reads before the take-over would be its own otherwise."""
        if not is_handshake(request):
            raise web.HTTPBadRequest(text="not a WebSocket handshake of version 13")
        if request.query.get("EIO") != "4" or "sid" in request.query:
            raise web.HTTPBadRequest(text="Engine.IO 4 is spoken here, and no connection changes its transport")
        if not self._is_allowed_origin(request.headers.get("Origin")):
            raise web.HTTPBadRequest(text="not an accepted origin")
        if request.transport is None:  # it has hung up meanwhile
            return UpgradedResponse()
        line = WebSocketConnection(request.transport, self._batch, self.generate_id(), self.listener)
        self.sockets[line.sid] = line
        self._websockets += 1
        await self._trigger_event("connect", line.sid, {"aiohttp.request": request}, run_async=False)
        self.heartbeat.add(line)
        return upgrade(request, line, frame(b"0" + orjson.dumps(self._open_packet(line.sid))))

    def generate_id(self) -> str:
        """As unguessable as the library's, drawn many at a time: to ask the kernel is to let another thread have the
        interpreter, and each who comes needs two."""
        if not self._ids:
            drawn = secrets.token_bytes(IDS_AT_ONCE * ID_BYTES)
            chunks = (drawn[at : at + ID_BYTES] for at in range(0, len(drawn), ID_BYTES))
            self._ids = [base64.urlsafe_b64encode(chunk).decode() for chunk in chunks]
        return self._ids.pop()

    def _is_allowed_origin(self, origin: str | None) -> bool:
        """Browsers apply no rule of their own to WebSockets; other clients send no Origin."""
        assert callable(self.cors_allowed_origins)
        return origin is None or bool(self.cors_allowed_origins(origin))

    def _open_packet(self, sid: str) -> dict[str, object]:
        times = {"pingInterval": PING_EVERY_S * 1_000, "pingTimeout": PONG_WITHIN_S * 1_000}
        return {"sid": sid, "upgrades": [], **times, "maxPayload": MAX_MESSAGE}

    async def _polling(self, request: web.Request) -> web.StreamResponse:
        """The library's, but for what it lets pass: two requests of one kind at once, bodies that are no packets, and
        words to a connection that was closed, at which it stumbles unless that is forgotten first."""
        sid = request.query.get("sid", "")
        if sid in self.sockets and self.sockets[sid].closed:
            del self.sockets[sid]
        place = (sid, request.method)
        if place in self._polls:
            self.close_connection(sid)
            raise web.HTTPBadRequest(text="one request of a kind at a time")
        if sid in self.sockets:
            self._polls.add(place)
        try:
            response: web.StreamResponse = await super().handle_request(request)
            return response
        finally:
            self._polls.discard(place)
            if request.method == "GET":
                self._unfetched.pop(sid, None)

    async def _environ(self, request: web.Request) -> dict[str, object]:
        """The library's environ. A body that it could not read is refused here: of one that is too long it would
        never answer, and to one that is no text it says 200 and writes a traceback."""
        environ = aiohttp.translate_request(request)
        if request.method == "POST":
            body = await request.read() if (request.content_length or 0) <= MAX_MESSAGE else b""
            if not are_packets(body):
                raise web.HTTPBadRequest(text="not a payload of packets, or too long")
            environ["wsgi.input"] = Body(body)
        return environ

    # -- telling, and ending -----------------------------------------------------------------------------------

    async def send_packet(self, sid: str, pkt: packet.Packet) -> None:
        """The library's way to send: answers, mostly."""
        socket = self.sockets.get(sid)
        if isinstance(socket, WebSocketConnection):
            await socket.send(pkt)
        else:
            self.queue(sid, pkt)

    def queue(self, sid: str, pkt: packet.Packet) -> None:
        """For a connection by long polling, without waiting. Who never fetches is cut, not remembered for ever: more
        than UNSENT may not wait, beside the last packet."""
        socket, owed = self.sockets.get(sid), self._unfetched.get(sid, 0)
        if not isinstance(socket, AsyncSocket) or socket.closed:
            return
        if owed > MAX_UNSENT:
            self.close_connection(sid)
            return
        self._unfetched[sid] = owed + len(pkt.encode()) + PACKET_OVERHEAD
        socket.queue.put_nowait(pkt)

    def remove(self, line: WebSocketConnection) -> None:
        """This line has ended; a line says so once. A poll in its name may have taken it out before."""
        self.sockets.pop(line.sid, None)
        self._websockets -= 1

    def answer_poll(self, sid: str) -> None:
        """Answer the poll of a connection that has ended: the library would let it wait for its timeout."""
        socket = self.sockets.get(sid)
        if isinstance(socket, AsyncSocket):
            socket.queue.put_nowait(packet.Packet(packet.NOOP))

    def close_connection(self, sid: str, code: int = POLICY) -> None:
        """End one connection soon, whatever its client does."""
        socket = self.sockets.get(sid)
        if isinstance(socket, WebSocketConnection):
            socket.close_with(code)
        elif socket is not None:
            self._close_soon(socket.close(wait=False))

    async def drain(self) -> None:
        """Close all connections with "service restart", which makes clients come back by themselves."""
        self._draining = True
        lines = [socket for socket in self.sockets.values() if isinstance(socket, WebSocketConnection)]
        for sid in list(self.sockets):
            self.close_connection(sid, RESTART)
        for line in self._batch.rejected:
            line.transport.abort()
        await asyncio.gather(*(line.wait_closed() for line in lines), *self._closing, return_exceptions=True)
        self.heartbeat.stop()

    def _on_tick(self) -> None:
        """Twice a second, and at the library's own sockets every WATCH_BEATS: they are few among many."""
        self.listener.on_tick()
        self._ticks += 1
        if self._ticks % POLLING_CHECK_TICKS == 0 and len(self.sockets) > self._websockets:
            for sid, socket in list(self.sockets.items()):
                if isinstance(socket, AsyncSocket):
                    self._check_polling(sid, socket)

    def _check_polling(self, sid: str, socket: AsyncSocket) -> None:
        if socket.closed:
            del self.sockets[sid]
            self._unfetched.pop(sid, None)
        elif socket.last_ping and time.time() - socket.last_ping > PONG_WITHIN_S:
            self._close_soon(socket.check_ping_timeout())

    def _close_soon(self, end: Coroutine[object, object, object]) -> None:
        task = asyncio.ensure_future(end)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def are_packets(body: bytes) -> bool:
    """Whether a polling body is text of Engine.IO packets: nothing else may reach the library."""
    try:
        packets = body.decode().split("\x1e")
    except UnicodeDecodeError:
        return False
    return all("0" <= one[:1] <= "6" for one in packets)

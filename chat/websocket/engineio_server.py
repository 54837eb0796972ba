"""Engine.IO server: our own WebSocket transport beside python-engineio's long polling."""

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
from chat.websocket.frames import MAX_MESSAGE, MAX_UNSENT, POLICY, RESTART, WriteBatch, encode_frame
from chat.websocket.heartbeat import PING_INTERVAL_S, PING_TIMEOUT_S, HeartbeatTimer
from chat.websocket.packets import StrictJson
from chat.websocket.upgrade import UpgradedResponse, is_handshake, upgrade

# The memory of a queued packet besides its text, in bytes.
PACKET_OVERHEAD = 500
ID_BYTES, IDS_PER_DRAW = 15, 256
POLLING_CHECK_TICKS = 10
# How long a client may take to send the body of a poll.
BODY_TIMEOUT_S = 10.0
# The library's own limit is 16. The length of a body is bounded anyway.
MAX_PACKETS = payload.Payload.max_decode_packets = 4_096
# Close, pong, message.
CLIENT_PACKETS = ("1", "3", "4")


def quiet_logger() -> logging.Logger:
    """Log errors only: at INFO the libraries log the text of every message. An unknown session is a client's error."""
    logger = logging.getLogger("chat.websocket")
    logger.setLevel(logging.ERROR)
    logger.addFilter(lambda record: not str(record.msg).startswith("Invalid session"))
    return logger


class BufferedBody:
    """A request body that was read and checked before the library reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def read(self, _: int) -> bytes:
        return self._content


class EngineServer(engineio.AsyncServer):
    """`sockets` holds WebSocketConnections and, for long polling, the library's own sockets.

    Polling connections are never upgraded: a client that supports WebSocket starts with it, as ours do.
    `listener` must be set before the first request.
    """

    listener: ConnectionListener

    def __init__(self, **options: object) -> None:
        # The library's monitor starts a timer for each socket. HeartbeatTimer and _check_polling replace it.
        super().__init__(json=StrictJson, monitor_clients=False, allow_upgrades=False, **options)
        self._async = {**self._async, "translate_request": self._environ}
        self._open_polls: set[tuple[str, str]] = set()
        self._closing_tasks: set[asyncio.Future[object]] = set()
        # How many bytes wait for the next poll of a connection.
        self._queued_bytes: dict[str, int] = {}
        self._batch = WriteBatch()
        self._ids: list[str] = []
        self._ticks = 0
        self._websocket_count = 0
        self._draining = False
        self.heartbeat = HeartbeatTimer(self._on_tick)

    # -- opening connections -----------------------------------------------------------------------------------

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """The handler of /socket.io/."""
        if self._draining:
            raise web.HTTPServiceUnavailable(text="this node is shutting down")
        self.heartbeat.start()
        query = request.query
        if "j" in query:
            raise web.HTTPBadRequest(text="JSONP is not supported")
        if query.get("transport") == "websocket":
            return await self._open_websocket(request)
        return await self._handle_polling(request)

    async def _open_websocket(self, request: web.Request) -> web.StreamResponse:
        """Nothing here may suspend: aiohttp would otherwise consume the bytes that follow the handshake."""
        if not is_handshake(request):
            raise web.HTTPBadRequest(text="not a WebSocket handshake of version 13")
        if request.query.get("EIO") != "4" or "sid" in request.query:
            raise web.HTTPBadRequest(text="only Engine.IO 4, and without a change of transport")
        if not self._is_allowed_origin(request.headers.get("Origin")):
            raise web.HTTPBadRequest(text="origin not allowed")
        if request.transport is None:  # the client has disconnected meanwhile
            return UpgradedResponse()
        connection = WebSocketConnection(request.transport, self._batch, self.generate_id(), self.listener)
        self.sockets[connection.sid] = connection
        self._websocket_count += 1
        await self._trigger_event("connect", connection.sid, {"aiohttp.request": request}, run_async=False)
        self.heartbeat.add(connection)
        return upgrade(request, connection, encode_frame(b"0" + orjson.dumps(self._open_packet(connection.sid))))

    def generate_id(self) -> str:
        """A random id like the library's, from a batch: asking the kernel releases the GIL to other threads, and each
        connection needs two ids."""
        if not self._ids:
            drawn = secrets.token_bytes(IDS_PER_DRAW * ID_BYTES)
            chunks = (drawn[start : start + ID_BYTES] for start in range(0, len(drawn), ID_BYTES))
            self._ids = [base64.urlsafe_b64encode(chunk).decode() for chunk in chunks]
        return self._ids.pop()

    def _is_allowed_origin(self, origin: str | None) -> bool:
        """Browsers apply no same-origin policy to WebSockets, so check it here. Other clients send no Origin."""
        assert callable(self.cors_allowed_origins)
        return origin is None or bool(self.cors_allowed_origins(origin))

    def _open_packet(self, sid: str) -> dict[str, object]:
        times = {"pingInterval": PING_INTERVAL_S * 1_000, "pingTimeout": PING_TIMEOUT_S * 1_000}
        return {"sid": sid, "upgrades": [], **times, "maxPayload": MAX_MESSAGE}

    async def _handle_polling(self, request: web.Request) -> web.StreamResponse:
        """The library's handler, with checks that it lacks: two concurrent requests of one method, bodies that are no
        packets, and requests for a closed socket, which raise inside the library unless it is removed first."""
        sid = request.query.get("sid", "")
        if sid in self.sockets and self.sockets[sid].closed:
            del self.sockets[sid]
        poll = (sid, request.method)
        if poll in self._open_polls:
            self.close_connection(sid)
            raise web.HTTPBadRequest(text="only one request of a method at a time")
        if sid in self.sockets:
            self._open_polls.add(poll)
        try:
            response: web.StreamResponse = await super().handle_request(request)
            return response
        finally:
            self._open_polls.discard(poll)
            if request.method == "GET":
                self._queued_bytes.pop(sid, None)

    async def _environ(self, request: web.Request) -> dict[str, object]:
        """The library's environ, with the body checked: it would never answer a body that is too long, and answers 200
        and logs a traceback to one that is no text."""
        environ = aiohttp.translate_request(request)
        if request.method == "POST":
            body = await self._read_body(request)
            if not are_packets(body):
                self.close_connection(request.query.get("sid", ""))
                raise web.HTTPBadRequest(text="not an Engine.IO payload of a client, too long or too slow")
            environ["wsgi.input"] = BufferedBody(body)
        return environ

    async def _read_body(self, request: web.Request) -> bytes:
        """The body, or nothing if it is too long or too slow."""
        if (request.content_length or 0) > MAX_MESSAGE:
            return b""
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                return await request.read()
        except TimeoutError:
            return b""

    # -- sending and closing -----------------------------------------------------------------------------------

    async def send_packet(self, sid: str, pkt: packet.Packet) -> None:
        """Send a packet of the library's, mostly an ack."""
        socket = self.sockets.get(sid)
        if isinstance(socket, WebSocketConnection):
            await socket.send(pkt)
        else:
            self.queue(sid, pkt)

    def queue(self, sid: str, pkt: packet.Packet) -> None:
        """Queue a packet for the next poll of a long-polling connection, without waiting.

        If more than MAX_UNSENT bytes wait already, close the connection: its client does not poll.
        """
        socket, queued = self.sockets.get(sid), self._queued_bytes.get(sid, 0)
        if not isinstance(socket, AsyncSocket) or socket.closed:
            return
        if queued > MAX_UNSENT:
            self.close_connection(sid)
            return
        self._queued_bytes[sid] = queued + len(pkt.encode()) + PACKET_OVERHEAD
        socket.queue.put_nowait(pkt)

    def remove(self, connection: WebSocketConnection) -> None:
        """Forget a WebSocket that has ended. A poll with its sid may have removed it from `sockets` before."""
        self.sockets.pop(connection.sid, None)
        self._websocket_count -= 1

    def answer_poll(self, sid: str) -> None:
        """Answer the open poll of a connection that has ended; the library would let it run into its timeout."""
        socket = self.sockets.get(sid)
        if isinstance(socket, AsyncSocket):
            socket.queue.put_nowait(packet.Packet(packet.NOOP))

    def close_connection(self, sid: str, code: int = POLICY) -> None:
        """Close a connection of either transport, without waiting for its client."""
        socket = self.sockets.get(sid)
        if isinstance(socket, WebSocketConnection):
            socket.close_with(code)
        elif socket is not None:
            self._close_soon(socket.close(wait=False))

    async def drain(self) -> None:
        """Close all connections with 1012 (service restart), on which clients reconnect by themselves."""
        self._draining = True
        connections = [socket for socket in self.sockets.values() if isinstance(socket, WebSocketConnection)]
        for sid in list(self.sockets):
            self.close_connection(sid, RESTART)
        for rejected in self._batch.rejected:
            rejected.transport.abort()
        await asyncio.gather(
            *(connection.wait_closed() for connection in connections), *self._closing_tasks, return_exceptions=True
        )
        self.heartbeat.stop()

    def _on_tick(self) -> None:
        """Run the listener's tick, and check the polling sockets every POLLING_CHECK_TICKS: they are few among many."""
        self.listener.on_tick()
        self._ticks += 1
        if self._ticks % POLLING_CHECK_TICKS == 0 and len(self.sockets) > self._websocket_count:
            for sid, socket in list(self.sockets.items()):
                if isinstance(socket, AsyncSocket):
                    self._check_polling(sid, socket)

    def _check_polling(self, sid: str, socket: AsyncSocket) -> None:
        if socket.closed:
            del self.sockets[sid]
            self._queued_bytes.pop(sid, None)
        elif socket.last_ping and time.time() - socket.last_ping > PING_TIMEOUT_S:
            self._close_soon(socket.check_ping_timeout())

    def _close_soon(self, closing: Coroutine[object, object, object]) -> None:
        task = asyncio.ensure_future(closing)
        self._closing_tasks.add(task)
        task.add_done_callback(self._closing_tasks.discard)


def are_packets(body: bytes) -> bool:
    """Whether a polling body is text made of the Engine.IO packets that a client may send by polling.

    The library may get nothing else: it never answers a ping, and drops a body of too many packets with status 200.
    """
    try:
        packets = body.decode().split("\x1e")
    except UnicodeDecodeError:
        return False
    return len(packets) <= MAX_PACKETS and all(packet[:1] in CLIENT_PACKETS for packet in packets)

"""Engine.IO server: our own WebSocket transport beside python-engineio's long polling."""

import asyncio
import base64
import logging
import secrets
import time
from collections.abc import Coroutine
from typing import Protocol
from urllib.parse import urlencode

import engineio
import orjson
from aiohttp import web
from engineio import packet, payload
from engineio.async_drivers import aiohttp
from engineio.async_socket import AsyncSocket

from chat.websocket import engineio_requests
from chat.websocket.connection import PacketListener, WebSocketConnection
from chat.websocket.engineio_requests import BAD_REQUEST, FORBIDDEN, UNKNOWN_SESSION, RefusedRequest
from chat.websocket.frames import MAX_MESSAGE, MAX_UNSENT, POLICY, RESTART, WriteBatch, encode_frame
from chat.websocket.heartbeat import PING, PING_INTERVAL_S, PING_TIMEOUT_S, HeartbeatTimer
from chat.websocket.packets import StrictJson
from chat.websocket.probe import Probe
from chat.websocket.upgrade import UpgradedResponse, is_handshake, upgrade

# The memory of a queued packet besides its text, in bytes.
PACKET_OVERHEAD = 500
ID_BYTES, IDS_PER_DRAW = 15, 256
POLLING_CHECK_TICKS = 10
payload.Payload.max_decode_packets = engineio_requests.MAX_PACKETS


def quiet_logger() -> logging.Logger:
    """Log errors only: at INFO the libraries log the text of every message. An unknown session is a client's error."""
    logger = logging.getLogger("chat.websocket")
    logger.setLevel(logging.ERROR)
    logger.addFilter(lambda record: not str(record.msg).startswith("Invalid session"))
    return logger


class ConnectionListener(PacketListener, Protocol):
    """Handles what happens to the connections of an EngineServer."""

    def is_same_client(self, sid: str, request: web.Request) -> bool:
        """Whether a later request of a session has the credential of the first one."""

    def on_tick(self) -> None:
        """Do what is due; called twice a second."""


class EngineServer(engineio.AsyncServer):
    """`sockets` holds WebSocketConnections and, for long polling, the library's own sockets.

    A polling client may change to WebSocket: until it has, `_probes` holds the WebSocket that is to take over.
    `listener` must be set before the first request.
    """

    listener: ConnectionListener

    def __init__(self, **options: object) -> None:
        # The library's monitor starts a timer for each socket. HeartbeatTimer and _check_polling replace it.
        super().__init__(json=StrictJson, monitor_clients=False, **options)
        self._async = {**self._async, "translate_request": self._environ}
        self._open_polls: set[tuple[str, str]] = set()
        self._probes: dict[str, Probe] = {}
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
        try:
            assert callable(self.cors_allowed_origins)
            engineio_requests.check_request(request, self.cors_allowed_origins)
            if sid := request.query.get("sid"):
                self._check_session(sid, request)
            if request.query["transport"] == "websocket":
                return await self._open_websocket(request)
            return await self._handle_polling(request)
        except RefusedRequest as refused:
            return refused.response()

    def _check_session(self, sid: str, request: web.Request) -> None:
        """Raise RefusedRequest unless this is the sid of an open polling session, and the request its client's."""
        if sid in self.sockets and self.sockets[sid].closed:
            del self.sockets[sid]
        if sid not in self.sockets:
            raise RefusedRequest(UNKNOWN_SESSION)
        if not self.listener.is_same_client(sid, request):
            raise RefusedRequest(FORBIDDEN, "the cookie is not that of the session")
        if sid in self._probes and request.query["transport"] == "websocket":
            raise RefusedRequest(BAD_REQUEST, "the session is changing to WebSocket already")
        if isinstance(self.sockets[sid], WebSocketConnection):
            raise RefusedRequest(BAD_REQUEST, "the session uses WebSocket")

    async def _open_websocket(self, request: web.Request) -> web.StreamResponse:
        """Nothing here may suspend: aiohttp would otherwise consume the bytes that follow the handshake."""
        if not is_handshake(request):
            raise RefusedRequest(BAD_REQUEST, "not a WebSocket handshake of version 13")
        if request.transport is None:  # the client has disconnected meanwhile
            return UpgradedResponse()
        if sid := request.query.get("sid"):
            self._probes[sid] = probe = Probe(self, request.transport, self._batch, sid)
            return upgrade(request, probe.connection, b"")
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

    def _open_packet(self, sid: str) -> dict[str, object]:
        times = {"pingInterval": PING_INTERVAL_S * 1_000, "pingTimeout": PING_TIMEOUT_S * 1_000}
        return {"sid": sid, "upgrades": [], **times, "maxPayload": MAX_MESSAGE}

    async def _handle_polling(self, request: web.Request) -> web.StreamResponse:
        """The library's handler, with a check that it lacks: two concurrent requests of one method."""
        sid = request.query.get("sid", "")
        poll = (sid, request.method)
        if poll in self._open_polls:
            self.close_connection(sid)
            raise RefusedRequest(BAD_REQUEST, "only one request of a method at a time")
        if sid in self.sockets:
            self._open_polls.add(poll)
        try:
            response: web.StreamResponse = await super().handle_request(request)
            return response
        finally:
            self._open_polls.discard(poll)
            if request.method == "GET":
                self._queued_bytes.pop(sid, None)
            elif sid in self._probes:
                self._probes[sid].take_over_if_idle()

    async def _environ(self, request: web.Request) -> dict[str, object]:
        """The library's environ, with the body checked. A malformed body ends its session.

        The library would read a sid behind an empty one, and open a WebSocket of its own for a poll with the header
        Upgrade. So it gets the query that was checked, and no such header.
        """
        environ, sid = aiohttp.translate_request(request), request.query.get("sid", "")
        environ["QUERY_STRING"] = urlencode({"EIO": "4", "transport": "polling"} | ({"sid": sid} if sid else {}))
        environ.pop("HTTP_UPGRADE", None)
        if request.method == "POST":
            try:
                body = await engineio_requests.read_packets(request, accepts_noop=sid in self._probes)
            except RefusedRequest:
                self.close_connection(sid)
                raise
            environ |= {"wsgi.input": engineio_requests.BufferedBody(body), "CONTENT_LENGTH": str(len(body))}
        return environ

    # -- the change from polling to WebSocket: the interface of a Probe -----------------------------------------

    def is_posting(self, sid: str) -> bool:
        """Whether packets of the client are still being handled."""
        return (sid, "POST") in self._open_polls

    def answer_poll(self, sid: str) -> None:
        """Answer the open poll of a connection, if there is one; the library would let it run into its timeout."""
        socket = self.sockets.get(sid)
        if (sid, "GET") in self._open_polls and isinstance(socket, AsyncSocket):
            socket.queue.put_nowait(packet.Packet(packet.NOOP))

    def take_over(self, connection: WebSocketConnection) -> None:
        """Make the WebSocket the transport of its session, without a turn of the event loop in between.

        A ping restarts the client's timer. The packets that waited for a poll follow it, and then the client's own.
        """
        sid = connection.sid
        polling = self.sockets[sid]
        assert isinstance(polling, AsyncSocket)
        polling.closed = True
        self.end_probe(sid)
        self.sockets[sid], connection.listener = connection, self.listener
        self._websocket_count += 1
        self._queued_bytes.pop(sid, None)
        self.heartbeat.add(connection)
        connection.push(PING)
        while not polling.queue.empty():
            if waiting := polling.queue.get_nowait():
                connection.push_packet(waiting)
        polling.queue.put_nowait(packet.Packet(packet.NOOP))
        packets, connection.inbox, connection.inbox_bytes = connection.inbox or (), None, 0
        for early in packets:
            self.listener.on_packet(connection, early)

    def end_probe(self, sid: str) -> None:
        """Forget the probe of a session."""
        self._probes.pop(sid, None)

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

    def close_polling(self, sid: str) -> None:
        """Answer the open poll of a session that has ended, and close the WebSocket that was to take it over."""
        self.answer_poll(sid)
        if probe := self._probes.get(sid):
            probe.connection.close_with(POLICY)

    def close_connection(self, sid: str, code: int = POLICY, reason: str = "") -> None:
        """Close a connection of either transport, without waiting for its client."""
        socket = self.sockets.get(sid)
        if isinstance(socket, WebSocketConnection):
            socket.close_with(code, reason)
        elif socket is not None:
            self._close_soon(sid, socket.close(wait=False))

    async def drain(self) -> None:
        """Close all connections with 1012 (service restart), on which clients reconnect by themselves."""
        self._draining = True
        connections = [socket for socket in self.sockets.values() if isinstance(socket, WebSocketConnection)]
        connections += [probe.connection for probe in self._probes.values()]
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
            self._close_soon(sid, socket.check_ping_timeout())

    def _close_soon(self, sid: str, closing: Coroutine[object, object, object]) -> None:
        self.close_polling(sid)
        task = asyncio.ensure_future(closing)
        self._closing_tasks.add(task)
        task.add_done_callback(self._closing_tasks.discard)

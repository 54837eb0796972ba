"""Socket.IO server: python-socketio with strict packets, ordered events and a deadline for the first command."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol, runtime_checkable

import socketio
from aiohttp import web
from socketio import packet as packets

from chat.websocket.connection import WebSocketConnection
from chat.websocket.engineio_server import EngineServer, quiet_logger
from chat.websocket.frames import (
    BINARY_NOT_SUPPORTED,
    MAX_MESSAGE,
    POLICY,
    TRY_AGAIN_LATER,
    UNSUPPORTED,
    encode_frame,
)
from chat.websocket.heartbeat import PING_INTERVAL_S, PING_TIMEOUT_S
from chat.websocket.packets import StrictPacket, is_binary
from chat.websocket.rooms import Rooms

FIRST_COMMAND_TIMEOUT_S = 10.0
# The header of an EVENT packet in an Engine.IO message: "42", the namespace and the ack id. The JSON follows.
EVENT = re.compile(rb"42(?:(/[^,]*),)?(\d{0,15})(?=\[)")

log = logging.getLogger(__name__)

Reply = Callable[[bytes], None]


class RetryLater(Exception):
    """Raised by a connect handler that cannot decide now. The connection is closed and its client reconnects."""


@runtime_checkable
class SyncHandler(Protocol):
    """A namespace that handles some events in the turn of the event loop in which they come."""

    namespace: str

    def dispatch_sync(self, sid: str, event: bytearray, reply: Reply) -> bool:
        """Handle an event (a JSON list of its name and argument) and return True, or do nothing and return False.

        True: the handler calls `reply` once with the JSON of the ack, now or later. False: the event goes to
        trigger_event.
        """


class SocketServer(socketio.AsyncServer):
    """The events of one connection start in their order. One that is not handled synchronously ends before the next
    one starts.

    A connection that completes no command within FIRST_COMMAND_TIMEOUT_S is closed; otherwise it could stay for ever.
    Connect handlers find the result of `connection_info(request)` as environ["connection_info"]. `credential` is the
    part of it that later requests of the same client must repeat.
    """

    def __init__(
        self,
        is_allowed_origin: Callable[[str], bool],
        connection_info: Callable[[web.Request], object] = lambda _: None,
        credential: Callable[[Any], object] = lambda _: None,
    ) -> None:
        logger = quiet_logger()
        self.rooms = Rooms()
        super().__init__(
            client_manager=self.rooms,
            async_mode="aiohttp",
            async_handlers=False,
            serializer=StrictPacket,
            namespaces=[],
            cors_allowed_origins=is_allowed_origin,
            cors_credentials=True,
            http_compression=False,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            max_http_buffer_size=MAX_MESSAGE,
            logger=logger,
            engineio_logger=logger,
        )
        self.engine.listener = self
        self._connection_info, self._credential = connection_info, credential
        self._sync_handlers: dict[bytes, SyncHandler] = {}
        # When each connection without a completed command was opened, the oldest first.
        self._awaiting_command: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def engine(self) -> EngineServer:
        assert isinstance(self.eio, EngineServer)
        return self.eio

    def register_namespace(self, namespace_handler: socketio.AsyncNamespace) -> None:
        super().register_namespace(namespace_handler)
        if isinstance(namespace_handler, SyncHandler):
            self._sync_handlers[namespace_handler.namespace.encode()] = namespace_handler

    def mark_active(self, sid: str, namespace: str) -> None:
        """The connection of this socket has completed a command: it may stay open."""
        self._awaiting_command.pop(self.rooms.eio_sid_from_sid(sid, namespace) or "", None)

    def kick(self, sid: str, namespace: str) -> None:
        """Close the connection of this socket and stop reading from it."""
        eio_sid = self.rooms.eio_sid_from_sid(sid, namespace) or ""
        connection = self.engine.sockets.get(eio_sid)
        if isinstance(connection, WebSocketConnection):
            connection.reject(POLICY)
        else:
            self.engine.close_connection(eio_sid)

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """As the library's, and close the connection, which the library leaves to the client."""
        eio_sid = self.rooms.eio_sid_from_sid(sid, namespace or "/")
        await super().disconnect(sid, namespace, ignore_queue)
        self.engine.close_connection(eio_sid or "")

    # -- ConnectionListener ------------------------------------------------------------------------------------

    def on_packet(self, connection: WebSocketConnection, message: bytearray) -> None:
        """Handle a Socket.IO packet synchronously if that keeps the order, else put it into the inbox."""
        if not connection.busy and not connection.inbox and (header := EVENT.match(message)):
            handler = self._sync_handlers.get(header[1])
            sid = self.rooms.sid_from_eio_sid(connection.sid, handler.namespace) if handler else None
            if handler and sid:
                connection.unacked += 1
                if handler.dispatch_sync(
                    sid, message[header.end() :], partial(self._send_ack, connection, message[2 : header.end()])
                ):
                    return
                connection.unacked -= 1
        connection.enqueue(message)
        self._start_queued_commands(connection)

    def on_control(self, connection: WebSocketConnection, packet: bytearray) -> None:
        """Ignore it. Engine.IO has such packets for polling and for its end only."""

    def is_same_client(self, sid: str, request: web.Request) -> bool:
        """Whether the request has the credential of the session's first request."""
        first = self.environ.get(sid)
        return first is not None and self._credential(first["connection_info"]) == self._credential(
            self._connection_info(request)
        )

    def _send_ack(self, connection: WebSocketConnection, header: bytearray, answer: bytes) -> None:
        connection.unacked -= 1
        self._awaiting_command.pop(connection.sid, None)
        if header[-1:].isdigit():
            connection.push(encode_frame(b"43%b[%b]" % (bytes(header), answer)))
        if connection.inbox:
            self._start_queued_commands(connection)

    def _start_queued_commands(self, connection: WebSocketConnection) -> None:
        if connection.inbox and not connection.busy and not connection.unacked:
            connection.busy = True
            task = asyncio.ensure_future(self._run_queued_commands(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run_queued_commands(self, connection: WebSocketConnection) -> None:
        """Handle the packets of the inbox until it is empty: one task, not one for each packet."""
        try:
            while packet := connection.dequeue():
                await self._handle_eio_message(connection.sid, packet[1:].decode())
        except UnicodeDecodeError:
            connection.close_with(POLICY)
        except Exception:
            log.exception("handling a packet failed")
            connection.close_with(TRY_AGAIN_LATER)
        finally:
            connection.busy = False
            if not connection.is_open:
                connection.release()

    def on_lost(self, connection: WebSocketConnection) -> None:
        """Remove everything of this connection now, without a task: 10,000 may be lost at once."""
        self.engine.remove(connection)
        run_sync(self._handle_eio_disconnect(connection.sid, self.reason.TRANSPORT_CLOSE))

    def on_tick(self) -> None:
        """Close the connections that completed no command within FIRST_COMMAND_TIMEOUT_S, oldest first."""
        opened_before = time.monotonic() - FIRST_COMMAND_TIMEOUT_S
        while oldest := next(iter(self._awaiting_command), None):
            if self._awaiting_command[oldest] >= opened_before:
                return
            del self._awaiting_command[oldest]
            self.engine.close_connection(oldest)

    # -- methods that python-socketio calls --------------------------------------------------------------------

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, object]) -> None:
        request = environ["aiohttp.request"]
        assert isinstance(request, web.Request)
        # The request keeps several kilobytes alive; in `environ` it would stay as long as the connection.
        await super()._handle_eio_connect(eio_sid, {"connection_info": self._connection_info(request)})
        self._awaiting_command[eio_sid] = time.monotonic()

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._awaiting_command.pop(eio_sid, None)
        self.engine.close_polling(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        if eio_sid not in self.environ:
            return
        # Polled text that is JSON comes decoded. No valid packet is, so pass on "x", which is invalid too.
        text = data if isinstance(data, str) and data else "x"
        try:
            await super()._handle_eio_message(eio_sid, text)
        except ValueError:
            self.engine.close_connection(eio_sid, POLICY, "not a Socket.IO packet")
        if is_binary(text):
            self.engine.close_connection(eio_sid, UNSUPPORTED, BINARY_NOT_SUPPORTED)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: object) -> None:
        """As the library's, but an unknown namespace is refused with an object; the library's bare string is no
        payload that our clients read."""
        namespace = namespace or "/"
        if namespace not in self.namespace_handlers:
            await self._send_connect_error(eio_sid, namespace, "no such namespace")
        elif self.rooms.sid_from_eio_sid(eio_sid, namespace) is None:
            try:
                await super()._handle_connect(eio_sid, namespace, data)
            except RetryLater:
                self._close_for_retry(eio_sid, namespace)
            if eio_sid not in self.environ:
                # The client disconnected during the connect handler. The library did not count it as connected then,
                # and called no disconnect handler.
                await self._handle_disconnect(eio_sid, namespace)

    def _close_for_retry(self, eio_sid: str, namespace: str) -> None:
        """Close the connection instead of refusing it: refused clients give up for good, others reconnect."""
        sid = self.rooms.sid_from_eio_sid(eio_sid, namespace)
        if sid is not None:
            self.rooms.basic_disconnect(sid, namespace)
        self.engine.close_connection(eio_sid, TRY_AGAIN_LATER)

    async def _send_connect_error(self, eio_sid: str, namespace: str, message: str) -> None:
        error = {"message": message, "code": "not_found", "data": {"code": "not_found"}}
        await self._send_packet(eio_sid, StrictPacket(packets.CONNECT_ERROR, error, namespace))


def run_sync(coroutine: Coroutine[object, object, None]) -> None:
    """Run a coroutine to its end without the event loop. Raises RuntimeError if it suspends."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the coroutine must not suspend")

"""The gate: python-socketio as we run it, strict about packets, order, and those who connect and say nothing."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Protocol, runtime_checkable

import socketio
from aiohttp import web
from socketio import packet as packets

from chat.websocket.connection import WebSocketConnection
from chat.websocket.engineio_server import EngineServer, quiet_logger
from chat.websocket.frames import MAX_MESSAGE, POLICY, TRY_AGAIN_LATER, frame
from chat.websocket.heartbeat import PING_EVERY_S, PONG_WITHIN_S
from chat.websocket.packets import StrictPacket
from chat.websocket.rooms import Rooms

COMMAND_WITHIN_S = 10.0
# What stands before an event's JSON: engine's and event's type, namespace, the number under which it is answered.
EVENT = re.compile(rb"42(?:(/[^,]*),)?(\d{0,15})(?=\[)")

log = logging.getLogger(__name__)

Reply = Callable[[bytes], None]


class RetryLater(Exception):
    """Raised while somebody connects and nobody can say yet whether they may."""


@runtime_checkable
class SyncHandler(Protocol):
    """A namespace that takes some events in the turn of the loop in which they come."""

    namespace: str

    def dispatch_sync(self, sid: str, event: bytearray, reply: Reply) -> bool:
        """Whether it takes this event (its JSON, name and argument). If so, `reply` gets the answer's JSON, now or
        later, once; if not, nothing has happened, and it comes again by trigger_event."""


class SocketServer(socketio.AsyncServer):
    """Events of one connection are begun in their order, and one that is not taken at once is done before the next
    begins. `came` says what of a connection's first request is kept for its connect handlers, as environ["came"].

    A connection of which no command was carried out within PATIENCE_S is cut: it would stay for ever otherwise.
    """

    def __init__(self, is_own: Callable[[str], bool], came: Callable[[web.Request], object] = lambda _: None) -> None:
        logger = quiet_logger()
        self.rooms = Rooms()
        super().__init__(
            client_manager=self.rooms,
            async_mode="aiohttp",
            async_handlers=False,
            serializer=StrictPacket,
            namespaces=[],
            cors_allowed_origins=is_own,
            cors_credentials=True,
            http_compression=False,
            ping_interval=PING_EVERY_S,
            ping_timeout=PONG_WITHIN_S,
            max_http_buffer_size=MAX_MESSAGE,
            logger=logger,
            engineio_logger=logger,
        )
        self.engine.listener = self
        self._connection_info = came
        self._sync_handlers: dict[bytes, SyncHandler] = {}
        self._deadlines: dict[str, float] = {}
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
        """This connection has shown what it came for."""
        self._deadlines.pop(self.rooms.eio_sid_from_sid(sid, namespace) or "", None)

    def kick(self, sid: str, namespace: str) -> None:
        """Turn the connection of this socket away."""
        eio_sid = self.rooms.eio_sid_from_sid(sid, namespace) or ""
        line = self.engine.sockets.get(eio_sid)
        if isinstance(line, WebSocketConnection):
            line.reject(POLICY)
        else:
            self.engine.close_connection(eio_sid)

    # -- what lines bring --------------------------------------------------------------------------------------

    def on_packet(self, line: WebSocketConnection, message: bytearray) -> None:
        """A Socket.IO packet: taken at once where that keeps the order, else put behind what came before it."""
        if not line.busy and not line.inbox and (head := EVENT.match(message)):
            swift = self._sync_handlers.get(head[1])
            sid = self.rooms.sid_from_eio_sid(line.sid, swift.namespace) if swift else None
            if swift and sid:
                line.unanswered += 1
                if swift.dispatch_sync(
                    sid, message[head.end() :], partial(self._answer, line, message[2 : head.end()])
                ):
                    return
                line.unanswered -= 1
        line.enqueue(message)
        self._start_queued_commands(line)

    def _answer(self, line: WebSocketConnection, head: bytearray, answer: bytes) -> None:
        line.unanswered -= 1
        self._deadlines.pop(line.sid, None)
        if head[-1:].isdigit():
            line.push(frame(b"43%b[%b]" % (bytes(head), answer)))
        if line.inbox:
            self._start_queued_commands(line)

    def _start_queued_commands(self, line: WebSocketConnection) -> None:
        if line.inbox and not line.busy and not line.unanswered:
            line.busy = True
            task = asyncio.ensure_future(self._run_queued_commands(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run_queued_commands(self, line: WebSocketConnection) -> None:
        """A task for as long as there is something to do, not one for each packet."""
        try:
            while packet := line.dequeue():
                await self._handle_eio_message(line.sid, packet[1:].decode())
        except UnicodeDecodeError:
            line.close_with(POLICY)
        except Exception:
            log.exception("a packet could not be worked on")
            line.close_with(TRY_AGAIN_LATER)
        finally:
            line.busy = False
            if not line.is_open:
                line.release()

    def on_lost(self, line: WebSocketConnection) -> None:
        """Let go of everything in this turn, without a task: 10,000 may be lost at once."""
        self.engine.remove(line)
        run_sync(self._handle_eio_disconnect(line.sid, self.reason.TRANSPORT_CLOSE))

    def on_tick(self) -> None:
        """Twice a second: cut who has come too long ago for having said nothing."""
        overdue = time.monotonic() - COMMAND_WITHIN_S
        while self._deadlines and (first := next(iter(self._deadlines))) and self._deadlines[first] < overdue:
            del self._deadlines[first]
            self.engine.close_connection(first)

    # -- what the library calls --------------------------------------------------------------------------------

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, object]) -> None:
        request = environ["aiohttp.request"]
        assert isinstance(request, web.Request)
        # A request with all that hangs on it is several kilobytes, and would stay as long as the connection.
        await super()._handle_eio_connect(eio_sid, {"came": self._connection_info(request)})
        self._deadlines[eio_sid] = time.monotonic()

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._deadlines.pop(eio_sid, None)
        self.engine.answer_poll(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        if isinstance(data, bytes) or eio_sid not in self.environ:
            return
        try:
            # Text that happens to be JSON comes decoded from a poll; no packet of ours begins like that.
            await super()._handle_eio_message(eio_sid, data if isinstance(data, str) and data else "x")
        except ValueError:
            self.engine.close_connection(eio_sid)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: object) -> None:
        """The library refuses an unknown namespace with a bare string, which clients can't read."""
        namespace = namespace or "/"
        if namespace not in self.namespace_handlers:
            await self._refuse(eio_sid, namespace, "no such namespace")
        elif self.rooms.sid_from_eio_sid(eio_sid, namespace) is None:
            try:
                await super()._handle_connect(eio_sid, namespace, data)
            except RetryLater:
                self._close_for_retry(eio_sid, namespace)
            if eio_sid not in self.environ:
                # It hung up while it was let in; for the library it was nobody yet, who needs no goodbye.
                await self._handle_disconnect(eio_sid, namespace)

    def _close_for_retry(self, eio_sid: str, namespace: str) -> None:
        """Clients who are refused give up for good; those who lose the line come back by themselves."""
        sid = self.rooms.sid_from_eio_sid(eio_sid, namespace)
        if sid is not None:
            self.rooms.basic_disconnect(sid, namespace)
        self.engine.close_connection(eio_sid, TRY_AGAIN_LATER)

    async def _refuse(self, eio_sid: str, namespace: str, message: str) -> None:
        told = {"message": message, "code": "not_found", "data": {"code": "not_found"}}
        await self._send_packet(eio_sid, StrictPacket(packets.CONNECT_ERROR, told, namespace))


def run_sync(coroutine: Coroutine[object, object, None]) -> None:
    """Run a coroutine that waits for nothing, here and now; RuntimeError when it does wait."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("a goodbye must not wait")

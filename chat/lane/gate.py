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

from chat.lane.engine import Engine, quiet_logger
from chat.lane.frames import LARGEST, POLICY, TRY_LATER, frame
from chat.lane.line import Line
from chat.lane.packets import StrictPacket
from chat.lane.rooms import Rooms
from chat.lane.wheel import PING_EVERY_S, PONG_WITHIN_S

PATIENCE_S = 10.0
# What stands before an event's JSON: engine's and event's type, namespace, the number under which it is answered.
EVENT = re.compile(rb"42(?:(/[^,]*),)?(\d{0,15})(?=\[)")

log = logging.getLogger(__name__)

Reply = Callable[[bytes], None]


class TryLater(Exception):
    """Raised while somebody connects and nobody can say yet whether they may."""


@runtime_checkable
class Swift(Protocol):
    """A namespace that takes some events in the turn of the loop in which they come."""

    namespace: str

    def at_once(self, sid: str, event: bytearray, reply: Reply) -> bool:
        """Whether it takes this event (its JSON, name and argument). If so, `reply` gets the answer's JSON, now or
        later, once; if not, nothing has happened, and it comes again by trigger_event."""


class Gate(socketio.AsyncServer):
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
            max_http_buffer_size=LARGEST,
            logger=logger,
            engineio_logger=logger,
        )
        self.engine.ears = self
        self._came = came
        self._swift: dict[bytes, Swift] = {}
        self._deadlines: dict[str, float] = {}
        self._working: set[asyncio.Task[None]] = set()

    @property
    def engine(self) -> Engine:
        assert isinstance(self.eio, Engine)
        return self.eio

    def register_namespace(self, namespace_handler: socketio.AsyncNamespace) -> None:
        super().register_namespace(namespace_handler)
        if isinstance(namespace_handler, Swift):
            self._swift[namespace_handler.namespace.encode()] = namespace_handler

    def settled(self, sid: str, namespace: str) -> None:
        """This connection has shown what it came for."""
        self._deadlines.pop(self.rooms.eio_sid_from_sid(sid, namespace) or "", None)

    def expel(self, sid: str, namespace: str) -> None:
        """Turn the connection of this socket away."""
        eio_sid = self.rooms.eio_sid_from_sid(sid, namespace) or ""
        line = self.engine.sockets.get(eio_sid)
        if isinstance(line, Line):
            line.turn_away(POLICY)
        else:
            self.engine.cut(eio_sid)

    # -- what lines bring --------------------------------------------------------------------------------------

    def heard(self, line: Line, message: bytearray) -> None:
        """A Socket.IO packet: taken at once where that keeps the order, else put behind what came before it."""
        if not line.working and not line.inbox and (head := EVENT.match(message)):
            swift = self._swift.get(head[1])
            sid = self.rooms.sid_from_eio_sid(line.sid, swift.namespace) if swift else None
            if swift and sid:
                line.answering += 1
                if swift.at_once(sid, message[head.end() :], partial(self._answer, line, message[2 : head.end()])):
                    return
                line.answering -= 1
        line.keep(message)
        self._go_on(line)

    def _answer(self, line: Line, head: bytearray, answer: bytes) -> None:
        line.answering -= 1
        self._deadlines.pop(line.sid, None)
        if head[-1:].isdigit():
            line.push(frame(b"43%b[%b]" % (bytes(head), answer)))
        if line.inbox:
            self._go_on(line)

    def _go_on(self, line: Line) -> None:
        if line.inbox and not line.working and not line.answering:
            line.working = True
            task = asyncio.ensure_future(self._work_off(line))
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def _work_off(self, line: Line) -> None:
        """A task for as long as there is something to do, not one for each packet."""
        try:
            while packet := line.take():
                await self._handle_eio_message(line.sid, packet[1:].decode())
        except UnicodeDecodeError:
            line.hang_up(POLICY)
        except Exception:
            log.exception("a packet could not be worked on")
            line.hang_up(TRY_LATER)
        finally:
            line.working = False
            if not line.open:
                line.let_go()

    def lost(self, line: Line) -> None:
        """Let go of everything in this turn, without a task: 10,000 may be lost at once."""
        self.engine.forget(line)
        run_through(self._handle_eio_disconnect(line.sid, self.reason.TRANSPORT_CLOSE))

    def beat(self) -> None:
        """Twice a second: cut who has come too long ago for having said nothing."""
        overdue = time.monotonic() - PATIENCE_S
        while self._deadlines and (first := next(iter(self._deadlines))) and self._deadlines[first] < overdue:
            del self._deadlines[first]
            self.engine.cut(first)

    # -- what the library calls --------------------------------------------------------------------------------

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, object]) -> None:
        request = environ["aiohttp.request"]
        assert isinstance(request, web.Request)
        # A request with all that hangs on it is several kilobytes, and would stay as long as the connection.
        await super()._handle_eio_connect(eio_sid, {"came": self._came(request)})
        self._deadlines[eio_sid] = time.monotonic()

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._deadlines.pop(eio_sid, None)
        self.engine.release(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        if isinstance(data, bytes) or eio_sid not in self.environ:
            return
        try:
            # Text that happens to be JSON comes decoded from a poll; no packet of ours begins like that.
            await super()._handle_eio_message(eio_sid, data if isinstance(data, str) and data else "x")
        except ValueError:
            self.engine.cut(eio_sid)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: object) -> None:
        """The library refuses an unknown namespace with a bare string, which clients can't read."""
        namespace = namespace or "/"
        if namespace not in self.namespace_handlers:
            await self._refuse(eio_sid, namespace, "no such namespace")
        elif self.rooms.sid_from_eio_sid(eio_sid, namespace) is None:
            try:
                await super()._handle_connect(eio_sid, namespace, data)
            except TryLater:
                self._send_away(eio_sid, namespace)
            if eio_sid not in self.environ:
                # It hung up while it was let in; for the library it was nobody yet, who needs no goodbye.
                await self._handle_disconnect(eio_sid, namespace)

    def _send_away(self, eio_sid: str, namespace: str) -> None:
        """Clients who are refused give up for good; those who lose the line come back by themselves."""
        sid = self.rooms.sid_from_eio_sid(eio_sid, namespace)
        if sid is not None:
            self.rooms.basic_disconnect(sid, namespace)
        self.engine.cut(eio_sid, TRY_LATER)

    async def _refuse(self, eio_sid: str, namespace: str, message: str) -> None:
        told = {"message": message, "code": "not_found", "data": {"code": "not_found"}}
        await self._send_packet(eio_sid, StrictPacket(packets.CONNECT_ERROR, told, namespace))


def run_through(coroutine: Coroutine[object, object, None]) -> None:
    """Run a coroutine that waits for nothing, here and now; RuntimeError when it does wait."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("a goodbye must not wait")

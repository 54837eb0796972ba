"""The doors that both namespaces share: who may come in, how often, and how a refusal is said."""

import logging
import math
import traceback
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec
import socketio

from chat import presenters, protocol
from chat.cluster.rate_limits import FixedWindowCounter, hashed_name
from chat.domain import service_status
from chat.domain.messages import post
from chat.domain.messages.incoming import Post
from chat.domain.messages.read_marks import ReadMark
from chat.domain.refusals import ChatUnavailable, NotFound, Refused, TooMany
from chat.realtime.agent_presence import AgentPresenceCache
from chat.realtime.broadcaster import Broadcaster
from chat.realtime.command_decoder import Commands, decode
from chat.realtime.connections import Budget, ClientSocket, FollowedTicket, Sockets
from chat.realtime.context import ConnectionInfo, Services
from chat.realtime.read_mark_batcher import ReadMarkBatcher
from chat.realtime.reconciliation.reconciler import Reconciler
from chat.realtime.service_monitor import ServiceMonitor
from chat.store.rows import MessageRow, TicketRow
from chat.store.transaction import Unavailable
from chat.vocabulary import ErrorCode
from chat.websocket.socketio_server import Reply, RetryLater

S = TypeVar("S", bound=ClientSocket)

# Sent all the time without anybody's doing much; they must not use up what words need.
UNCOUNTED = ("typing", "mark_read")
WINDOW_S = 10.0
# Whoever goes on after so many refusals of that kind in a row does not listen, and is cut.
MAX_REFUSALS = 500
SEND_MESSAGE, MARK_READ = b'["send_message",', b'["mark_read",'
_send_message_decoder = msgspec.json.Decoder(tuple[Literal["send_message"], protocol.SendMessage])
_mark_read_decoder = msgspec.json.Decoder(tuple[Literal["mark_read"], protocol.MarkRead])

DONE_REPLY = protocol.encoded(protocol.Done())

log = logging.getLogger(__name__)


class ConnectionRefused(socketio.exceptions.ConnectionRefusedError):
    """A connect refused with an object; official clients show only `message` and `data` of it."""

    def __init__(self, message: str, code: ErrorCode, field: str | None = None) -> None:
        super().__init__(message)
        told: dict[str, object] = {"code": code} | ({"field": field} if field else {})
        self.error_args = {"message": message, **told, "data": told}


class NamespaceDeps(NamedTuple):
    """What both doors work with."""

    services: Services
    broadcaster: Broadcaster
    reconciler: Reconciler
    agent_presence: AgentPresenceCache
    service_monitor: ServiceMonitor
    read_marks: ReadMarkBatcher


class CommandNamespace(socketio.AsyncNamespace, ABC, Generic[S]):
    """A namespace. Each command finds its `on_<command>(who, command)`: one verb, one answer."""

    name: str
    commands: Commands

    def __init__(self, shared: NamespaceDeps, sockets: Sockets[S]) -> None:
        super().__init__(self.name)
        self.services, self.broadcaster, self.reconciler, self.agent_presence, self.service_monitor, self.read_marks = (
            shared
        )
        self.store = self.services.store
        self.sockets = sockets
        self._counter = FixedWindowCounter()

    @abstractmethod
    async def admit(self, sid: str, came: ConnectionInfo, auth: object) -> S:
        """Who connects; raises Refused."""

    @abstractmethod
    def on_left(self, who: S) -> None:
        """A socket has gone."""

    @abstractmethod
    def budgets(self, who: S) -> Iterable[tuple[str, int]]:
        """What each command of theirs is counted against: keys, and how many in WINDOW_S."""

    @abstractmethod
    def post_of(self, who: S, said: protocol.SendMessage) -> Post:
        """Their words, on a ticket that they follow."""

    @abstractmethod
    def read_mark_of(self, who: S, read: protocol.MarkRead) -> ReadMark:
        """How far they have read a ticket that they follow."""

    def authorise(self, who: S) -> None:
        """Whether they may still ask for anything at all; raises Refused."""

    async def trigger_event(self, event: str, *args: object) -> object:
        """The library's one call for all that comes in; packets.py keeps clients from sending the first two."""
        sid = str(args[0])
        if event == "connect":
            await self._on_connect(sid, *args[1:])
        elif event == "disconnect":
            self._on_disconnect(sid)
        elif who := self.sockets.get(sid):
            return protocol.plain(await self._answer(who, event, args[1:]))
        return None

    async def _on_connect(self, sid: str, environ: object = None, auth: object = None) -> None:
        assert isinstance(environ, dict)
        came: ConnectionInfo = environ["came"]
        try:
            self._check_connect_rate(came.address)
            self.sockets.add(await self.admit(sid, came, auth))
        except RetryLater:
            raise
        except Refused as refused:
            raise ConnectionRefused(refused.message, refused.code, refused.field) from None
        except Exception as error:  # noqa: BLE001 - whatever it was, they may come back
            self._log_error(error, "connect")
            raise RetryLater from None

    def _on_disconnect(self, sid: str) -> None:
        who = self.sockets.pop(sid)
        if who is not None:
            self.on_left(who)

    async def _answer(self, who: S, event: str, args: tuple[object, ...]) -> protocol.Done | protocol.Refusal:
        """The only place where refusals are caught."""
        try:
            self._check_rate(who, event)
            command = decode(self.commands, event, args)
            self.authorise(who)
            done: protocol.Done = await getattr(self, f"on_{event}")(who, command)
        except ChatUnavailable as refused:
            return presenters.refusal(refused, await self._chat_unavailable_reply())
        except Exception as error:  # noqa: BLE001 - whatever it was, the socket stays
            return self._refusal(who, event, error)
        self.broadcaster.mark_active(who.sid, self.namespace)
        return done

    def _refusal(self, who: S, event: str, error: Exception) -> protocol.Refusal:
        if isinstance(error, Refused):
            self._record_flood(who, error)
            return presenters.refusal(error)
        self._log_error(error, event)
        return protocol.Refusal(error=protocol.Error(code="unavailable", message="try again later"))

    def _log_error(self, error: Exception, event: str) -> None:
        # Where it happened, not its words: a database's error quotes what somebody wrote.
        if not isinstance(error, Unavailable):
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s %s failed: %s\n%s", self.namespace, event, type(error).__name__, where)

    def _check_connect_rate(self, address: str) -> None:
        """As many as an office may send commands; more are sent away and come back by themselves."""
        limit = self.services.settings.visitor_commands * self.services.settings.address_times
        if self._counter.try_acquire(f"connect {address}", limit, WINDOW_S) is not None:
            raise RetryLater

    def _check_rate(self, who: S, event: str) -> None:
        for command, light, limit in who.budgets or self._rate_budget(who):
            wait_s = self._counter.try_acquire_name(light if event in UNCOUNTED else command, limit, WINDOW_S)
            if wait_s is not None:
                refuse_after(wait_s)

    def _rate_budget(self, who: S) -> tuple[Budget, ...]:
        names = (
            (hashed_name(f"command {key}", WINDOW_S), hashed_name(f"light {key}", WINDOW_S), limit)
            for key, limit in self.budgets(who)
        )
        who.budgets = tuple(Budget(*named) for named in names)
        return who.budgets

    def _record_flood(self, who: S, refused: Refused) -> None:
        who.refusals = who.refusals + 1 if isinstance(refused, TooMany) else 0
        if who.refusals > MAX_REFUSALS:
            self.broadcaster.kick(who.sid, self.namespace)

    # -- the hot path: words on a ticket that its socket follows already ----------------------------------------

    def dispatch_sync(self, sid: str, event: bytearray, reply: Reply) -> bool:
        """Words and read marks are handed on in the turn of the loop in which they come, without a task or a future;
        whatever is not that simple takes the way of all commands."""
        who = self.sockets.get(sid)
        name: str
        said: protocol.SendMessage | protocol.MarkRead
        try:
            if event.startswith(SEND_MESSAGE):
                name, said = _send_message_decoder.decode(event)
            elif event.startswith(MARK_READ):
                name, said = _mark_read_decoder.decode(event)
            else:
                return False
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False
        if who is None or said.ticket not in who.tickets:
            return False
        answer = partial(self._reply_sync, who, name, reply)
        try:
            self._check_rate(who, name)
            self.authorise(who)
            if isinstance(said, protocol.SendMessage):
                self.store.post_with_callback(post.post_batch, self.post_of(who, said), sid, answer)
            else:
                self.read_marks.add(self.read_mark_of(who, said), answer)
        except Exception as error:  # noqa: BLE001 - whatever it was, the socket stays
            answer(error)
        return True

    def _reply_sync(self, who: S, event: str, reply: Reply, done: MessageRow | Exception | None) -> None:
        if isinstance(done, Exception):
            reply(protocol.encoded(self._refusal(who, event, done)))
        else:
            who.refusals = 0
            reply(protocol.encoded(sent_ack(done)) if done else DONE_REPLY)

    # -- what the handlers share -------------------------------------------------------------------------------

    async def _chat_unavailable_reply(self) -> service_status.Service | None:
        try:
            return await self._service()
        except Unavailable:
            return None

    async def _service(self) -> service_status.Service:
        found = await self.store.read(service_status.current_service, await self.agent_presence.context())
        self.service_monitor.on_service_shown(found)
        return found

    async def follow(self, who: S, ticket: str, find: Callable[[], Awaitable[TicketRow]]) -> FollowedTicket:
        """The ticket, followed from now on; NotFound from `find` when it is not theirs."""
        if ticket not in who.tickets:
            self.start_following(who, await find())
        return who.tickets[ticket]

    def start_following(self, who: S, ticket: TicketRow) -> None:
        """From now on `who` hears of this ticket; `ticket` is what they know of it already, or less."""
        if who not in self.sockets:
            raise NotFound
        who.tickets[ticket.public_id] = FollowedTicket(ticket.id, ticket.visitor_id, ticket.name)
        self.reconciler.follow(ticket)

    def now(self) -> datetime:
        """The moment, for the verbs."""
        return self.services.clock()


def sent_ack(row: MessageRow) -> protocol.Sent:
    """The ack of words that are stored."""
    return protocol.Sent(seq=row.seq, id=row.public_id, at=row.at)


def refuse_after(wait_s: float | None) -> None:
    """TooMany when a limit's window has `wait_s` to go."""
    if wait_s is not None:
        raise TooMany(max(1, math.ceil(wait_s)))

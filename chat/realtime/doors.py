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

from chat import present, wire
from chat.desk import messages, service
from chat.desk.messages import Post, Read
from chat.desk.refusals import Code, FormInstead, NotFound, Refused, TooMany
from chat.lane.gate import Reply, TryLater
from chat.live.limits import Windows, name_of
from chat.realtime.behind import Behind, Came, Onlooker
from chat.realtime.commands import Commands, read
from chat.realtime.hub import Hub
from chat.realtime.net import Net
from chat.realtime.outlook import Outlook
from chat.realtime.reads import Reads
from chat.realtime.sockets import Budget, Joined, Socket, Sockets
from chat.store.rows import MessageRow, TicketRow
from chat.store.works import Unavailable

S = TypeVar("S", bound=Socket)

# Sent all the time without anybody's doing much; they must not use up what words need.
LIGHT = ("typing", "mark_read")
WINDOW_S = 10.0
# Whoever goes on after so many refusals of that kind in a row does not listen, and is cut.
FLOOD = 500
SAYS, READS = b'["send_message",', b'["mark_read",'
_saying = msgspec.json.Decoder(tuple[Literal["send_message"], wire.SendMessage])
_reading = msgspec.json.Decoder(tuple[Literal["mark_read"], wire.MarkRead])

DONE = wire.encoded(wire.Done())

log = logging.getLogger(__name__)


class Unwelcome(socketio.exceptions.ConnectionRefusedError):
    """A connect refused with an object; official clients show only `message` and `data` of it."""

    def __init__(self, message: str, code: Code, field: str | None = None) -> None:
        super().__init__(message)
        told: dict[str, object] = {"code": code} | ({"field": field} if field else {})
        self.error_args = {"message": message, **told, "data": told}


class Shared(NamedTuple):
    """What both doors work with."""

    behind: Behind
    hub: Hub
    net: Net
    onlooker: Onlooker
    outlook: Outlook
    reads: Reads


class Door(socketio.AsyncNamespace, ABC, Generic[S]):
    """A namespace. Each command finds its `on_<command>(who, command)`: one verb, one answer."""

    name: str
    commands: Commands

    def __init__(self, shared: Shared, sockets: Sockets[S]) -> None:
        super().__init__(self.name)
        self.behind, self.hub, self.net, self.onlooker, self.outlook, self.reads = shared
        self.works = self.behind.works
        self.sockets = sockets
        self._windows = Windows()

    @abstractmethod
    async def admit(self, sid: str, came: Came, auth: object) -> S:
        """Who connects; raises Refused."""

    @abstractmethod
    def left(self, who: S) -> None:
        """A socket has gone."""

    @abstractmethod
    def budgets(self, who: S) -> Iterable[tuple[str, int]]:
        """What each command of theirs is counted against: keys, and how many in WINDOW_S."""

    @abstractmethod
    def post_of(self, who: S, said: wire.SendMessage) -> Post:
        """Their words, on a ticket that they follow."""

    @abstractmethod
    def read_of(self, who: S, read: wire.MarkRead) -> Read:
        """How far they have read a ticket that they follow."""

    def authorise(self, who: S) -> None:
        """Whether they may still ask for anything at all; raises Refused."""

    async def trigger_event(self, event: str, *args: object) -> object:
        """The library's one call for all that comes in; packets.py keeps clients from sending the first two."""
        sid = str(args[0])
        if event == "connect":
            await self._come(sid, *args[1:])
        elif event == "disconnect":
            self._go(sid)
        elif who := self.sockets.get(sid):
            return wire.plain(await self._answer(who, event, args[1:]))
        return None

    async def _come(self, sid: str, environ: object = None, auth: object = None) -> None:
        assert isinstance(environ, dict)
        came: Came = environ["came"]
        try:
            self._spend_a_connect(came.address)
            self.sockets.add(await self.admit(sid, came, auth))
        except TryLater:
            raise
        except Refused as refused:
            raise Unwelcome(refused.message, refused.code, refused.field) from None
        except Exception as error:  # noqa: BLE001 - whatever it was, they may come back
            self._note(error, "connect")
            raise TryLater from None

    def _go(self, sid: str) -> None:
        who = self.sockets.pop(sid)
        if who is not None:
            self.left(who)

    async def _answer(self, who: S, event: str, args: tuple[object, ...]) -> wire.Done | wire.Refusal:
        """The only place where refusals are caught."""
        try:
            self._spend(who, event)
            command = read(self.commands, event, args)
            self.authorise(who)
            done: wire.Done = await getattr(self, f"on_{event}")(who, command)
        except FormInstead as refused:
            return present.refusal(refused, await self._instead())
        except Exception as error:  # noqa: BLE001 - whatever it was, the socket stays
            return self._refusal(who, event, error)
        self.hub.settled(who.sid, self.namespace)
        return done

    def _refusal(self, who: S, event: str, error: Exception) -> wire.Refusal:
        if isinstance(error, Refused):
            self._count_a_flood(who, error)
            return present.refusal(error)
        self._note(error, event)
        return wire.Refusal(error=wire.Error(code="unavailable", message="try again later"))

    def _note(self, error: Exception, event: str) -> None:
        # Where it happened, not its words: a database's error quotes what somebody wrote.
        if not isinstance(error, Unavailable):
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s %s failed: %s\n%s", self.namespace, event, type(error).__name__, where)

    def _spend_a_connect(self, address: str) -> None:
        """As many as an office may send commands; more are sent away and come back by themselves."""
        limit = self.behind.settings.visitor_commands * self.behind.settings.address_times
        if self._windows.spend(f"connect {address}", limit, WINDOW_S) is not None:
            raise TryLater

    def _spend(self, who: S, event: str) -> None:
        for command, light, limit in who.purse or self._purse_of(who):
            wait_s = self._windows.spend_name(light if event in LIGHT else command, limit, WINDOW_S)
            if wait_s is not None:
                refuse_after(wait_s)

    def _purse_of(self, who: S) -> tuple[Budget, ...]:
        names = (
            (name_of(f"command {key}", WINDOW_S), name_of(f"light {key}", WINDOW_S), limit)
            for key, limit in self.budgets(who)
        )
        who.purse = tuple(Budget(*named) for named in names)
        return who.purse

    def _count_a_flood(self, who: S, refused: Refused) -> None:
        who.too_many = who.too_many + 1 if isinstance(refused, TooMany) else 0
        if who.too_many > FLOOD:
            self.hub.expel(who.sid, self.namespace)

    # -- the hot path: words on a ticket that its socket follows already ----------------------------------------

    def at_once(self, sid: str, event: bytearray, reply: Reply) -> bool:
        """Words and read marks are handed on in the turn of the loop in which they come, without a task or a future;
        whatever is not that simple takes the way of all commands."""
        who = self.sockets.get(sid)
        name: str
        said: wire.SendMessage | wire.MarkRead
        try:
            if event.startswith(SAYS):
                name, said = _saying.decode(event)
            elif event.startswith(READS):
                name, said = _reading.decode(event)
            else:
                return False
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False
        if who is None or said.ticket not in who.tickets:
            return False
        answer = partial(self._answer_at_once, who, name, reply)
        try:
            self._spend(who, name)
            self.authorise(who)
            if isinstance(said, wire.SendMessage):
                self.works.post_then(messages.post_batch, self.post_of(who, said), sid, answer)
            else:
                self.reads.take(self.read_of(who, said), answer)
        except Exception as error:  # noqa: BLE001 - whatever it was, the socket stays
            answer(error)
        return True

    def _answer_at_once(self, who: S, event: str, reply: Reply, done: MessageRow | Exception | None) -> None:
        if isinstance(done, Exception):
            reply(wire.encoded(self._refusal(who, event, done)))
        else:
            who.too_many = 0
            reply(wire.encoded(sent(done)) if done else DONE)

    # -- what the handlers share -------------------------------------------------------------------------------

    async def _instead(self) -> service.Service | None:
        try:
            return await self._service()
        except Unavailable:
            return None

    async def _service(self) -> service.Service:
        found = await self.works.read(service.now_for, await self.onlooker.situation())
        self.outlook.seen(found)
        return found

    async def joined(self, who: S, ticket: str, find: Callable[[], Awaitable[TicketRow]]) -> Joined:
        """The ticket, followed from now on; NotFound from `find` when it is not theirs."""
        if ticket not in who.tickets:
            self.enter(who, await find())
        return who.tickets[ticket]

    def enter(self, who: S, ticket: TicketRow) -> None:
        """From now on `who` hears of this ticket; `ticket` is what they know of it already, or less."""
        if who not in self.sockets:
            raise NotFound
        who.tickets[ticket.public_id] = Joined(ticket.id, ticket.visitor_id, ticket.name)
        self.net.follow(ticket)

    def now(self) -> datetime:
        """The moment, for the verbs."""
        return self.behind.clock()


def sent(row: MessageRow) -> wire.Sent:
    """The ack of words that are stored."""
    return wire.Sent(seq=row.seq, id=row.public_id, at=row.at)


def refuse_after(wait_s: float | None) -> None:
    """TooMany when a limit's window has `wait_s` to go."""
    if wait_s is not None:
        raise TooMany(max(1, math.ceil(wait_s)))

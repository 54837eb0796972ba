"""The doors that both namespaces share: who may come in, how often, and how a refusal is said."""

import logging
import math
import traceback
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

import socketio
from aiohttp import web

from chat import present, wire
from chat.desk import service
from chat.desk.refusals import Code, FormInstead, NotFound, Refused, TooMany
from chat.live.limits import Windows
from chat.realtime.behind import Behind, Onlooker
from chat.realtime.commands import Commands, read
from chat.realtime.gate import TryLater
from chat.realtime.hub import Hub
from chat.realtime.net import Net
from chat.realtime.outlook import Outlook
from chat.realtime.sockets import Joined, Socket, Sockets
from chat.store.rows import TicketRow
from chat.store.works import Unavailable

S = TypeVar("S", bound=Socket)

# Sent all the time without anybody's doing much; they must not use up what words need.
LIGHT = ("typing", "mark_read")
WINDOW_S = 10.0

log = logging.getLogger(__name__)


class Unwelcome(socketio.exceptions.ConnectionRefusedError):
    """A connect refused with an object; official clients show only `message` and `data` of it."""

    def __init__(self, message: str, code: Code, field: str | None = None) -> None:
        super().__init__(message)
        told: dict[str, object] = {"code": code} | ({"field": field} if field else {})
        self.error_args = {"message": message, **told, "data": told}


class Budget(NamedTuple):
    """How many commands one key may send within WINDOW_S."""

    key: str
    limit: int


class Shared(NamedTuple):
    """What both doors work with."""

    behind: Behind
    hub: Hub
    net: Net
    onlooker: Onlooker
    outlook: Outlook


class Door(socketio.AsyncNamespace, ABC, Generic[S]):
    """A namespace. Each command finds its `on_<command>(who, command)`: one verb, one answer."""

    name: str
    commands: Commands

    def __init__(self, shared: Shared, sockets: Sockets[S]) -> None:
        super().__init__(self.name)
        self.behind, self.hub, self.net, self.onlooker, self.outlook = shared
        self.works = self.behind.works
        self.sockets = sockets
        self._windows = Windows()

    @abstractmethod
    async def admit(self, sid: str, request: web.Request, auth: object) -> S:
        """Who connects; raises Refused."""

    @abstractmethod
    def left(self, who: S) -> None:
        """A socket has gone."""

    @abstractmethod
    def budgets(self, who: S) -> Iterable[Budget]:
        """What each command of theirs is counted against."""

    async def authorise(self, who: S) -> None:
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
        request = environ["aiohttp.request"]
        try:
            self._spend_a_connect(self.behind.handshakes.address(request))
            self.sockets.add(await self.admit(sid, request, auth))
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
            await self.authorise(who)
            done: wire.Done = await getattr(self, f"on_{event}")(who, command)
        except FormInstead as refused:
            return present.refusal(refused, await self._instead())
        except Refused as refused:
            return present.refusal(refused)
        except Exception as error:  # noqa: BLE001 - whatever it was, the socket stays
            self._note(error, event)
            return wire.Refusal(error=wire.Error(code="unavailable", message="try again later"))
        self.hub.settled(who.sid, self.namespace)
        return done

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
        kind = "light" if event in LIGHT else "command"
        for budget in self.budgets(who):
            wait_s = self._windows.spend(f"{kind} {budget.key}", budget.limit, WINDOW_S)
            refuse_after(wait_s)

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


def refuse_after(wait_s: float | None) -> None:
    """TooMany when a limit's window has `wait_s` to go."""
    if wait_s is not None:
        raise TooMany(max(1, math.ceil(wait_s)))

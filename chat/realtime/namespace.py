"""What both Socket.IO namespaces share: connecting, rate limits, the call of a command's handler, and refusals."""

import logging
import math
import traceback
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import socketio

from chat import presenters, protocol
from chat.cluster.rate_limits import FixedWindowCounter, hashed_name
from chat.discovery import modules_of
from chat.domain import service_status
from chat.domain.refusals import ChatUnavailable, NotFound, Refused, TooMany
from chat.realtime.agent_presence import AgentPresenceCache
from chat.realtime.broadcaster import Broadcaster
from chat.realtime.command_decoder import Commands, decode
from chat.realtime.connections import Budget, ClientSocket, FollowedTicket, Sockets
from chat.realtime.context import ConnectionInfo, Services
from chat.realtime.reconciliation.reconciler import Reconciler
from chat.realtime.service_monitor import ServiceMonitor
from chat.store.rows import TicketRow
from chat.store.transaction import Unavailable
from chat.vocabulary import ErrorCode
from chat.websocket.socketio_server import RetryLater

S = TypeVar("S", bound=ClientSocket)
N = TypeVar("N", bound="CommandNamespace[Any]")

# Clients send these all the time by themselves, so they have a budget of their own and can't use up that of messages.
LIGHT_COMMANDS = ("typing", "mark_read")
WINDOW_S = 10.0
# A client that goes on after so many TooMany refusals in a row ignores them, and is disconnected.
MAX_REFUSALS = 500

FEATURES = "chat.realtime.features"
Handler = Callable[[S, protocol.Command], Awaitable[protocol.Ack]]

log = logging.getLogger(__name__)


class ConnectionRefused(socketio.exceptions.ConnectionRefusedError):
    """A connect refused with an object; official clients show only `message` and `data` of it."""

    def __init__(self, message: str, code: ErrorCode, field: str | None = None) -> None:
        super().__init__(message)
        details: dict[str, object] = {"code": code} | ({"field": field} if field else {})
        self.error_args = {"message": message, **details, "data": details}


class NamespaceDeps(NamedTuple):
    """What both namespaces work with."""

    services: Services
    broadcaster: Broadcaster
    reconciler: Reconciler
    agent_presence: AgentPresenceCache
    service_monitor: ServiceMonitor


class CommandNamespace(socketio.AsyncNamespace, ABC, Generic[S]):
    """A namespace: each of its `commands` has a method `on_<command>(socket, command)`, which returns the ack.

    Raises MissingHandler when it is made and a command has no such method.
    """

    name: str
    commands: Commands

    def __init__(self, deps: NamespaceDeps, sockets: Sockets[S]) -> None:
        super().__init__(self.name)
        self.services, self.broadcaster, self.reconciler, self.agent_presence, self.service_monitor = deps
        self.store = self.services.store
        self.sockets = sockets
        self._handlers = self._find_handlers()
        self._counter = FixedWindowCounter()

    def _find_handlers(self) -> Mapping[str, Handler[S]]:
        if missing := [command for command in self.commands if not hasattr(self, f"on_{command}")]:
            raise MissingHandler(f"{self.name} has no handler for {', '.join(missing)}")
        return {command: getattr(self, f"on_{command}") for command in self.commands}

    @abstractmethod
    async def admit(self, sid: str, connection: ConnectionInfo, auth: object) -> S:
        """The socket of a client that connects; raises Refused."""

    @abstractmethod
    def on_disconnected(self, socket: S) -> None:
        """Called once for each admitted socket, after it has closed."""

    @abstractmethod
    def budgets(self, socket: S) -> Iterable[tuple[str, int]]:
        """The keys under which this socket's commands are counted, and how many each key may send in WINDOW_S."""

    def authorise(self, socket: S) -> None:
        """Called before each command; raises Refused when this socket may send no more of them."""

    async def trigger_event(self, event: str, *args: object) -> object:
        """Socket.IO's one call for connects, disconnects and commands; websocket/packets.py rejects commands with the
        names of the first two."""
        sid = str(args[0])
        if event == "connect":
            await self._on_connect(sid, *args[1:])
        elif event == "disconnect":
            self._on_disconnect(sid)
        elif socket := self.sockets.get(sid):
            return protocol.to_plain(await self._run_command(socket, event, args[1:]))
        return None

    async def _on_connect(self, sid: str, environ: object = None, auth: object = None) -> None:
        assert isinstance(environ, dict)
        connection: ConnectionInfo = environ["connection_info"]
        try:
            self._check_connect_rate(connection.address)
            self.sockets.add(await self.admit(sid, connection, auth))
        except RetryLater:
            raise
        except Refused as refused:
            raise ConnectionRefused(refused.message, refused.code, refused.field) from None
        except Exception as error:  # noqa: BLE001 - whatever it was, the client may try again
            self._log_error(error, "connect")
            raise RetryLater from None

    def _on_disconnect(self, sid: str) -> None:
        socket = self.sockets.pop(sid)
        if socket is not None:
            self.on_disconnected(socket)

    async def _run_command(self, socket: S, event: str, args: tuple[object, ...]) -> protocol.Ack | protocol.RefusedAck:
        """The only place where a handler's refusals are caught."""
        try:
            self.check_rate(socket, event)
            command = decode(self.commands, event, args)
            self.authorise(socket)
            ack = await self._handlers[event](socket, command)
        except ChatUnavailable as refused:
            return presenters.refusal(refused, await self._service_or_none())
        except Exception as error:  # noqa: BLE001 - whatever it was, the socket stays
            return self.refusal(socket, event, error)
        self.broadcaster.mark_active(socket.sid, self.namespace)
        return ack

    def refusal(self, socket: S, event: str, error: Exception) -> protocol.RefusedAck:
        """The answer to a command that failed; logs the error unless it is a refusal of the domain."""
        if isinstance(error, Refused):
            self._record_flood(socket, error)
            return presenters.refusal(error)
        self._log_error(error, event)
        return protocol.RefusedAck(error=protocol.Refusal(code="unavailable", message="try again later"))

    def _log_error(self, error: Exception, event: str) -> None:
        # The place in the code without the error's message: a database error quotes what somebody wrote.
        if not isinstance(error, Unavailable):
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s %s failed: %s\n%s", self.namespace, event, type(error).__name__, where)

    # -- rate limits -------------------------------------------------------------------------------------------

    def _check_connect_rate(self, address: str) -> None:
        """An address may connect as often as a whole office may send commands; raises RetryLater beyond that, after
        which clients reconnect by themselves."""
        limit = self.services.settings.visitor_commands * self.services.settings.address_times
        if self._counter.try_acquire(f"connect {address}", limit, WINDOW_S) is not None:
            raise RetryLater

    def check_rate(self, socket: S, event: str) -> None:
        """Count one command; raises TooMany beyond the socket's budgets."""
        for command, light, limit in socket.budgets or self._set_budgets(socket):
            wait_s = self._counter.try_acquire_name(light if event in LIGHT_COMMANDS else command, limit, WINDOW_S)
            if wait_s is not None:
                refuse_after(wait_s)

    def _set_budgets(self, socket: S) -> tuple[Budget, ...]:
        names = (
            (hashed_name(f"command {key}", WINDOW_S), hashed_name(f"light {key}", WINDOW_S), limit)
            for key, limit in self.budgets(socket)
        )
        socket.budgets = tuple(Budget(*fields) for fields in names)
        return socket.budgets

    def _record_flood(self, socket: S, refused: Refused) -> None:
        socket.refusals = socket.refusals + 1 if isinstance(refused, TooMany) else 0
        if socket.refusals > MAX_REFUSALS:
            self.broadcaster.kick(socket.sid, self.namespace)

    # -- what the handlers share -------------------------------------------------------------------------------

    async def _service_or_none(self) -> service_status.Service | None:
        """The service as it is now, for a refused chat; None while the store is unavailable."""
        try:
            service = await self.store.read(service_status.current_service, await self.agent_presence.context())
        except Unavailable:
            return None
        self.service_monitor.on_service_shown(service)
        return service

    async def follow(self, socket: S, ticket: str, find: Callable[[], Awaitable[TicketRow]]) -> FollowedTicket:
        """The ticket, followed from now on; `find` reads it the first time and raises NotFound when this socket may not
        see it."""
        if ticket not in socket.tickets:
            self.start_following(socket, await find())
        return socket.tickets[ticket]

    def start_following(self, socket: S, ticket: TicketRow) -> None:
        """From now on the socket receives this ticket's events; `ticket` is what its client has, or older."""
        if socket not in self.sockets:
            raise NotFound
        socket.tickets[ticket.public_id] = FollowedTicket(ticket.id, ticket.visitor_id, ticket.name)
        self.reconciler.follow(ticket)

    def now(self) -> datetime:
        """The moment that domain actions take as their `now`."""
        return self.services.clock()


def with_all_handlers(base: type[N], package: str) -> type[N]:
    """The namespace of all classes that extend `base`, in the modules of this package and in those of features."""
    modules = modules_of(package) + modules_of(FEATURES)
    members = [one for module in modules for one in vars(module).values() if isinstance(one, type)]
    handlers = dict.fromkeys(one for one in members if issubclass(one, base) and one is not base)
    return type(base.__name__, tuple(handlers), {})


class MissingHandler(TypeError):
    """A registered command has no handler: chat/protocol/ and a namespace disagree."""


def refuse_after(wait_s: float | None) -> None:
    """Raise TooMany when a limit's window goes on for `wait_s` seconds; None is no limit."""
    if wait_s is not None:
        raise TooMany(max(1, math.ceil(wait_s)))

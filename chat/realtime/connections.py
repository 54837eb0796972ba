"""What a node remembers of each socket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from chat.store.rows import SiteRow


class FollowedTicket(NamedTuple):
    """A ticket that a socket follows: its database key and its visitor's, and the visitor's name for typing notices."""

    key: int
    visitor: int
    name: str | None


class Budget(NamedTuple):
    """How many commands one key may send within a window, and the names under which its ordinary and its light commands
    are counted."""

    command: str
    light: str
    limit: int


@dataclass(slots=True, eq=False)
class ClientSocket:
    """One connection in one namespace. `presence_key` is the key that it holds online until it closes. `budgets` is
    None until its first command. `refusals` counts TooMany refusals in a row."""

    sid: str
    address: str
    tickets: dict[str, FollowedTicket] = field(default_factory=dict, kw_only=True)
    presence_key: str | None = field(default=None, kw_only=True)
    budgets: tuple[Budget, ...] | None = field(default=None, kw_only=True)
    refusals: int = field(default=0, kw_only=True)


@dataclass(slots=True, eq=False)
class VisitorSocket(ClientSocket):
    """A visitor's. A client that connects without a token has no `token_hash` until hello, which makes `token`; a new
    visitor has no `visitor_id` until their first message."""

    site: SiteRow
    locale: str
    timezone: str | None
    page: Mapping[str, str] | None
    address_hash: str | None
    token_hash: str | None
    token: str | None = None
    greeted: bool = False
    visitor_id: int | None = None
    visible: bool = True


@dataclass(slots=True, eq=False)
class AgentSocket(ClientSocket):
    """An agent's. `session` is the session's hash; `ended` is set once the session is no longer valid."""

    agent_id: int
    name: str
    session: str
    ended: bool = False


S = TypeVar("S", bound=ClientSocket)


class Sockets(Generic[S]):
    """The live sockets of one namespace by sid."""

    def __init__(self) -> None:
        self._by_sid: dict[str, S] = {}

    def __iter__(self) -> Iterator[S]:
        return iter(list(self._by_sid.values()))

    def __contains__(self, socket: S) -> bool:
        return socket.sid in self._by_sid

    def add(self, socket: S) -> None:
        self._by_sid[socket.sid] = socket

    def get(self, sid: str) -> S | None:
        return self._by_sid.get(sid)

    def pop(self, sid: str) -> S | None:
        return self._by_sid.pop(sid, None)

"""What stands behind every socket's door: made by app.py, the same for both namespaces."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from aiohttp import web

from chat.cluster.presence import Presence
from chat.cluster.rate_limits import RateLimits
from chat.domain.context import DomainContext, Timeouts
from chat.links import TicketLinks
from chat.settings import Settings
from chat.store.store import Store


class ConnectionInfo(NamedTuple):
    """What is kept of a connection's first request: the hash of the console's cookie, and the client's address."""

    session: str | None
    address: str


@dataclass(frozen=True)
class HandshakeReader:
    """How a connection's first request is read, as the HTTP doors read theirs.

    `session` is the hash of the console's cookie, None without one; `hashed` makes a token's hash.
    """

    session: Callable[[web.Request], str | None]
    address: Callable[[web.Request], str]
    is_own_origin: Callable[[str], bool]
    hash_token: Callable[[str], str]

    def read(self, request: web.Request) -> ConnectionInfo:
        return ConnectionInfo(self.session(request), self.address(request))


@dataclass(frozen=True)
class Services:
    """The rooms behind the sockets. `clock` gives aware UTC times. The visitors' presence lasts as long as a
    visitor may be away unnoticed (about 10 s), the agents' as long as their grace."""

    settings: Settings
    store: Store
    links: TicketLinks
    agent_presence: Presence
    visitor_presence: Presence
    limits: RateLimits
    clock: Callable[[], datetime]
    timeouts: Timeouts
    handshakes: HandshakeReader

    def domain_context(self, online_agents: frozenset[int] | None = None) -> DomainContext:
        """The context of a domain action now; None for agents when they are unknown or the action needs none."""
        return DomainContext(self.clock(), online_agents, self.timeouts)

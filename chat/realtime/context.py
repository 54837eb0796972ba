"""The services that both namespaces work with; app.py makes them."""

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
    """The part of a connection's first request that is used later: the hash of the console's cookie, the client's
    address, and its hash as the database has it."""

    session: str | None
    address: str
    address_hash: str | None


@dataclass(frozen=True)
class HandshakeReader:
    """Functions that read a connection's first request, the same as for HTTP requests.

    `session` returns the hash of the console's cookie, None without one; `hash_token` hashes a visitor's token.
    """

    session: Callable[[web.Request], str | None]
    address: Callable[[web.Request], str]
    address_hash: Callable[[web.Request], str | None]
    is_own_origin: Callable[[str], bool]
    hash_token: Callable[[str], str]

    def read(self, request: web.Request) -> ConnectionInfo:
        return ConnectionInfo(self.session(request), self.address(request), self.address_hash(request))


@dataclass(frozen=True)
class Services:
    """What handlers and jobs use. `clock` returns aware UTC times. A key of the visitors' presence lives about 10 s,
    the time of a change of page; one of the agents' presence lives as long as their grace."""

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

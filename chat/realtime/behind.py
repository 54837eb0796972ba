"""What stands behind every socket's door: made by app.py, the same for both namespaces."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from aiohttp import web

from chat.desk.changes import Situation
from chat.live.limits import Limits
from chat.live.presence import Presence
from chat.present import Links
from chat.settings import Settings
from chat.store.works import Works

FRESH_S = 1.0


class Came(NamedTuple):
    """What is kept of a connection's first request: the hash of the console's cookie, and the client's address."""

    session: str | None
    address: str


@dataclass(frozen=True)
class Handshakes:
    """How a connection's first request is read, as the HTTP doors read theirs.

    `session` is the hash of the console's cookie, None without one; `hashed` makes a token's hash.
    """

    session: Callable[[web.Request], str | None]
    address: Callable[[web.Request], str]
    is_own: Callable[[str], bool]
    hashed: Callable[[str], str]

    def came(self, request: web.Request) -> Came:
        return Came(self.session(request), self.address(request))


@dataclass(frozen=True)
class Behind:
    """The rooms behind the sockets. `clock` gives aware UTC times. The visitors' presence lasts as long as a
    visitor may be away unnoticed (about 10 s), the agents' as long as their grace."""

    settings: Settings
    works: Works
    links: Links
    agents: Presence
    visitors: Presence
    limits: Limits
    clock: Callable[[], datetime]
    handshakes: Handshakes


class Onlooker:
    """Who is connected, asked at most once a second however many say hello."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._asked_at = float("-inf")
        self._present: frozenset[int] | None = None
        # What was last answered, and until when it is true enough: times are kept in milliseconds.
        self._latest, self._latest_until = Situation(behind.clock(), None), float("-inf")

    async def situation(self) -> Situation:
        """The moment, and the agents who are there; `present` None while Redis can't be asked."""
        if time.monotonic() - self._asked_at > FRESH_S:
            await self.look()
        return self.latest()

    def latest(self) -> Situation:
        """The same without asking, as of the last look a few seconds ago: a message never waits for Redis."""
        now = time.monotonic()
        if now >= self._latest_until or self._latest.present is not self._present:
            self._latest, self._latest_until = Situation(self._behind.clock(), self._present), now + 0.001
        return self._latest

    async def look(self) -> frozenset[int] | None:
        """Ask now."""
        keys = await self._behind.agents.present()
        self._present = None if keys is None else frozenset(map(int, keys))
        self._asked_at = time.monotonic()
        return self._present

    def noticed(self, agent_id: int) -> None:
        """An agent has connected here: true at once, not only at the next look."""
        if self._present is not None:
            self._present |= {agent_id}

    def connected(self, agent_id: int) -> bool:
        """Whether an agent has a socket anywhere, as far as is known; while Redis is away, here."""
        known = self._present or frozenset()
        return agent_id in known or str(agent_id) in self._behind.agents.held()

"""Which agents are online, cached for a second."""

import time

from chat.domain.context import DomainContext
from chat.realtime.context import Services

FRESH_S = 1.0


class AgentPresenceCache:
    """Who is connected, asked at most once a second however many say hello."""

    def __init__(self, behind: Services) -> None:
        self._services = behind
        self._asked_at = float("-inf")
        self._online: frozenset[int] | None = None
        # What was last answered, and until when it is true enough: times are kept in milliseconds.
        self._latest, self._latest_until = behind.domain_context(), float("-inf")

    async def context(self) -> DomainContext:
        """The moment, and the agents who are there; `present` None while Redis can't be asked."""
        if time.monotonic() - self._asked_at > FRESH_S:
            await self.refresh()
        return self.latest_context()

    def latest_context(self) -> DomainContext:
        """The same without asking, as of the last look a few seconds ago: a message never waits for Redis."""
        now = time.monotonic()
        if now >= self._latest_until or self._latest.online_agents is not self._online:
            self._latest, self._latest_until = self._services.domain_context(self._online), now + 0.001
        return self._latest

    async def refresh(self) -> frozenset[int] | None:
        """Ask now."""
        keys = await self._services.agent_presence.present()
        self._online = None if keys is None else frozenset(map(int, keys))
        self._asked_at = time.monotonic()
        return self._online

    def add_connected(self, agent_id: int) -> None:
        """An agent has connected here: true at once, not only at the next look."""
        if self._online is not None:
            self._online |= {agent_id}

    def is_connected(self, agent_id: int) -> bool:
        """Whether an agent has a socket anywhere, as far as is known; while Redis is away, here."""
        known = self._online or frozenset()
        return agent_id in known or str(agent_id) in self._services.agent_presence.local_keys()

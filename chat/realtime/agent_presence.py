"""Which agents are online, read from Redis at most once a second."""

import time

from chat.domain.context import DomainContext
from chat.realtime.context import Services

FRESH_S = 1.0


class AgentPresenceCache:
    """The online agents of all nodes, however many clients say hello."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._read_at = float("-inf")
        self._online: frozenset[int] | None = None
        # The last context, valid for a millisecond: times are stored in milliseconds.
        self._latest, self._latest_until = services.domain_context(), float("-inf")

    async def context(self) -> DomainContext:
        """The moment and the online agents; `online_agents` is None while Redis is unavailable."""
        if time.monotonic() - self._read_at > FRESH_S:
            await self.refresh()
        return self.latest_context()

    def latest_context(self) -> DomainContext:
        """The same with the agents as of the last read, a few seconds ago: a message never waits for Redis."""
        now = time.monotonic()
        if now >= self._latest_until or self._latest.online_agents is not self._online:
            self._latest, self._latest_until = self._services.domain_context(self._online), now + 0.001
        return self._latest

    async def refresh(self) -> frozenset[int] | None:
        """Read the online agents now; None while Redis is unavailable."""
        keys = await self._services.agent_presence.present()
        self._online = None if keys is None else frozenset(map(int, keys))
        self._read_at = time.monotonic()
        return self._online

    def add_connected(self, agent_id: int) -> None:
        """An agent has connected here: online at once, not only after the next read."""
        if self._online is not None:
            self._online |= {agent_id}

    def is_connected(self, agent_id: int) -> bool:
        """Whether an agent has a socket on any node, as of the last read; while Redis is unavailable, on this node."""
        return agent_id in (self._online or ()) or str(agent_id) in self._services.agent_presence.local_keys()

"""A node for tests: all of it on a free port, and what an operator does there."""

import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from chat.app import start_node
from chat.domain.people import agents, sessions
from chat.domain.people.agents import NewAgent
from chat.processes import start_listening
from chat.settings import Settings
from chat.store.rows import AgentRow
from chat.store.store import Store
from chat.vocabulary import Role
from chat.web.auth.tokens import hash_token

# A Tuesday morning, hours before closing time.
TUESDAY_MORNING = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class Clock:
    """A clock that runs as usual, from a moment that the test chooses."""

    def __init__(self) -> None:
        self.turn_to(TUESDAY_MORNING)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def turn_to(self, moment: datetime) -> None:
        self._ahead = moment - datetime.now(UTC)


@dataclass
class Node:
    """One running node."""

    settings: Settings
    url: str
    store: Store
    clock: Clock

    async def add_agent(self, name: str, role: Role = "agent", capacity: int = 4) -> AgentRow:
        """A new agent, who has not signed in yet."""
        new = NewAgent(f"{name.lower()}@desk.example", name, role, capacity)
        return await self.store.write(agents.add_agent, new, self.clock())

    async def sign_in(self, agent: AgentRow) -> str:
        """The Cookie header of a new session."""
        token = secrets.token_urlsafe(32)
        await self.store.write(sessions.open_session, agent.id, hash_token(token), self.clock())
        return f"guichet={token}"


@asynccontextmanager
async def running_node(
    settings: Settings, clock: Clock | None = None, *, runs_ticket_jobs: bool = True
) -> AsyncIterator[Node]:
    """A started node that listens; it uses the Redis of `settings.redis_url`."""
    assert settings.redis_url is not None
    clock = clock or Clock()
    async with start_node(settings, settings.redis_url, clock, runs_ticket_jobs=runs_ticket_jobs) as home:
        door = socket.create_server(("127.0.0.1", 0))
        async with start_listening(home.app, door):
            yield Node(settings, f"http://127.0.0.1:{door.getsockname()[1]}", home.operator.store, clock)

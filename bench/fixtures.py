"""The fixtures of an installation: opening hours without end, agents with sessions, visitors in chats, and guests."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from chat.desk import agents, calendar_in_force, install, queue, tickets, visitors
from chat.desk.agents import NewAgent
from chat.desk.changes import Situation
from chat.desk.tickets import NewChat
from chat.desk.visitors import Newcomer
from chat.store.migrations import migrate
from chat.store.rows import AgentRow
from chat.store.works import Work, Works
from chat.web.tokens import hashed, new_token

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALWAYS_OPEN = {
    "timezone": "Europe/Paris",
    "week": [{"days": EVERY_DAY, "from": "00:00", "to": "24:00", "state": "open"}],
    "holidays": None,
    "exceptions": [],
    "promise": {"hours": 48, "unit": "working_days"},
}
BATCH_SIZE = 500
T = TypeVar("T")


class Size(NamedTuple):
    """How many to create. Guests are visitors with a token and without a chat."""

    agents: int
    visitors: int
    guests: int = 0


class AssignedChat(NamedTuple):
    """A visitor's token, their chat, and the index of the agent who has claimed it."""

    token: str
    ticket: str
    agent: int


@dataclass(frozen=True)
class Fixtures:
    """What clients need to connect: agents' session cookies, visitors' chats, and guests' tokens."""

    agent_cookies: list[str]
    chats: list[AssignedChat]
    guest_tokens: list[str]


def create_fixtures(url: str, size: Size) -> Fixtures:
    """Create the fixtures in an empty database that no server has open."""
    migrate(url)
    return asyncio.run(_create(url, size))


async def _create(url: str, size: Size) -> Fixtures:
    now = datetime.now(UTC)
    works = Works(url, lambda _: None)
    await works.start()
    try:
        await works.run(install.seed, now)
        await works.run(calendar_in_force.set_calendar, ALWAYS_OPEN)
        tokens = [new_token() for _ in range(size.agents)]
        team = [await works.run(_add_agent, number, token, now) for number, token in enumerate(tokens)]
        situation = Situation(now, frozenset(one.id for one in team))
        chats = await create_in_batches(lambda number: _add_chat(works, number, team, situation), size.visitors)
        guests = await create_in_batches(lambda _: _add_guest(works, now), size.guests)
    finally:
        await works.close()
    return Fixtures([f"guichet={token}" for token in tokens], chats, guests)


def _add_agent(work: Work, number: int, token: str, now: datetime) -> AgentRow:
    agent = agents.add(work, NewAgent(f"agent{number}@desk.example", f"Agent {number}", capacity=1000), now)
    agents.open_session(work, agent.id, hashed(token), now)
    return agents.set_presence(work, agent.id, "available", now)


async def create_in_batches(create: Callable[[int], Awaitable[T]], count: int) -> list[T]:
    """Create `count`, with BATCH_SIZE calls at a time, which the store may group into one transaction."""
    created: list[T] = []
    while len(created) < count:
        numbers = range(len(created), min(count, len(created) + BATCH_SIZE))
        created += await asyncio.gather(*map(create, numbers))
    return created


async def _add_chat(works: Works, number: int, team: list[AgentRow], situation: Situation) -> AssignedChat:
    token, agent = new_token(), number % len(team)
    return AssignedChat(token, await works.run(_start_claimed_chat, token, team[agent], situation), agent)


def _start_claimed_chat(work: Work, token: str, agent: AgentRow, situation: Situation) -> str:
    first = NewChat(secrets.token_urlsafe(16), "Hello, I have a question about my order.")
    ticket = tickets.start_chat(work, Newcomer(hashed(token), 1, "en"), first, situation).ticket
    return queue.claim(work, agent.id, ticket.public_id, over=True, now=situation.now).public_id


async def _add_guest(works: Works, now: datetime) -> str:
    token = new_token()
    await works.run(visitors.known_or_new, Newcomer(hashed(token), 1, "en"), now)
    return token

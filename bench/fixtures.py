"""An installation to be measured: a desk that never closes, agents signed in, visitors in chats, and guests."""

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
AT_ONCE = 500
T = TypeVar("T")


class Size(NamedTuple):
    """How many there are; guests are known by their token and have no chat."""

    agents: int
    visitors: int
    guests: int = 0


class Chatting(NamedTuple):
    """A visitor's token, and the chat that agent number `agent` has taken."""

    token: str
    ticket: str
    agent: int


@dataclass(frozen=True)
class Cast:
    """The agents' cookies, the visitors, and the guests' tokens."""

    cookies: list[str]
    visitors: list[Chatting]
    guests: list[str]


def furnished(url: str, size: Size) -> Cast:
    """Makes all this in an empty database; no server may have it open."""
    migrate(url)
    return asyncio.run(_furnish(url, size))


async def _furnish(url: str, size: Size) -> Cast:
    now = datetime.now(UTC)
    works = Works(url, lambda _: None)
    await works.start()
    try:
        await works.run(install.seed, now)
        await works.run(calendar_in_force.set_calendar, ALWAYS_OPEN)
        tokens = [new_token() for _ in range(size.agents)]
        team = [await works.run(_hire, number, token, now) for number, token in enumerate(tokens)]
        situation = Situation(now, frozenset(one.id for one in team))
        chatting = await in_steps(lambda number: _chat(works, number, team, situation), size.visitors)
        guests = await in_steps(lambda _: _guest(works, now), size.guests)
    finally:
        await works.close()
    return Cast([f"guichet={token}" for token in tokens], chatting, guests)


def _hire(work: Work, number: int, token: str, now: datetime) -> AgentRow:
    agent = agents.add(work, NewAgent(f"agent{number}@desk.example", f"Agent {number}", capacity=1000), now)
    agents.open_session(work, agent.id, hashed(token), now)
    return agents.set_presence(work, agent.id, "available", now)


async def in_steps(make: Callable[[int], Awaitable[T]], count: int) -> list[T]:
    """So many, AT_ONCE of them in a transaction, as far as the database groups them."""
    made: list[T] = []
    while len(made) < count:
        numbers = range(len(made), min(count, len(made) + AT_ONCE))
        made += await asyncio.gather(*map(make, numbers))
    return made


async def _chat(works: Works, number: int, team: list[AgentRow], situation: Situation) -> Chatting:
    token, agent = new_token(), number % len(team)
    return Chatting(token, await works.run(_begin, token, team[agent], situation), agent)


def _begin(work: Work, token: str, agent: AgentRow, situation: Situation) -> str:
    first = NewChat(secrets.token_urlsafe(16), "Hello, I have a question about my order.")
    ticket = tickets.start_chat(work, Newcomer(hashed(token), 1, "en"), first, situation).ticket
    return queue.claim(work, agent.id, ticket.public_id, over=True, now=situation.now).public_id


async def _guest(works: Works, now: datetime) -> str:
    token = new_token()
    await works.run(visitors.known_or_new, Newcomer(hashed(token), 1, "en"), now)
    return token

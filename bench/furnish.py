"""An installation to be measured: a desk that never closes, agents signed in, visitors in chats, and guests."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from chat.domain import seed
from chat.domain.context import DomainContext
from chat.domain.intake import start
from chat.domain.intake.start import NewChat
from chat.domain.people import agents, sessions, visitors
from chat.domain.people.agents import NewAgent
from chat.domain.queries import calendar
from chat.domain.queries.visitors import VisitorIdentity
from chat.domain.routing import claims
from chat.store.migrations import migrate
from chat.store.rows import AgentRow
from chat.store.store import Store
from chat.store.transaction import Transaction
from chat.web.auth.tokens import hash_token, new_token

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
    store = Store(url, lambda _: None)
    await store.start()
    try:
        await store.write(seed.seed, now)
        await store.write(calendar.set_calendar, ALWAYS_OPEN)
        tokens = [new_token() for _ in range(size.agents)]
        team = [await store.write(_hire, number, token, now) for number, token in enumerate(tokens)]
        context = DomainContext(now, frozenset(one.id for one in team))
        chatting = await in_steps(lambda number: _chat(store, number, team, context), size.visitors)
        guests = await in_steps(lambda _: _guest(store, now), size.guests)
    finally:
        await store.close()
    return Cast([f"guichet={token}" for token in tokens], chatting, guests)


def _hire(tx: Transaction, number: int, token: str, now: datetime) -> AgentRow:
    agent = agents.add_agent(tx, NewAgent(f"agent{number}@desk.example", f"Agent {number}", capacity=1000), now)
    sessions.open_session(tx, agent.id, hash_token(token), now)
    return agents.set_presence(tx, agent.id, "available", now)


async def in_steps(make: Callable[[int], Awaitable[T]], count: int) -> list[T]:
    """So many, AT_ONCE of them in a transaction, as far as the database groups them."""
    made: list[T] = []
    while len(made) < count:
        numbers = range(len(made), min(count, len(made) + AT_ONCE))
        made += await asyncio.gather(*map(make, numbers))
    return made


async def _chat(store: Store, number: int, team: list[AgentRow], context: DomainContext) -> Chatting:
    token, agent = new_token(), number % len(team)
    return Chatting(token, await store.write(_begin, token, team[agent], context), agent)


def _begin(tx: Transaction, token: str, agent: AgentRow, context: DomainContext) -> str:
    first = NewChat(secrets.token_urlsafe(16), "Hello, I have a question about my order.")
    ticket = start.start_chat(tx, VisitorIdentity(hash_token(token), 1, "en"), first, context).ticket
    return claims.claim(tx, agent.id, ticket.public_id, over_capacity=True, now=context.now).public_id


async def _guest(store: Store, now: datetime) -> str:
    token = new_token()
    await store.write(visitors.get_or_create_visitor, VisitorIdentity(hash_token(token), 1, "en"), now)
    return token

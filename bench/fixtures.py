"""The fixtures of an installation: opening hours without end, agents with sessions, visitors in chats, and guests."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from chat.domain import seed
from chat.domain.calendar.actions import set_calendar
from chat.domain.context import DomainContext, Timeouts
from chat.domain.intake import start
from chat.domain.intake.start import NewChat
from chat.domain.people import agents, sessions, visitors
from chat.domain.people.agents import NewAgent
from chat.domain.queries.visitors import VisitorIdentity
from chat.domain.reactions import react
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
# The defaults of chat/settings.py.
TIMEOUTS = Timeouts(
    ring=timedelta(seconds=60),
    return_grace=timedelta(minutes=5),
    offer_form_after=timedelta(minutes=5),
    close_wait_after=timedelta(minutes=10),
    idle_after=timedelta(minutes=10),
    close_idle_after=timedelta(minutes=60),
    promise_soon=timedelta(hours=4),
    promise_close=timedelta(hours=1),
)
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
    store = Store(url, lambda _: None, react)
    await store.start()
    try:
        await store.write(seed.seed, now)
        await store.write(set_calendar, ALWAYS_OPEN)
        tokens = [new_token() for _ in range(size.agents)]
        team = [await store.write(_add_agent, number, token, now) for number, token in enumerate(tokens)]
        context = DomainContext(now, frozenset(one.id for one in team), TIMEOUTS)
        chats = await create_in_batches(lambda number: _add_chat(store, number, team, context), size.visitors)
        guests = await create_in_batches(lambda _: _add_guest(store, now), size.guests)
    finally:
        await store.close()
    return Fixtures([f"guichet={token}" for token in tokens], chats, guests)


def _add_agent(tx: Transaction, number: int, token: str, now: datetime) -> AgentRow:
    agent = agents.add_agent(tx, NewAgent(f"agent{number}@desk.example", f"Agent {number}", capacity=1000), now)
    sessions.open_session(tx, agent.id, hash_token(token), now)
    return agents.set_presence(tx, agent.id, "available", now)


async def create_in_batches(create: Callable[[int], Awaitable[T]], count: int) -> list[T]:
    """Create `count`, with BATCH_SIZE calls at a time, which the store may group into one transaction."""
    created: list[T] = []
    while len(created) < count:
        numbers = range(len(created), min(count, len(created) + BATCH_SIZE))
        created += await asyncio.gather(*map(create, numbers))
    return created


async def _add_chat(store: Store, number: int, team: list[AgentRow], context: DomainContext) -> AssignedChat:
    token, agent = new_token(), number % len(team)
    return AssignedChat(token, await store.write(_start_claimed_chat, token, team[agent], context), agent)


def _start_claimed_chat(tx: Transaction, token: str, agent: AgentRow, context: DomainContext) -> str:
    first = NewChat(secrets.token_urlsafe(16), "Hello, I have a question about my order.")
    ticket = start.start_chat(tx, VisitorIdentity(hash_token(token), 1, "en"), first, context).ticket
    return claims.claim(tx, agent.id, ticket.public_id, over_capacity=True, now=context.now).public_id


async def _add_guest(store: Store, now: datetime) -> str:
    token = new_token()
    await store.write(visitors.get_or_create_visitor, VisitorIdentity(hash_token(token), 1, "en"), now)
    return token

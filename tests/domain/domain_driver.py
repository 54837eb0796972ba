"""Drives the domain for tests, as visitors and agents do.

Each action runs, is rolled back and runs again, as the Store may do; then the facts must describe the database.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, select

from chat.domain.context import DomainContext, Timeouts
from chat.domain.intake import start
from chat.domain.intake.start import NewChat, NewForm, StartedChat
from chat.domain.messages import notes, read_marks
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.messages.read_marks import ReadMark
from chat.domain.people import agents, visitors
from chat.domain.promises.on_hold import Hold, put_on_hold
from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.messages import messages_after
from chat.domain.queries.offers import ringing_offers
from chat.domain.queries.tickets import ticket_by_key, ticket_by_public_id
from chat.domain.queries.visitors import VisitorIdentity
from chat.domain.routing import idle_chats, long_waits, lost_agents, offers, transfer
from chat.domain.routing.claims import claim, take_over
from chat.domain.routing.transfer import HandOver, Receiver
from chat.domain.text import strip_nul
from chat.domain.tickets import lifecycle
from chat.domain.tickets.contact import Contact, give_contact
from chat.store import tables
from chat.store.rows import AgentRow, MessageRow, NoteRow, TicketRow
from chat.store.store import Store
from chat.store.transaction import Transaction
from chat.vocabulary import AgentState, Status, VisitorPresence
from tests.domain.fact_replica import FactReplica, read_state
from tests.domain.run_twice import post_twice, run_twice

P = ParamSpec("P")
T = TypeVar("T")

# Monday 10:00 in Paris: open until 18:00.
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
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
_ids = itertools.count(1)


def new_id() -> str:
    """An unused client_id."""
    return f"test-client-id-{next(_ids):06}"


def read_up_to(tx: Transaction, /, ticket: str, seq: int, now: datetime, **whose: int) -> None:
    """Apply one read mark by the ticket's public id; raises its refusal."""
    key = tx.sql.execute(select(tables.tickets.c.id).where(tables.tickets.c.public_id == strip_nul(ticket))).scalar()
    [refused] = read_marks.apply_read_marks([tx], [ReadMark(key or 0, seq, now, **whose)])
    if refused:
        raise refused


def add_available_agent(tx: Transaction, new: agents.NewAgent, now: datetime) -> AgentRow:
    """A new agent who chose to be available."""
    return agents.set_presence(tx, agents.add_agent(tx, new, now).id, "available", now)


@dataclass
class DomainDriver:
    """A node on a real database. `now` moves only by `later`; `online` has the connected agents."""

    store: Store
    facts: list[object]
    now: datetime = MONDAY
    online: set[int] = field(default_factory=set)
    redis: bool = True
    timeouts: Timeouts = TIMEOUTS
    # Running twice doubles the cost, so only SQLite does it.
    runs_twice: bool = True
    replica: FactReplica = field(default_factory=FactReplica)

    @property
    def context(self) -> DomainContext:
        return DomainContext(self.now, frozenset(self.online) if self.redis else None, self.timeouts)

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)

    async def run(self, action: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the action twice, then compare the facts with the database."""
        try:
            return await self.store.write(run_twice(action) if self.runs_twice else action, *args, **kwargs)
        finally:
            await self.compare()

    async def post(self, post: Post) -> MessageRow:
        try:
            return await self.store.post(post_twice if self.runs_twice else post_batch, post)
        finally:
            await self.compare()

    async def read(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.store.read(question, *args, **kwargs)

    async def compare(self) -> None:
        """Zulip's idea: a copy that has applied every fact equals the database."""
        self.replica.apply_new(self.facts)
        self.replica.check(await self.store.read(read_state, self.replica.seen))

    async def agent(self, name: str, **more: object) -> "Agent":
        """Add an agent who is available and online."""
        new = agents.NewAgent(f"{name.lower().replace(chr(32), chr(46))}@example.test", name, **more)  # type: ignore[arg-type]  # a shorthand
        # Nearly every test does this: it neither runs twice nor compares.
        row = await self.store.write(add_available_agent, new, self.now)
        agent = Agent(self, name, row.id, row.public_id)
        agent.connects()
        return agent

    def visitor(self, name: str, address_hash: str | None = None) -> "Visitor":
        identity = VisitorIdentity(sha256(name.encode()).hexdigest(), 1, "fr", address_hash=address_hash)
        return Visitor(self, name, identity)

    async def ticket(self, public_id: str) -> TicketRow:
        return await self.read(ticket_by_public_id, public_id)

    async def thread(self, public_id: str) -> list[MessageRow]:
        row = await self.ticket(public_id)
        return await self.read(messages_after, row.id, 0)

    async def events(self, public_id: str) -> list[str]:
        """The names of a ticket's events, without the messages that people wrote."""
        return [str(row.event["name"]) for row in await self.thread(public_id) if row.event]

    async def ringing(self) -> dict[str, int]:
        """The agent on whose console each ticket rings, by the ticket's public id."""
        return await self.read(_ringing)

    async def offer_waiting_chats(self) -> int:
        return await self.run(offers.offer_waiting, self.context)

    async def run_worker(self) -> None:
        """Everything that the worker does periodically."""
        await self.run(offers.expire_offers, self.now)
        await self.run(lost_agents.release_chats_of_absent_agents, self.context)
        await self.run(lost_agents.return_chats, self.context)
        await self.run(offers.offer_waiting, self.context)
        await self.run(long_waits.escalate_long_waits, self.context)
        await self.run(idle_chats.close_idle_chats, self.context)


def _ringing(sql: Connection) -> dict[str, int]:
    return {ticket_by_key(sql, offer.ticket_id).public_id: offer.agent_id for offer in ringing_offers(sql)}


@dataclass
class Visitor:
    """A visitor; `ticket` is their newest ticket."""

    driver: DomainDriver
    name: str
    identity: VisitorIdentity
    id: int = 0
    ticket: str = ""

    async def starts(self, text: str = "Bonjour", client_id: str | None = None, **more: str) -> StartedChat:
        chat = NewChat(client_id or new_id(), text, **more)
        started = await self.driver.run(start.start_chat, self.identity, chat, self.driver.context)
        self.id, self.ticket = started.ticket.visitor_id, started.ticket.public_id
        return started

    async def says(self, text: str = "…", client_id: str | None = None, ticket: str = "") -> MessageRow:
        post = Post(ticket or self.ticket, client_id or new_id(), text, self.driver.context, visitor_id=self.id)
        return await self.driver.post(post)

    async def fills_in(self, text: str = "Où est mon colis ?", **more: str) -> start.Submitted:
        form = NewForm(more.pop("client_id", new_id()), {"text": text, "email": "vic@example.test", **more})
        sent = await self.driver.run(start.submit_form, self.identity, form, self.driver.now)
        self.id, self.ticket = sent.ticket.visitor_id, sent.ticket.public_id
        return sent

    async def leaves_address(self, wait: bool, email: str = "vic@example.test", name: str | None = None) -> TicketRow:
        contact = Contact(email, name, wait)
        return await self.driver.run(give_contact, self.id, self.ticket, contact, self.driver.now)

    async def reads(self, seq: int) -> None:
        await self.driver.run(read_up_to, self.ticket, seq, self.driver.now, visitor_id=self.id)

    async def is_now(self, state: VisitorPresence) -> None:
        await self.driver.run(visitors.set_visitor_presence, self.id, state, self.driver.context)

    async def ends(self) -> TicketRow:
        return await self.driver.run(lifecycle.end_by_visitor, self.id, self.ticket, self.driver.now)

    async def sees(self) -> TicketRow:
        return await self.driver.ticket(self.ticket)


@dataclass
class Agent:
    """An agent."""

    driver: DomainDriver
    name: str
    id: int
    public_id: str

    def connects(self) -> None:
        self.driver.online.add(self.id)

    def drops(self) -> None:
        self.driver.online.discard(self.id)

    async def chooses(self, state: AgentState) -> AgentRow:
        return await self.driver.run(agents.set_presence, self.id, state, self.driver.now)

    async def claims(self, ticket: str, over: bool = False) -> TicketRow:
        return await self.driver.run(claim, self.id, ticket, over, self.driver.now)

    async def declines(self, ticket: str) -> None:
        await self.driver.run(offers.decline, self.id, ticket, self.driver.now)

    async def says(self, ticket: str, text: str = "J'arrive.", client_id: str | None = None) -> MessageRow:
        return await self.driver.post(Post(ticket, client_id or new_id(), text, self.driver.context, agent_id=self.id))

    async def notes(self, ticket: str, text: str = "VIP", client_id: str | None = None) -> NoteRow:
        return await self.driver.run(
            notes.add_note, self.id, ticket, notes.NewNote(client_id or new_id(), text), self.driver.now
        )

    async def reads(self, ticket: str, seq: int) -> None:
        await self.driver.run(read_up_to, ticket, seq, self.driver.now, agent_id=self.id)

    async def hands_over(self, ticket: str, to: "Agent | str") -> TicketRow:
        """Hand over to an agent, or to a department by its public id."""
        receiver = Receiver(department=to) if isinstance(to, str) else Receiver(agent=to.public_id)
        return await self.driver.run(transfer.hand_over, self.id, HandOver(ticket, receiver), self.driver.context)

    async def takes_over(self, ticket: str) -> TicketRow:
        return await self.driver.run(take_over, self.id, ticket, self.driver.now)

    async def ends(self, ticket: str) -> TicketRow:
        return await self.driver.run(lifecycle.end_by_agent, self.id, ticket, self.driver.now)

    async def sets(self, ticket: str, status: Status) -> TicketRow:
        """Set a status; on hold for three days."""
        if status == "on_hold":
            return await self.puts_on_hold(ticket, self.driver.now + timedelta(days=3))
        return await self.driver.run(lifecycle.set_status, self.id, ticket, status, self.driver.now)

    async def puts_on_hold(
        self, ticket: str, until: datetime, reason: str = "We ask the bank.", tell: bool = False
    ) -> TicketRow:
        return await self.driver.run(put_on_hold, self.id, ticket, Hold(until, reason, tell), self.driver.now)

    async def spams(self, ticket: str) -> TicketRow:
        return await self.driver.run(lifecycle.mark_spam, self.id, ticket, self.driver.now)

    async def row(self) -> AgentRow:
        return await self.driver.read(agent_by_key, self.id)

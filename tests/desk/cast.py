"""The desk and its cast: every verb they use is tried once, undone, and done; then facts and database must agree."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, select

from chat.desk import agents, endings, messages, notes, offers, queue, tickets, visitors, waits
from chat.desk.changes import Situation
from chat.desk.messages import Post, Read
from chat.desk.queue import HandOverTo
from chat.desk.records import messages_after, plain, ringing_offers, ticket_by_key, ticket_by_public_id
from chat.desk.refusals import Refused
from chat.desk.tickets import Contact, NewChat, NewForm, Started
from chat.desk.visitors import Newcomer
from chat.store import tables
from chat.store.rows import AgentRow, Choice, MessageRow, Nearness, NoteRow, Status, TicketRow
from chat.store.works import Work, Works
from tests.desk.hearsay import Hearsay, reality

P = ParamSpec("P")
T = TypeVar("T")

# Monday 10:00 in Paris: the desk is open until 18:00.
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
_ids = itertools.count(1)


def new_id() -> str:
    """A client_id that nobody has used."""
    return f"test-client-id-{next(_ids):06}"


def rehearsed(verb: Callable[Concatenate[Work, P], T]) -> Callable[Concatenate[Work, P], T]:
    """A verb that is run, undone and run again, as Works may do; both runs must come out alike."""

    def both(work: Work, /, *args: P.args, **kwargs: P.kwargs) -> T:
        first = Work(work.sql, work.origin)
        undone = work.sql.begin_nested()
        once = outcome(lambda: verb(first, *args, **kwargs))
        undone.rollback()
        twice = outcome(lambda: verb(work, *args, **kwargs))
        assert type(once) is type(twice) and kinds(first) == kinds(work)
        if isinstance(twice, Refused):
            raise twice
        return twice

    return both


def outcome(act: Callable[[], T]) -> T | Refused:
    try:
        return act()
    except Refused as refused:
        return refused


def kinds(work: Work) -> list[type]:
    return [type(told.fact) for told in work.told]


def post_rehearsed(works: Sequence[Work], posts: Sequence[Post]) -> list[MessageRow | Exception]:
    """`post_batch`, run, undone and run again."""
    undone = works[0].sql.begin_nested()
    once = messages.post_batch([Work(work.sql) for work in works], posts)
    undone.rollback()
    twice = messages.post_batch(works, posts)
    assert list(map(type, once)) == list(map(type, twice))
    return twice


def read_up_to(work: Work, /, ticket: str, seq: int, now: datetime, **whose: int) -> None:
    """One mark, by the ticket's public id; raises what is refused."""
    key = work.sql.execute(select(tables.tickets.c.id).where(tables.tickets.c.public_id == plain(ticket))).scalar()
    [refused] = messages.read_all(work, [Read(key or 0, seq, now, "", **whose)])
    if refused:
        raise refused


def hired(work: Work, new: agents.NewAgent, now: datetime) -> AgentRow:
    """Somebody new, who has chosen to be available."""
    return agents.set_presence(work, agents.add(work, new, now).id, "available", now)


@dataclass
class Desk:
    """A desk on a real database: `now` stands still until `later`, `here` are the agents who are connected."""

    works: Works
    facts: list[object]
    now: datetime = MONDAY
    here: set[int] = field(default_factory=set)
    redis: bool = True
    # It doubles what a verb costs, so that one database must do.
    rehearses: bool = True
    hearsay: Hearsay = field(default_factory=Hearsay)

    @property
    def situation(self) -> Situation:
        return Situation(self.now, frozenset(self.here) if self.redis else None)

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)

    async def run(self, verb: Callable[Concatenate[Work, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The verb, rehearsed; afterwards what was announced must be what is true."""
        try:
            return await self.works.run(rehearsed(verb) if self.rehearses else verb, *args, **kwargs)
        finally:
            await self.compare()

    async def post(self, post: Post) -> MessageRow:
        try:
            return await self.works.post(post_rehearsed if self.rehearses else messages.post_batch, post)
        finally:
            await self.compare()

    async def read(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.works.read(question, *args, **kwargs)

    async def compare(self) -> None:
        """Zulip's idea: a stale copy that has heard every fact equals what the database says."""
        self.hearsay.hear_new(self.facts)
        self.hearsay.check(await self.works.read(reality, self.hearsay.seen))

    async def agent(self, name: str, **more: object) -> "Agent":
        """Somebody of the team, available and connected."""
        new = agents.NewAgent(f"{name.lower().replace(chr(32), chr(46))}@example.test", name, **more)  # type: ignore[arg-type]  # a shorthand
        # Told in every story: neither rehearsed nor compared until something happens.
        row = await self.works.run(hired, new, self.now)
        agent = Agent(self, name, row.id, row.public_id)
        agent.connects()
        return agent

    def visitor(self, name: str) -> "Visitor":
        return Visitor(self, name, Newcomer(sha256(name.encode()).hexdigest(), 1, "fr"))

    async def ticket(self, public_id: str) -> TicketRow:
        return await self.read(ticket_by_public_id, public_id)

    async def thread(self, public_id: str) -> list[MessageRow]:
        row = await self.ticket(public_id)
        return await self.read(messages_after, row.id, 0)

    async def events(self, public_id: str) -> list[str]:
        """The names of what happened in a ticket, without what people wrote."""
        return [str(row.event["name"]) for row in await self.thread(public_id) if row.event]

    async def ringing(self) -> dict[str, int]:
        """On whose console each ticket rings."""
        return await self.read(_rings)

    async def offers_are_made(self) -> int:
        return await self.run(offers.offer_waiting, self.situation)

    async def works_once(self) -> None:
        """Everything that the worker has on its list."""
        await self.run(offers.expire_offers, self.now)
        await self.run(waits.release_absent, self.situation)
        await self.run(waits.give_back, self.situation)
        await self.run(offers.offer_waiting, self.situation)
        await self.run(waits.long_waits, self.situation)
        await self.run(waits.silences, self.now)


def _rings(sql: Connection) -> dict[str, int]:
    return {ticket_by_key(sql, offer.ticket_id).public_id: offer.agent_id for offer in ringing_offers(sql)}


@dataclass
class Visitor:
    """A visitor; `ticket` is their newest."""

    desk: Desk
    name: str
    newcomer: Newcomer
    id: int = 0
    ticket: str = ""

    async def starts(self, text: str = "Bonjour", client_id: str | None = None, **more: str) -> Started:
        chat = NewChat(client_id or new_id(), text, **more)
        started = await self.desk.run(tickets.start_chat, self.newcomer, chat, self.desk.situation)
        self.id, self.ticket = started.ticket.visitor_id, started.ticket.public_id
        return started

    async def says(self, text: str = "…", client_id: str | None = None, ticket: str = "") -> MessageRow:
        post = Post(ticket or self.ticket, client_id or new_id(), text, self.desk.situation, visitor_id=self.id)
        return await self.desk.post(post)

    async def fills_in(self, text: str = "Où est mon colis ?", **more: str) -> tickets.Submitted:
        form = NewForm(**{"client_id": new_id(), "text": text, "email": "vic@example.test", **more})
        sent = await self.desk.run(tickets.submit_form, self.newcomer, form, self.desk.now)
        self.id, self.ticket = sent.ticket.visitor_id, sent.ticket.public_id
        return sent

    async def leaves_address(self, wait: bool, email: str = "vic@example.test", name: str | None = None) -> TicketRow:
        contact = Contact(email, name, wait)
        return await self.desk.run(tickets.give_contact, self.id, self.ticket, contact, self.desk.now)

    async def reads(self, seq: int) -> None:
        await self.desk.run(read_up_to, self.ticket, seq, self.desk.now, visitor_id=self.id)

    async def is_now(self, state: Nearness) -> None:
        await self.desk.run(visitors.moved, self.id, state, self.desk.now)

    async def ends(self) -> TicketRow:
        return await self.desk.run(endings.end_by_visitor, self.id, self.ticket, self.desk.now)

    async def sees(self) -> TicketRow:
        return await self.desk.ticket(self.ticket)


@dataclass
class Agent:
    """Somebody of the team."""

    desk: Desk
    name: str
    id: int
    public_id: str

    def connects(self) -> None:
        self.desk.here.add(self.id)

    def drops(self) -> None:
        self.desk.here.discard(self.id)

    async def chooses(self, state: Choice) -> AgentRow:
        return await self.desk.run(agents.set_presence, self.id, state, self.desk.now)

    async def claims(self, ticket: str, over: bool = False) -> TicketRow:
        return await self.desk.run(queue.claim, self.id, ticket, over, self.desk.now)

    async def declines(self, ticket: str) -> None:
        await self.desk.run(queue.decline, self.id, ticket, self.desk.now)

    async def says(self, ticket: str, text: str = "J'arrive.", client_id: str | None = None) -> MessageRow:
        return await self.desk.post(Post(ticket, client_id or new_id(), text, self.desk.situation, agent_id=self.id))

    async def notes(self, ticket: str, text: str = "VIP", client_id: str | None = None) -> NoteRow:
        return await self.desk.run(notes.add_note, self.id, ticket, (client_id or new_id(), text), self.desk.now)

    async def reads(self, ticket: str, seq: int) -> None:
        await self.desk.run(read_up_to, ticket, seq, self.desk.now, agent_id=self.id)

    async def hands_over(self, ticket: str, to: "Agent | str") -> TicketRow:
        """To an agent, or to a department by its public id."""
        whom = HandOverTo(department=to) if isinstance(to, str) else HandOverTo(agent=to.public_id)
        return await self.desk.run(queue.hand_over, self.id, ticket, whom, self.desk.situation)

    async def takes_over(self, ticket: str) -> TicketRow:
        return await self.desk.run(queue.take_over, self.id, ticket, self.desk.now)

    async def ends(self, ticket: str) -> TicketRow:
        return await self.desk.run(endings.end_by_agent, self.id, ticket, self.desk.now)

    async def sets(self, ticket: str, status: Status) -> TicketRow:
        return await self.desk.run(endings.set_status, self.id, ticket, status, self.desk.now)

    async def spams(self, ticket: str) -> TicketRow:
        return await self.desk.run(endings.spam, self.id, ticket, self.desk.now)

    async def row(self) -> AgentRow:
        return await self.desk.read(agents.by_key, self.id)

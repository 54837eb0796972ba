"""What a node asks about what it holds: which tickets moved on, what rings, who left without a word."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, exists, or_, select

from chat.desk.offers import ringing_on
from chat.desk.places import paces, placed, positions_of
from chat.desk.records import unfinished, unplaced_tickets
from chat.desk.refusals import Holder
from chat.desk.rules import availability
from chat.store.among import among
from chat.store.rows import OfferRow, TicketRow
from chat.store.tables import GONE, LIVE, tickets

# Rows of a look that goes on at the next one.
AT_ONCE = 1_000


class Mark(NamedTuple):
    """How far a ticket has come: `rev` grows with every change of it."""

    key: int
    ticket: str
    rev: int
    seq: int
    note_seq: int

    @property
    def told_rev(self) -> int:
        """As TicketRow.told_rev."""
        return self.rev - self.note_seq

    @property
    def rest(self) -> int:
        """What `rev` counts beside messages and notes."""
        return self.rev - self.seq - self.note_seq


class Place(NamedTuple):
    """A place in the queue, and how long it may honestly be said to take."""

    position: int
    wait_s: int | None


class Ring(NamedTuple):
    """A ticket that rings on a console now."""

    offer: OfferRow
    ticket: TicketRow
    giver: Holder | None


_MARKS = select(tickets.c.id, tickets.c.public_id, tickets.c.rev, tickets.c.last_seq, tickets.c.last_note_seq)
_OF_KEYS = _MARKS.where(among(tickets.c.id))
_OF_INBOX = _MARKS.where(unfinished())
_NEXT = _OF_INBOX.where(tickets.c.id > bindparam("after")).order_by(tickets.c.id).limit(AT_ONCE)
_SINCE = _MARKS.where(tickets.c.updated_at >= bindparam("moment"))


def marks(sql: Connection, keys: Sequence[int], inbox: bool) -> list[Mark]:
    """How far these tickets have come and, for `inbox`, all that an inbox still shows: of a full one that takes long,
    and is asked once; `moved` and `next_marks` are for every few seconds."""
    found = {row[0]: Mark(*row) for row in sql.execute(_OF_INBOX).all()} if inbox else {}
    if others := [key for key in keys if key not in found]:
        found |= {row[0]: Mark(*row) for row in sql.execute(_OF_KEYS, {"keys": others}).all()}
    return list(found.values())


def moved(sql: Connection, since: datetime) -> list[Mark]:
    """The tickets that were written to since then, whatever their status: what changes a ticket without a word (a
    read mark, a visitor who leaves) and what a slow transaction or another node's clock hides from this, is found
    by `next_marks`."""
    return [Mark(*row) for row in sql.execute(_SINCE, {"moment": since}).all()]


def next_marks(sql: Connection, after: int) -> list[Mark]:
    """The next 1,000 of the tickets that an inbox still shows, by key; fewer at the end: begin again with 0."""
    return [Mark(*row) for row in sql.execute(_NEXT, {"after": after}).all()]


def by_keys(sql: Connection, keys: Sequence[int]) -> list[TicketRow]:
    """These tickets, whosever they are."""
    return placed(sql, unplaced_tickets(sql, keys)) if keys else []


def waiting_among(sql: Connection, keys: Sequence[int]) -> list[TicketRow]:
    """Those of these tickets that wait for an agent, with their place."""
    return [row for row in by_keys(sql, list(positions_of(sql, keys))) if row.waiting]


def places(sql: Connection, keys: Collection[int]) -> dict[int, Place]:
    """The places of those of these tickets that wait: one walk along the queue, for many at once."""
    positions = positions_of(sql, keys)
    pace = paces(sql) if positions else []
    return {key: Place(position, availability.honest_wait(pace, position)) for key, position in positions.items()}


def ringing_for(sql: Connection, agent_ids: Iterable[int]) -> list[Ring]:
    """What rings now on the consoles of these agents."""
    return [Ring(*found) for agent_id in agent_ids for found in ringing_on(sql, agent_id)]


_newer = tickets.alias("newer")
_ANOTHER = exists().where(_newer.c.visitor_id == tickets.c.visitor_id, _newer.c.id > tickets.c.id)
_NOT_GONE = (
    select(tickets.c.visitor_id)
    .where(unfinished(), tickets.c.visitor_state != GONE, or_(tickets.c.status == LIVE, ~_ANOTHER))
    .where(tickets.c.visitor_id > bindparam("after"))
    .order_by(tickets.c.visitor_id)
)
_SOME_NOT_GONE = _NOT_GONE.limit(AT_ONCE)


def not_gone(sql: Connection) -> set[int]:
    """Visitors whose live ticket, or newest if it is unfinished, says that they are still here."""
    return set(sql.execute(_NOT_GONE, {"after": 0}).scalars().all())


def next_not_gone(sql: Connection, after: int) -> list[int]:
    """The next 1,000 of them, by key; fewer at the end: begin again with 0."""
    return list(sql.execute(_SOME_NOT_GONE, {"after": after}).scalars().all())

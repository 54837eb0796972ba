"""What a node asks about what it holds: which tickets moved on, what rings, who left without a word."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, exists, or_, select

from chat.domain.queries.queue import positions_of, recent_wait_rates, with_positions
from chat.domain.queries.tickets import tickets_without_position, unfinished
from chat.domain.rules.hours import availability
from chat.store.key_list import in_keys
from chat.store.rows import TicketRow
from chat.store.tables import GONE, LIVE, tickets

# Rows of a look that goes on at the next one.
SYNC_PAGE_SIZE = 1_000


class TicketRevision(NamedTuple):
    """How far a ticket has come: `rev` grows with every change of it."""

    key: int
    ticket: str
    rev: int
    seq: int
    note_seq: int

    @property
    def public_rev(self) -> int:
        """As TicketRow.told_rev."""
        return self.rev - self.note_seq

    @property
    def other_changes(self) -> int:
        """What `rev` counts beside messages and notes."""
        return self.rev - self.seq - self.note_seq


class QueuePosition(NamedTuple):
    """A place in the queue, and how long it may honestly be said to take."""

    position: int
    wait_s: int | None


_REVISIONS = select(tickets.c.id, tickets.c.public_id, tickets.c.rev, tickets.c.last_seq, tickets.c.last_note_seq)
_BY_KEYS = _REVISIONS.where(in_keys(tickets.c.id))
_UNFINISHED = _REVISIONS.where(unfinished())
_NEXT_UNFINISHED = _UNFINISHED.where(tickets.c.id > bindparam("after")).order_by(tickets.c.id).limit(SYNC_PAGE_SIZE)
_UPDATED_SINCE = _REVISIONS.where(tickets.c.updated_at >= bindparam("moment"))


def ticket_revisions(sql: Connection, keys: Sequence[int], inbox: bool) -> list[TicketRevision]:
    """How far these tickets have come and, for `inbox`, all that an inbox still shows: of a full one that takes long,
    and is asked once; `moved` and `next_marks` are for every few seconds."""
    found = {row[0]: TicketRevision(*row) for row in sql.execute(_UNFINISHED).all()} if inbox else {}
    if others := [key for key in keys if key not in found]:
        found |= {row[0]: TicketRevision(*row) for row in sql.execute(_BY_KEYS, {"keys": others}).all()}
    return list(found.values())


def revisions_since(sql: Connection, since: datetime) -> list[TicketRevision]:
    """The tickets that were written to since then, whatever their status: what changes a ticket without a word (a
    read mark, a visitor who leaves) and what a slow transaction or another node's clock hides from this, is found
    by `next_marks`."""
    return [TicketRevision(*row) for row in sql.execute(_UPDATED_SINCE, {"moment": since}).all()]


def next_unfinished_revisions(sql: Connection, after: int) -> list[TicketRevision]:
    """The next 1,000 of the tickets that an inbox still shows, by key; fewer at the end: begin again with 0."""
    return [TicketRevision(*row) for row in sql.execute(_NEXT_UNFINISHED, {"after": after}).all()]


def tickets_by_ids(sql: Connection, keys: Sequence[int]) -> list[TicketRow]:
    """These tickets, whosever they are."""
    return with_positions(sql, tickets_without_position(sql, keys)) if keys else []


def waiting_tickets(sql: Connection, keys: Sequence[int]) -> list[TicketRow]:
    """Those of these tickets that wait for an agent, with their place."""
    return [row for row in tickets_by_ids(sql, list(positions_of(sql, keys))) if row.waiting]


def queue_positions(sql: Connection, keys: Collection[int]) -> dict[int, QueuePosition]:
    """The places of those of these tickets that wait: one walk along the queue, for many at once."""
    positions = positions_of(sql, keys)
    pace = recent_wait_rates(sql) if positions else []
    return {
        key: QueuePosition(position, availability.estimated_wait(pace, position)) for key, position in positions.items()
    }


_newer = tickets.alias("newer")
_HAS_NEWER_TICKET = exists().where(_newer.c.visitor_id == tickets.c.visitor_id, _newer.c.id > tickets.c.id)
_MARKED_PRESENT = (
    select(tickets.c.visitor_id)
    .where(unfinished(), tickets.c.visitor_state != GONE, or_(tickets.c.status == LIVE, ~_HAS_NEWER_TICKET))
    .where(tickets.c.visitor_id > bindparam("after"))
    .order_by(tickets.c.visitor_id)
)
_NEXT_MARKED_PRESENT = _MARKED_PRESENT.limit(SYNC_PAGE_SIZE)


def visitors_marked_present(sql: Connection) -> set[int]:
    """Visitors whose live ticket, or newest if it is unfinished, says that they are still here."""
    return set(sql.execute(_MARKED_PRESENT, {"after": 0}).scalars().all())


def next_visitors_marked_present(sql: Connection, after: int) -> list[int]:
    """The next 1,000 of them, by key; fewer at the end: begin again with 0."""
    return list(sql.execute(_NEXT_MARKED_PRESENT, {"after": after}).scalars().all())

"""Queries with which a node finds tickets and visitors whose events it may have missed."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, exists, or_, select

from chat.domain.queries.tickets import unfinished
from chat.store.key_list import in_keys
from chat.store.tables import GONE, LIVE, tickets
from chat.vocabulary import FINISHED_STATUSES, Status

# Rows of one page; the next check continues after it.
SYNC_PAGE_SIZE = 1_000


class TicketRevision(NamedTuple):
    """How far a ticket has come: `rev` grows with every change of it."""

    key: int
    ticket: str
    rev: int
    seq: int
    note_seq: int
    status: Status

    @property
    def is_finished(self) -> bool:
        """Whether no inbox shows the ticket any more."""
        return self.status in FINISHED_STATUSES

    @property
    def public_rev(self) -> int:
        """As TicketRow.public_rev."""
        return self.rev - self.note_seq

    @property
    def other_changes(self) -> int:
        """The changes that `rev` counts beside messages and notes."""
        return self.rev - self.seq - self.note_seq


_REVISIONS = select(
    tickets.c.id, tickets.c.public_id, tickets.c.rev, tickets.c.last_seq, tickets.c.last_note_seq, tickets.c.status
)
_BY_KEYS = _REVISIONS.where(in_keys(tickets.c.id))
_NEXT_UNFINISHED = (
    _REVISIONS.where(unfinished, tickets.c.id > bindparam("after")).order_by(tickets.c.id).limit(SYNC_PAGE_SIZE)
)
_UPDATED_SINCE = _REVISIONS.where(tickets.c.updated_at >= bindparam("moment"))


def ticket_revisions(sql: Connection, keys: Sequence[int]) -> list[TicketRevision]:
    """The revisions of these tickets."""
    return [TicketRevision(*row) for row in sql.execute(_BY_KEYS, {"keys": keys}).all()]


def revisions_since(sql: Connection, since: datetime) -> list[TicketRevision]:
    """The tickets whose `updated_at` is at or after a moment, whatever their status.

    It misses changes that leave `updated_at` alone (a read mark, a visitor who leaves) and those of a slow transaction
    or of a node with another clock: `next_unfinished_revisions` finds them.
    """
    return [TicketRevision(*row) for row in sql.execute(_UPDATED_SINCE, {"moment": since}).all()]


def next_unfinished_revisions(sql: Connection, after: int) -> list[TicketRevision]:
    """The next 1,000 tickets that an inbox shows, by key. Fewer than that is the last page: begin again with 0."""
    return [TicketRevision(*row) for row in sql.execute(_NEXT_UNFINISHED, {"after": after}).all()]


_newer = tickets.alias("newer")
_HAS_NEWER_TICKET = exists().where(_newer.c.visitor_id == tickets.c.visitor_id, _newer.c.id > tickets.c.id)
_NEXT_MARKED_PRESENT = (
    select(tickets.c.visitor_id)
    .where(unfinished, tickets.c.visitor_state != GONE, or_(tickets.c.status == LIVE, ~_HAS_NEWER_TICKET))
    .where(tickets.c.visitor_id > bindparam("after"))
    .order_by(tickets.c.visitor_id)
    .limit(SYNC_PAGE_SIZE)
)


def next_visitors_marked_present(sql: Connection, after: int) -> list[int]:
    """The next 1,000 visitors whose live ticket, or newest ticket if it is unfinished, is not marked as left, by key.
    Fewer than that is the last page: begin again with 0."""
    return list(sql.execute(_NEXT_MARKED_PRESENT, {"after": after}).scalars().all())

"""Read marks: how far each side of a ticket has read; they only grow."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ScalarSelect, func, select, update

from chat.domain.facts import ReadMarkMoved
from chat.domain.queries.tickets import ticket_by_key, tickets_without_position
from chat.domain.refusals import NotFound, Refused
from chat.store.rows import TicketRow
from chat.store.tables import messages, tickets
from chat.store.transaction import Transaction
from chat.vocabulary import Side


class ReadMark(NamedTuple):
    """How far one side of a ticket (by its key) has read; `origin` is the socket whose ack is its copy of that."""

    key: int
    seq: int
    now: datetime
    origin: str
    visitor_id: int | None = None
    agent_id: int | None = None


def _apply_read_mark(tx: Transaction, ticket: TicketRow, seq: int, by: Side, now: datetime) -> None:
    """Move a read mark forward, never back and never beyond the thread; `ticket` as its owner was shown it."""
    column = tickets.c.visitor_read_seq if by == "visitor" else tickets.c.agent_read_seq
    seq = min(seq, ticket.last_seq)
    moved = update(tickets).where(tickets.c.id == ticket.id, column < seq)
    values: dict[str, Any] = {column.name: seq, "rev": tickets.c.rev + 1}
    if by == "agent":
        values["unread"] = _unread_after(seq, ticket.id)
    if tx.sql.execute(moved.values(**values)).rowcount:
        tx.record(ReadMarkMoved(ticket_by_key(tx.sql, ticket.id), seq, by))


def _unread_after(seq: int, ticket_id: int) -> ScalarSelect[int]:
    unread = select(func.count()).select_from(messages)
    return unread.where(
        messages.c.ticket_id == ticket_id, messages.c.seq > seq, messages.c.author == "visitor"
    ).scalar_subquery()


def apply_read_marks(tx: Transaction, reads: Sequence[ReadMark]) -> list[Refused | None]:
    """Many marks in one transaction; a refusal is its own sender's. Tickets are written to in the order of their keys,
    as everywhere, so that two who write to many do not wait for each other."""
    rows = {row.id: row for row in tickets_without_position(tx.sql, sorted({read.key for read in reads}))}
    answers: list[Refused | None] = [None] * len(reads)
    for index, read in sorted(enumerate(reads), key=lambda one: one[1].key):
        row = rows.get(read.key)
        if row is None or read.visitor_id not in (None, row.visitor_id):
            answers[index] = NotFound()
        elif read.agent_id is None:
            _apply_read_mark(tx.as_from(read.origin), row, read.seq, "visitor", read.now)
        elif row.assignee_id in (None, read.agent_id):
            _apply_read_mark(tx.as_from(read.origin), row, read.seq, "agent", read.now)
    return answers

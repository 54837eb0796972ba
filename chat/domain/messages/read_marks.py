"""Read marks: how far each side of a ticket has read. They only grow."""

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
    """How far one side of a ticket (by its inner key) has read."""

    key: int
    seq: int
    now: datetime
    visitor_id: int | None = None
    agent_id: int | None = None


def apply_read_marks(txs: Sequence[Transaction], marks: Sequence[ReadMark]) -> list[Refused | None]:
    """Apply many marks in one transaction; a refusal is the result of its own mark. Tickets are written in the order of
    their keys, as everywhere, so that two transactions never wait for each other."""
    rows = {row.id: row for row in tickets_without_position(txs[0].sql, sorted({mark.key for mark in marks}))}
    answers: list[Refused | None] = [None] * len(marks)
    for index, mark in sorted(enumerate(marks), key=lambda numbered: numbered[1].key):
        row = rows.get(mark.key)
        if row is None or mark.visitor_id not in (None, row.visitor_id):
            answers[index] = NotFound()
        elif mark.agent_id is None:
            _apply(txs[index], row, mark.seq, "visitor")
        elif row.assignee_id in (None, mark.agent_id):
            _apply(txs[index], row, mark.seq, "agent")
    txs[0].writer.invalidate([row.public_id for row in rows.values()])
    return answers


def _apply(tx: Transaction, ticket: TicketRow, seq: int, by: Side) -> None:
    """Move a mark forward, never back and never beyond the last message."""
    column = tickets.c.visitor_read_seq if by == "visitor" else tickets.c.agent_read_seq
    seq = min(seq, ticket.last_seq)
    moved = update(tickets).where(tickets.c.id == ticket.id, column < seq)
    values: dict[str, Any] = {column.name: seq, "rev": tickets.c.rev + 1}
    if by == "agent":
        values["unread"] = _unread_after(seq, ticket.id)
    if tx.sql.execute(moved.values(**values)).rowcount:
        tx.record(ReadMarkMoved(ticket_by_key(tx.sql, ticket.id), seq, by))


def _unread_after(seq: int, ticket_id: int) -> ScalarSelect[int]:
    unread = (messages.c.ticket_id == ticket_id, messages.c.seq > seq, messages.c.author == "visitor")
    return select(func.count()).select_from(messages).where(*unread).scalar_subquery()

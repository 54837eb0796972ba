"""Reading messages and notes by their numbers."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select

from chat.store.rows import MessageRow, NoteRow, TicketRow
from chat.store.tables import agents, messages, notes, tickets

MESSAGES_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class CatchUpResult:
    """The messages and notes after a cursor. `restart`: the cursor was newer than the data (a restored backup)."""

    ticket: TicketRow
    messages: list[MessageRow]
    restart: bool
    notes: list[NoteRow]


# The fields of the rows that are columns of other tables.
_JOINED = {"ticket": tickets.c.public_id, "author_id": agents.c.public_id}

# -- messages ----------------------------------------------------------------------------------------------------

_MESSAGES: Select[Any] = (
    select(*(messages.c[name] if name in messages.c else _JOINED[name] for name in MessageRow._fields))
    .select_from(
        messages.join(tickets, tickets.c.id == messages.c.ticket_id).outerjoin(
            agents, agents.c.id == messages.c.agent_id
        )
    )
    # A message beyond the ticket's `last_seq` is not acknowledged yet.
    .where(messages.c.seq <= tickets.c.last_seq)
    .order_by(messages.c.seq)
    .limit(MESSAGES_PER_PAGE)
)
_OF_TICKET = _MESSAGES.where(messages.c.ticket_id == bindparam("ticket"))
_AFTER = _OF_TICKET.where(messages.c.seq > bindparam("after"))
_AT = _OF_TICKET.where(messages.c.seq == bindparam("at"))
_BY_CLIENT_ID = _OF_TICKET.where(
    messages.c.author == bindparam("author"), messages.c.client_id == bindparam("client_id")
)


def messages_where(sql: Connection, *condition: ColumnElement[bool]) -> list[MessageRow]:
    """The messages that meet the condition, in seq order, at most a page."""
    return [MessageRow(*row) for row in sql.execute(_MESSAGES.where(*condition)).all()]


def messages_after(sql: Connection, ticket_id: int, seq: int) -> list[MessageRow]:
    """The oldest 200 messages after `seq`."""
    return [MessageRow(*row) for row in sql.execute(_AFTER, {"ticket": ticket_id, "after": seq}).all()]


def newest_messages(sql: Connection, ticket: TicketRow) -> list[MessageRow]:
    """The last 200 messages, oldest first: seq is gapless, so they are those above `last_seq` - 200."""
    return messages_after(sql, ticket.id, ticket.last_seq - MESSAGES_PER_PAGE)


def last_answer_at(sql: Connection, ticket_id: int) -> datetime | None:
    """When an agent last wrote a message of a ticket; None if none did."""
    answers = select(func.max(messages.c.at)).where(messages.c.ticket_id == ticket_id, messages.c.agent_id.is_not(None))
    found: datetime | None = sql.execute(answers).scalar()
    return found


def message_at(sql: Connection, ticket_id: int, seq: int) -> MessageRow:
    """The message with this number, which must exist."""
    return MessageRow(*sql.execute(_AT, {"ticket": ticket_id, "at": seq}).one())


def find_by_client_id(sql: Connection, ticket_id: int, author: str, client_id: str) -> MessageRow | None:
    """The message that this author sent with this `client_id`, or None."""
    row = sql.execute(_BY_CLIENT_ID, {"ticket": ticket_id, "author": author, "client_id": client_id}).first()
    return None if row is None else MessageRow(*row)


# -- notes -------------------------------------------------------------------------------------------------------

_NOTES = (
    select(*(notes.c[field.name] if field.name in notes.c else _JOINED[field.name] for field in fields(NoteRow)))
    .select_from(notes.join(tickets).join(agents, agents.c.id == notes.c.agent_id))
    .order_by(notes.c.note_seq)
    .limit(MESSAGES_PER_PAGE)
)


def notes_where(sql: Connection, *condition: ColumnElement[bool]) -> list[NoteRow]:
    """The notes that meet the condition, in order, at most a page."""
    return [NoteRow(*row) for row in sql.execute(_NOTES.where(*condition)).all()]


def notes_after(sql: Connection, ticket_id: int, note_seq: int) -> list[NoteRow]:
    """The oldest 200 notes after `note_seq`."""
    return notes_where(sql, notes.c.ticket_id == ticket_id, notes.c.note_seq > note_seq)


def newest_notes(sql: Connection, ticket: TicketRow) -> list[NoteRow]:
    """The last 200 notes, oldest first."""
    return notes_after(sql, ticket.id, ticket.last_note_seq - MESSAGES_PER_PAGE)

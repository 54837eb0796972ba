"""Catching up: what came after a cursor."""

from sqlalchemy import Connection

from chat.domain.queries.messages import CatchUpResult, messages_after, newest_messages, newest_notes, notes_after
from chat.domain.queries.tickets import ticket_by_public_id, ticket_of_visitor
from chat.store.rows import TicketRow


def visitor_catch_up(sql: Connection, visitor_id: int, ticket: str, after: int) -> CatchUpResult:
    """What a visitor missed of their ticket; NotFound."""
    return _caught_up(sql, ticket_of_visitor(sql, visitor_id, ticket), after, None)


def agent_catch_up(sql: Connection, ticket: str, after: int, notes_after: int) -> CatchUpResult:
    """What an agent missed of a ticket, notes too; NotFound."""
    return _caught_up(sql, ticket_by_public_id(sql, ticket), after, notes_after)


def _caught_up(sql: Connection, ticket: TicketRow, after: int, note_cursor: int | None) -> CatchUpResult:
    restart = after > ticket.last_seq or (note_cursor or 0) > ticket.last_note_seq
    if restart:
        notes = [] if note_cursor is None else newest_notes(sql, ticket)
        return CatchUpResult(ticket, newest_messages(sql, ticket), True, notes)
    notes = [] if note_cursor is None else notes_after(sql, ticket.id, note_cursor)
    return CatchUpResult(ticket, messages_after(sql, ticket.id, after), False, notes)

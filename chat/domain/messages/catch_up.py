"""Catching up: the messages and notes after a client's cursors."""

from sqlalchemy import Connection

from chat.domain.queries.messages import CatchUpResult, messages_after, newest_messages, newest_notes, notes_after
from chat.domain.queries.tickets import ticket_by_public_id, ticket_of_visitor
from chat.store.rows import TicketRow


def visitor_catch_up(sql: Connection, visitor_id: int, ticket: str, after: int) -> CatchUpResult:
    """The messages of the visitor's ticket after a cursor. NotFound."""
    return _catch_up(sql, ticket_of_visitor(sql, visitor_id, ticket), after, None)


def agent_catch_up(sql: Connection, ticket: str, after: int, note_cursor: int) -> CatchUpResult:
    """The messages of a ticket after one cursor and its notes after another. NotFound."""
    return _catch_up(sql, ticket_by_public_id(sql, ticket), after, note_cursor)


def _catch_up(sql: Connection, ticket: TicketRow, after: int, note_cursor: int | None) -> CatchUpResult:
    # A cursor beyond the end comes from before a restored backup: the client has to start over.
    restart = after > ticket.last_seq or (note_cursor or 0) > ticket.last_note_seq
    if restart:
        notes = [] if note_cursor is None else newest_notes(sql, ticket)
        return CatchUpResult(ticket, newest_messages(sql, ticket), True, notes)
    notes = [] if note_cursor is None else notes_after(sql, ticket.id, note_cursor)
    return CatchUpResult(ticket, messages_after(sql, ticket.id, after), False, notes)

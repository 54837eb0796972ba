"""A ticket's contact: where to answer, and what becomes of a waiting chat that leaves an address and does not wait."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from chat.domain.queries.visitors import get_visitor
from chat.domain.refusals import TicketEnded
from chat.domain.text import clean_email, clean_name
from chat.domain.tickets import reopening
from chat.domain.tickets.locks import lock_ticket_of
from chat.domain.tickets.mutations import append_event, update_ticket, withdraw_ticket_offers
from chat.store.rows import TicketRow, VisitorRow
from chat.store.tables import visitors
from chat.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Contact:
    """Where to answer; with `wait` the visitor stays in the queue."""

    email: str
    name: str | None
    wait: bool


def save_visitor_details(tx: Transaction, visitor: VisitorRow, name: str | None, email: str | None) -> None:
    """Store what a visitor last said about themselves. An empty field deletes nothing, and nothing replaces verified
    details."""
    given = {key: value for key, value in (("name", name), ("email", email)) if value}
    if given and not visitor.verified:
        tx.sql.execute(update(visitors).where(visitors.c.id == visitor.id).values(**given))


def give_contact(tx: Transaction, visitor_id: int, ticket: str, contact: Contact, now: datetime) -> TicketRow:
    """Store where to answer, or correct it. Without `wait` a waiting chat becomes an open ticket with its promise.
    NotFound; TicketEnded; BadRequest."""
    row = lock_ticket_of(tx.sql, visitor_id, ticket)
    if row.status == "closed":
        raise TicketEnded
    email, name = clean_email(contact.email), clean_name(contact.name)
    save_visitor_details(tx, get_visitor(tx.sql, visitor_id), name, email)
    columns = {"email": email, "name": name or row.name}
    if row.waiting and not contact.wait:
        return convert_to_open(tx, row, now, **columns)
    keep_waiting = {"keep_waiting_at": now} if row.waiting else {}
    return update_ticket(tx, row.id, now, **columns, **keep_waiting)


def convert_to_open(tx: Transaction, ticket: TicketRow, now: datetime, **columns: object) -> TicketRow:
    """Take a live chat that no agent answers in time out of the queue: it becomes an open ticket with its promise."""
    withdraw_ticket_offers(tx, ticket, now)
    append_event(tx, ticket.id, now, "became_ticket", {})
    promise = reopening.open_columns(tx.sql, ticket, now)
    cleared = {"form_offered_at": None, "previous_agent_id": None, "slot_released_at": None}
    return update_ticket(tx, ticket.id, now, status="open", **promise, **cleared, **columns)

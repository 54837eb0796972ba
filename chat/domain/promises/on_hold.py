"""Putting a ticket on hold: the team needs more time, says until when, and tells the customer."""

from datetime import datetime, timedelta
from typing import NamedTuple

from chat.domain.messages.notes import NewNote, add_note
from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.tickets import ticket_by_key
from chat.domain.refusals import BadRequest
from chat.domain.text import clean_text
from chat.domain.tickets.lifecycle import Change, move, require_owner
from chat.domain.tickets.locks import lock_ticket
from chat.domain.tickets.mutations import append_event, update_ticket
from chat.store.rows import TicketRow
from chat.store.transaction import Transaction

LONGEST = timedelta(days=365)


class Hold(NamedTuple):
    """Until when, and why. With `tell` the customer reads the reason; without it is a note of the team."""

    until: datetime
    reason: str
    tell: bool


def put_on_hold(tx: Transaction, agent_id: int, ticket: str, hold: Hold, now: datetime) -> TicketRow:
    """Put a ticket on hold, or move its date. The customer is told the date, which takes the promise's place.
    NotAllowed; BadRequest for a date that is not within a year; Conflict when another agent has it. The same hold twice
    changes nothing."""
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    require_owner(row, agent)
    reason, until = clean_text(hold.reason), hold.until
    if not now < until <= now + LONGEST:
        raise BadRequest("a date within a year", field="until")
    columns = {
        "estimated_at": until,
        "hold_reason": reason if hold.tell else None,
        "promised_at": now,
        "promise_due_at": until,
        "promise_kept_at": None,
    }
    args = {"due": until.isoformat()} | ({"reason": reason} if hold.tell else {})
    if row.status != "on_hold":
        moved = move(tx, row, agent, Change("on_hold", ("held", args)), now, **columns)
    elif (row.estimated_at, row.hold_reason) == (until, columns["hold_reason"]):
        return row
    else:
        earlier = {"promised": row.estimated_at.isoformat()} if row.estimated_at else {}
        append_event(tx, row.id, now, "hold_moved", args | earlier)
        moved = update_ticket(tx, row.id, now, **columns)
    if hold.tell:
        return moved
    # The note's client id: a hold is the only thing that happens at its message's number.
    add_note(tx, agent_id, ticket, NewNote(f"hold-at-message-{moved.last_seq}", reason), now)
    return ticket_by_key(tx.sql, row.id)

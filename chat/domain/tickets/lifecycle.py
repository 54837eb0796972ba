"""How a ticket ends, and how an agent sets its status."""

from datetime import datetime
from typing import Any, NamedTuple

from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.messages import last_answer_at
from chat.domain.refusals import BadRequest, NotAllowed
from chat.domain.rules import status as statuses
from chat.domain.tickets import reopening
from chat.domain.tickets.assignment import assign, lock_claimant, taken
from chat.domain.tickets.locks import lock_ticket, lock_ticket_of
from chat.domain.tickets.mutations import announce_agents, append_event, update_ticket, withdraw_ticket_offers
from chat.store.rows import AgentRow, TicketRow
from chat.store.transaction import Transaction
from chat.vocabulary import PAUSED_STATUSES, EventName, Status

TicketEvent = tuple[EventName, dict[str, str]]


class Change(NamedTuple):
    """Another status, and the event that tells of it."""

    status: Status
    event: TicketEvent


def end_by_visitor(tx: Transaction, visitor_id: int, ticket: str, now: datetime) -> TicketRow:
    """End the visitor's live chat: an answered one is solved; an unanswered one becomes open with an address, closed
    without. A ticket that is not live stays as it is."""
    row = lock_ticket_of(tx.sql, visitor_id, ticket)
    if row.status != "live":
        return row
    status = statuses.end_live(answered=row.answered_at is not None, reachable=bool(row.email))
    return _transition(tx, row, status, now, ("ended", {"by": "visitor"}))


def end_by_agent(tx: Transaction, agent_id: int, ticket: str, now: datetime) -> TicketRow:
    """Solve a live chat. A ticket that is not live stays as it is. Conflict when another agent has it."""
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    if row.status != "live":
        return row
    require_owner(row, agent)
    return _transition(tx, row, "solved", now, ("ended", {"by": "agent", "agent": agent.name}))


def set_status(tx: Transaction, agent_id: int, ticket: str, status: Status, now: datetime) -> TicketRow:
    """`move` to a status. BadRequest for `on_hold`, which needs a date. The status it has already changes nothing."""
    if status == "on_hold":
        raise BadRequest("a ticket is put on hold with a date", field="status")
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    change = Change(status, ("status", {"status": status}))
    return row if row.status == status else move(tx, row, agent, change, now)


def move(
    tx: Transaction, ticket: TicketRow, agent: AgentRow, change: Change, now: datetime, **columns: object
) -> TicketRow:
    """Give a locked ticket another status as rules/status.py allows. NotAllowed; Conflict when another agent has it.
    Whoever pauses a ticket that nobody has becomes its owner: else no list would have it."""
    require_owner(ticket, agent)
    if not statuses.may_move(ticket.status, change.status, "agent"):
        raise NotAllowed(f"from {ticket.status} to {change.status}")
    if ticket.assignee_id is None and change.status in PAUSED_STATUSES:
        claimant = lock_claimant(tx.sql, ticket, agent.id, over_capacity=True)
        ticket = assign(tx, ticket, claimant, now, event=ticket.status == "live")
    return _transition(tx, ticket, change.status, now, change.event, **columns)


def mark_spam(tx: Transaction, agent_id: int, ticket: str, now: datetime) -> TicketRow:
    """Close a ticket without an event, so that its sender learns nothing. Conflict when another agent has it."""
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    require_owner(row, agent)
    return row if row.status == "closed" else _transition(tx, row, "closed", now)


def require_owner(ticket: TicketRow, agent: AgentRow) -> None:
    """Agents may act on their own tickets and on unowned ones, supervisors and admins on all. Conflict names the
    owner."""
    if ticket.assignee_id not in (None, agent.id) and agent.role == "agent":
        raise taken(ticket)


def _transition(
    tx: Transaction,
    ticket: TicketRow,
    status: Status,
    now: datetime,
    event: TicketEvent | None = None,
    **columns: object,
) -> TicketRow:
    """Set another status with the columns that depend on it: promise, times, slots."""
    withdraw_ticket_offers(tx, ticket, now)
    if event:
        append_event(tx, ticket.id, now, *event)
    changed = _columns(tx, ticket, status, now) | columns
    moved = update_ticket(tx, ticket.id, now, status=status, **changed)
    announce_agents(tx, [ticket.assignee_id])
    return moved


def _columns(tx: Transaction, ticket: TicketRow, status: Status, now: datetime) -> dict[str, Any]:
    left: dict[str, Any] = {"slot_released_at": None, "form_offered_at": None, "previous_agent_id": None}
    if ticket.status == "on_hold":
        left |= reopening.NOT_ON_HOLD | _answer_on_hold(tx, ticket)
    if status == "open":
        return left | reopening.open_columns(tx.sql, ticket, now)
    if status == "solved":
        return left | {"solved_at": now, "unanswered_since": None, "unread": 0}
    if status == "closed":
        return left | {"closed_at": now, "unanswered_since": None, "unread": 0}
    return left


def _answer_on_hold(tx: Transaction, ticket: TicketRow) -> dict[str, Any]:
    """An answer while the ticket was on hold keeps the promise once the hold ends: until then it was only news."""
    answered_at = last_answer_at(tx.sql, ticket.id)
    in_time = ticket.owes_answer and ticket.promised_at and answered_at and answered_at >= ticket.promised_at
    return {"promise_kept_at": answered_at} if in_time else {}

"""Reopening: the status a visitor's message gives a ticket, and the columns of a queued or promised ticket."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from chat.domain import service_status
from chat.domain.context import DomainContext
from chat.domain.queries.queue import waiting
from chat.domain.rules import status as statuses
from chat.domain.tickets.mutations import announce_agents, append_event, update_ticket
from chat.store.rows import TicketRow
from chat.store.tables import tickets
from chat.store.transaction import Transaction
from chat.vocabulary import Status


def status_after_visitor(sql: Connection, ticket: TicketRow, context: DomainContext) -> Status | None:
    """The ticket's status after a message of its visitor; None when it accepts no more messages."""
    if ticket.status == "live":
        return "live"
    # A visitor has at most one live ticket: a message on another one must not make that live too.
    has_other = _has_other_live_ticket(sql, ticket)
    mode = "form" if has_other else service_status.mode_for(sql, context, ticket.department_id)
    had_agent = ticket.assignee_id is not None
    after = statuses.after_visitor_message(ticket.status, ticket.solved_at, context.now, mode, had_agent)
    return None if after == "ticket_ended" else after


def _has_other_live_ticket(sql: Connection, ticket: TicketRow) -> bool:
    live = select(tickets.c.id).where(tickets.c.visitor_id == ticket.visitor_id, tickets.c.status == "live")
    return sql.execute(live).first() is not None


def reopen(tx: Transaction, ticket: TicketRow, status: Status, context: DomainContext) -> TicketRow:
    """Make a ticket live again, with the same agent if they are available, or open with a new promise."""
    if ticket.status == "solved":
        append_event(tx, ticket.id, context.now, "reopened", {})
    if status == "live":
        return _make_live(tx, ticket, context)
    return update_ticket(tx, ticket.id, context.now, status=status, **open_columns(tx.sql, ticket, context.now))


def _make_live(tx: Transaction, ticket: TicketRow, context: DomainContext) -> TicketRow:
    available = _is_available(tx.sql, ticket.assignee_id, context.online_agents)
    queued = {} if available else queue_columns(tx.sql, ticket.department_id, context.now)
    row = update_ticket(tx, ticket.id, context.now, status="live", solved_at=None, slot_released_at=None, **queued)
    announce_agents(tx, [row.assignee_id])
    return row


def _is_available(sql: Connection, agent_id: int | None, online: frozenset[int] | None) -> bool:
    if agent_id is None:
        return False
    return service_status.available_agents(sql, (online or frozenset()) & {agent_id}, None) > 0


def queue_columns(sql: Connection, department_id: int | None, now: datetime) -> dict[str, Any]:
    """The columns of a ticket that joins the queue at its end. The stored position measures how long positions take."""
    same_queue = tickets.c.department_id.is_not_distinct_from(department_id)
    ahead = select(func.count()).select_from(tickets).where(waiting, same_queue)
    return {
        "assignee_id": None,
        "queued_at": now,
        "assigned_at": None,
        "queue_position": sql.execute(ahead).scalar_one() + 1,
        "form_offered_at": None,
        "keep_waiting_at": None,
    }


NOT_ON_HOLD = {"estimated_at": None, "hold_reason": None}


def open_columns(sql: Connection, ticket: TicketRow, now: datetime) -> dict[str, Any]:
    """The columns of a ticket that becomes open: an answer that is owed already stays due when it was promised."""
    return (
        {"solved_at": None, "queued_at": None} | NOT_ON_HOLD | ({} if ticket.owes_answer else promise_columns(sql, now))
    )


def promise_columns(sql: Connection, now: datetime) -> dict[str, Any]:
    """The columns of a promise made now."""
    return {"promised_at": now, "promise_due_at": service_status.due_from(sql, now), "promise_kept_at": None}

"""What a visitor's words do to a ticket that is not live: whether it takes them, and what it becomes."""

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
    """The status once the visitor has written; None when the ticket takes no more words."""
    if ticket.status == "live":
        return "live"
    mode = (
        "form" if _has_other_live_ticket(sql, ticket) else service_status.mode_for(sql, context, ticket.department_id)
    )
    had_agent = ticket.assignee_id is not None
    after = statuses.after_visitor_message(ticket.status, ticket.solved_at, context.now, mode, had_agent)
    return None if after == "ticket_ended" else after


def _has_other_live_ticket(sql: Connection, ticket: TicketRow) -> bool:
    """A visitor has one live ticket at most: words on another one can't make that live too."""
    live = select(tickets.c.id).where(tickets.c.visitor_id == ticket.visitor_id, tickets.c.status == "live")
    return sql.execute(live).first() is not None


def reopen(tx: Transaction, ticket: TicketRow, status: Status, context: DomainContext) -> TicketRow:
    """Live again with the same agent first, or open with a new promise."""
    if ticket.status == "solved":
        append_event(tx, ticket.id, context.now, "reopened", {})
    if status == "live":
        return _live_again(tx, ticket, context)
    return update_ticket(tx, ticket.id, context.now, status=status, **promise_columns(tx.sql, context.now))


def _live_again(tx: Transaction, ticket: TicketRow, context: DomainContext) -> TicketRow:
    stays = _is_available(tx.sql, ticket.assignee_id, context.online_agents)
    values = {} if stays else queue_columns(tx.sql, ticket.department_id, context.now)
    row = update_ticket(tx, ticket.id, context.now, status="live", solved_at=None, slot_released_at=None, **values)
    announce_agents(tx, [row.assignee_id])
    return row


def _is_available(sql: Connection, agent_id: int | None, present: frozenset[int] | None) -> bool:
    return (
        agent_id is not None and service_status.available_agents(sql, (present or frozenset()) & {agent_id}, None) > 0
    )


def queue_columns(sql: Connection, department_id: int | None, now: datetime) -> dict[str, Any]:
    """The columns of a ticket that joins the queue at its end; the place is kept to measure waits by."""
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


def promise_columns(sql: Connection, now: datetime) -> dict[str, Any]:
    """The columns of a promise made now."""
    return {
        "promised_at": now,
        "promise_due_at": service_status.due_from(sql, now),
        "promise_kept_at": None,
        "solved_at": None,
        "queued_at": None,
    }

"""What a visitor's words do to a ticket that is not live: whether it takes them, and what it becomes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from chat.desk import service
from chat.desk.changes import Situation, agents_changed, change, tell
from chat.desk.places import waiting
from chat.desk.rules import status as statuses
from chat.store.rows import Status, TicketRow
from chat.store.tables import tickets
from chat.store.works import Work


def status_after_visitor(sql: Connection, ticket: TicketRow, situation: Situation) -> Status | None:
    """The status once the visitor has written; None when the ticket takes no more words."""
    if ticket.status == "live":
        return "live"
    mode = "form" if _talks_elsewhere(sql, ticket) else service.mode_for(sql, situation, ticket.department_id)
    had_agent = ticket.assignee_id is not None
    after = statuses.after_visitor_message(ticket.status, ticket.solved_at, situation.now, mode, had_agent)
    return None if after == "ticket_ended" else after


def _talks_elsewhere(sql: Connection, ticket: TicketRow) -> bool:
    """A visitor has one live ticket at most: words on another one can't make that live too."""
    live = select(tickets.c.id).where(tickets.c.visitor_id == ticket.visitor_id, tickets.c.status == "live")
    return sql.execute(live).first() is not None


def reopen(work: Work, ticket: TicketRow, status: Status, situation: Situation) -> TicketRow:
    """Live again with the same agent first, or open with a new promise."""
    if ticket.status == "solved":
        tell(work, ticket.id, situation.now, "reopened", {})
    if status == "live":
        return _live_again(work, ticket, situation)
    return change(work, ticket.id, situation.now, status=status, **new_promise(work.sql, situation.now))


def _live_again(work: Work, ticket: TicketRow, situation: Situation) -> TicketRow:
    stays = _is_there(work.sql, ticket.assignee_id, situation.present)
    values = {} if stays else queued(work.sql, ticket.department_id, situation.now)
    row = change(work, ticket.id, situation.now, status="live", solved_at=None, freed_at=None, **values)
    agents_changed(work, [row.assignee_id])
    return row


def _is_there(sql: Connection, agent_id: int | None, present: frozenset[int] | None) -> bool:
    return agent_id is not None and service.available_agents(sql, (present or frozenset()) & {agent_id}, None) > 0


def queued(sql: Connection, department_id: int | None, now: datetime) -> dict[str, Any]:
    """The columns of a ticket that joins the queue at its end; the place is kept to measure waits by."""
    same_queue = tickets.c.department_id.is_not_distinct_from(department_id)
    ahead = select(func.count()).select_from(tickets).where(waiting, same_queue)
    return {
        "assignee_id": None,
        "queued_at": now,
        "taken_at": None,
        "queue_place": sql.execute(ahead).scalar_one() + 1,
        "form_offered_at": None,
        "keep_waiting_at": None,
    }


def new_promise(sql: Connection, now: datetime) -> dict[str, Any]:
    """The columns of a promise made now."""
    return {
        "promised_at": now,
        "due": service.due_from(sql, now),
        "kept_at": None,
        "solved_at": None,
        "queued_at": None,
    }

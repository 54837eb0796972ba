"""How tickets end, pause and are moved by hand."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from chat.desk import reopening
from chat.desk.changes import agents_changed, change, end_offers, hold_ticket, hold_ticket_of, tell
from chat.desk.records import agent_by_key
from chat.desk.refusals import Conflict, Holder, NotAllowed
from chat.desk.rules import status as statuses
from chat.store.rows import AgentRow, Status, TicketRow
from chat.store.works import Work


def end_by_visitor(work: Work, visitor_id: int, ticket: str, now: datetime) -> TicketRow:
    """Answered: solved. Never answered: open with an address, closed without. Ended already: as it is."""
    row = hold_ticket_of(work.sql, visitor_id, ticket)
    if row.status != "live":
        return row
    status = statuses.end_live(answered=row.answered_at is not None, reachable=bool(row.email))
    tell(work, row.id, now, "ended", {"by": "visitor"})
    return move(work, row, status, now)


def end_by_agent(work: Work, agent_id: int, ticket: str, now: datetime) -> TicketRow:
    """The chat is solved; ended already: as it is. Another agent's: Conflict."""
    row, agent = hold_ticket(work.sql, ticket), agent_by_key(work.sql, agent_id)
    if row.status != "live":
        return row
    check_owner(work.sql, row, agent)
    tell(work, row.id, now, "ended", {"by": "agent", "agent": agent.name})
    return move(work, row, "solved", now)


def set_status(work: Work, agent_id: int, ticket: str, status: Status, now: datetime) -> TicketRow:
    """Move a ticket as rules/status.py allows; to where it is already: nothing happens."""
    row, agent = hold_ticket(work.sql, ticket), agent_by_key(work.sql, agent_id)
    if row.status == status:
        return row
    check_owner(work.sql, row, agent)
    if not statuses.may_move(row.status, status, "agent"):
        raise NotAllowed(f"from {row.status} to {status}")
    tell(work, row.id, now, "status", {"status": status})
    return move(work, row, status, now)


def spam(work: Work, agent_id: int, ticket: str, now: datetime) -> TicketRow:
    """Closed, without a word to its sender."""
    row, agent = hold_ticket(work.sql, ticket), agent_by_key(work.sql, agent_id)
    check_owner(work.sql, row, agent)
    return row if row.status == "closed" else move(work, row, "closed", now)


def check_owner(sql: Connection, ticket: TicketRow, agent: AgentRow) -> None:
    """Nobody's, or one's own; supervisors and admins may act on anybody's. Conflict names the owner."""
    if ticket.assignee_id not in (None, agent.id) and agent.role == "agent":
        assert ticket.assignee_id is not None
        owner = Holder.of(agent_by_key(sql, ticket.assignee_id))
        raise Conflict("another agent has this ticket", by=owner, reason="taken")


def move(work: Work, ticket: TicketRow, status: Status, now: datetime) -> TicketRow:
    """Put a ticket in another status, with what belongs to it: promise, times, places."""
    end_offers(work, ticket.id, now, "withdrawn")
    moved = change(work, ticket.id, now, status=status, **_columns(work, ticket, status, now))
    agents_changed(work, [ticket.assignee_id])
    return moved


def _columns(work: Work, ticket: TicketRow, status: Status, now: datetime) -> dict[str, Any]:
    left: dict[str, Any] = {"freed_at": None, "form_offered_at": None, "lost_agent_id": None}
    if status == "open" and (ticket.due is None or ticket.kept_at):
        return left | reopening.new_promise(work.sql, now)
    if status == "solved":
        return left | {"solved_at": now, "waiting_since": None, "unread": 0}
    if status == "closed":
        return left | {"closed_at": now, "waiting_since": None, "unread": 0}
    return left

"""How tickets end, pause and are moved by hand."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from chat.domain.queries.agents import agent_by_key
from chat.domain.refusals import AgentRef, Conflict, NotAllowed
from chat.domain.rules import status as statuses
from chat.domain.tickets import reopening
from chat.domain.tickets.locks import lock_ticket, lock_ticket_of
from chat.domain.tickets.mutations import announce_agents, append_event, end_ticket_offers, update_ticket
from chat.store.rows import AgentRow, TicketRow
from chat.store.transaction import Transaction
from chat.vocabulary import Status


def end_by_visitor(tx: Transaction, visitor_id: int, ticket: str, now: datetime) -> TicketRow:
    """Answered: solved. Never answered: open with an address, closed without. Ended already: as it is."""
    row = lock_ticket_of(tx.sql, visitor_id, ticket)
    if row.status != "live":
        return row
    status = statuses.end_live(answered=row.answered_at is not None, reachable=bool(row.email))
    append_event(tx, row.id, now, "ended", {"by": "visitor"})
    return _transition(tx, row, status, now)


def end_by_agent(tx: Transaction, agent_id: int, ticket: str, now: datetime) -> TicketRow:
    """The chat is solved; ended already: as it is. Another agent's: Conflict."""
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    if row.status != "live":
        return row
    require_owner(tx.sql, row, agent)
    append_event(tx, row.id, now, "ended", {"by": "agent", "agent": agent.name})
    return _transition(tx, row, "solved", now)


def set_status(tx: Transaction, agent_id: int, ticket: str, status: Status, now: datetime) -> TicketRow:
    """Move a ticket as rules/status.py allows; to where it is already: nothing happens."""
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    if row.status == status:
        return row
    require_owner(tx.sql, row, agent)
    if not statuses.may_move(row.status, status, "agent"):
        raise NotAllowed(f"from {row.status} to {status}")
    append_event(tx, row.id, now, "status", {"status": status})
    return _transition(tx, row, status, now)


def mark_spam(tx: Transaction, agent_id: int, ticket: str, now: datetime) -> TicketRow:
    """Closed, without a word to its sender."""
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    require_owner(tx.sql, row, agent)
    return row if row.status == "closed" else _transition(tx, row, "closed", now)


def require_owner(sql: Connection, ticket: TicketRow, agent: AgentRow) -> None:
    """Nobody's, or one's own; supervisors and admins may act on anybody's. Conflict names the owner."""
    if ticket.assignee_id not in (None, agent.id) and agent.role == "agent":
        assert ticket.assignee_id is not None
        owner = AgentRef.of(agent_by_key(sql, ticket.assignee_id))
        raise Conflict("another agent has this ticket", by=owner, reason="taken")


def _transition(tx: Transaction, ticket: TicketRow, status: Status, now: datetime) -> TicketRow:
    """Put a ticket in another status, with what belongs to it: promise, times, places."""
    end_ticket_offers(tx, ticket.id, now, "withdrawn")
    moved = update_ticket(tx, ticket.id, now, status=status, **_columns(tx, ticket, status, now))
    announce_agents(tx, [ticket.assignee_id])
    return moved


def _columns(tx: Transaction, ticket: TicketRow, status: Status, now: datetime) -> dict[str, Any]:
    left: dict[str, Any] = {"slot_released_at": None, "form_offered_at": None, "previous_agent_id": None}
    if status == "open" and (ticket.promise_due_at is None or ticket.promise_kept_at):
        return left | reopening.promise_columns(tx.sql, now)
    if status == "solved":
        return left | {"solved_at": now, "unanswered_since": None, "unread": 0}
    if status == "closed":
        return left | {"closed_at": now, "unanswered_since": None, "unread": 0}
    return left

"""Idle chats: a visitor who is gone or silent frees the agent's slot, and later the chat pauses."""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, or_, select

from chat.domain.context import DomainContext
from chat.domain.queries.tickets import live
from chat.domain.rules import status as statuses
from chat.domain.tickets import reopening
from chat.domain.tickets.locks import lock_batch
from chat.domain.tickets.mutations import announce_agents, append_event, update_ticket, withdraw_ticket_offers
from chat.store.rows import TicketRow
from chat.store.tables import GONE, tickets
from chat.store.transaction import Transaction


def _idle_since(moment: BindParameter[datetime]) -> ColumnElement[bool]:
    gone = and_(tickets.c.visitor_state == GONE, tickets.c.visitor_since <= moment)
    return or_(gone, and_(tickets.c.last_from == "agent", tickets.c.last_at <= moment))


_has_agent = and_(live, tickets.c.assignee_id.is_not(None))
_to_pause = and_(_has_agent, _idle_since(bindparam("pause_if_idle_since")))
_slot_to_free = and_(
    _has_agent, tickets.c.slot_released_at.is_(None), _idle_since(bindparam("free_slot_if_idle_since"))
)
# The first condition follows from the second one and rejects most chats with half of the comparisons.
_idle_for_the_shorter_time = _idle_since(bindparam("idle_since"))
_ANY_IDLE = select(tickets.c.id).where(_has_agent, _idle_for_the_shorter_time, or_(_to_pause, _slot_to_free)).limit(1)


def has_idle_chats(sql: Connection, context: DomainContext) -> bool:
    """Whether the visitor of a chat that has an agent has been gone or silent for long enough."""
    thresholds = _thresholds(context)
    return sql.execute(_ANY_IDLE, thresholds | {"idle_since": max(thresholds.values())}).first() is not None


def close_idle_chats(tx: Transaction, context: DomainContext) -> int:
    """Free the slots of idle chats, and pause those that have been idle for longer. Returns the number of chats that
    changed."""
    now, thresholds = context.now, _thresholds(context)
    paused = lock_batch(tx.sql, _to_pause, **thresholds)
    for ticket in paused:
        _pause_chat(tx, ticket, now)
    freed = lock_batch(tx.sql, _slot_to_free, **thresholds)
    for ticket in freed:
        update_ticket(tx, ticket.id, now, slot_released_at=now)
        announce_agents(tx, [ticket.assignee_id])
    return len(paused) + len(freed)


def _thresholds(context: DomainContext) -> dict[str, datetime]:
    now, timeouts = context.now, context.timeouts
    return {
        "pause_if_idle_since": now - timeouts.close_idle_after,
        "free_slot_if_idle_since": now - timeouts.idle_after,
    }


def _pause_chat(tx: Transaction, ticket: TicketRow, now: datetime) -> None:
    """End a live chat: pending when the last answer was ours, open with a promise when the visitor waits for one."""
    withdraw_ticket_offers(tx, ticket, now)
    append_event(tx, ticket.id, now, "paused", {})
    status = statuses.after_silence(answered=ticket.unanswered_since is None)
    promise = reopening.open_columns(tx.sql, ticket, now) if status == "open" else {}
    update_ticket(tx, ticket.id, now, status=status, slot_released_at=None, **promise)
    announce_agents(tx, [ticket.assignee_id])

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


_had_agent = and_(live, tickets.c.assignee_id.is_not(None))
_paused = and_(_had_agent, _idle_since(bindparam("asleep_since")))
_idle = and_(_had_agent, tickets.c.slot_released_at.is_(None), _idle_since(bindparam("silent_since")))
_ANY_IDLE = select(tickets.c.id).where(or_(_paused, _idle)).limit(1)


def has_idle_chats(sql: Connection, context: DomainContext) -> bool:
    """Whether a visitor who has an agent has been gone or silent for long enough."""
    return sql.execute(_ANY_IDLE, _idle_moments(context)).first() is not None


def close_idle_chats(tx: Transaction, context: DomainContext) -> int:
    """Free the place of a visitor who has gone or fallen silent, later end the chat. How many moved."""
    now, moments = context.now, _idle_moments(context)
    ended = lock_batch(tx.sql, _paused, **moments)
    for ticket in ended:
        _pause_chat(tx, ticket, now)
    freed = lock_batch(tx.sql, _idle, **moments)
    for ticket in freed:
        update_ticket(tx, ticket.id, now, slot_released_at=now)
        announce_agents(tx, [ticket.assignee_id])
    return len(ended) + len(freed)


def _idle_moments(context: DomainContext) -> dict[str, datetime]:
    now, timeouts = context.now, context.timeouts
    return {"asleep_since": now - timeouts.close_idle_after, "silent_since": now - timeouts.idle_after}


def _pause_chat(tx: Transaction, ticket: TicketRow, now: datetime) -> None:
    """We answered: the customer owes the next word. We did not: we owe it, with a promise."""
    withdraw_ticket_offers(tx, ticket, now)
    append_event(tx, ticket.id, now, "paused", {})
    status = statuses.after_silence(answered=ticket.unanswered_since is None)
    promise = reopening.promise_columns(tx.sql, now) if status == "open" else {}
    update_ticket(tx, ticket.id, now, status=status, slot_released_at=None, **promise)
    announce_agents(tx, [ticket.assignee_id])

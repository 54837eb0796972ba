"""Long waits: a chat that waits long is offered the form, and later becomes an open ticket."""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, false, func, or_, select

from chat.domain import service_status
from chat.domain.context import DomainContext
from chat.domain.queries.calendar import load_calendar
from chat.domain.queries.queue import waiting
from chat.domain.rules.hours import calendar
from chat.domain.tickets.contact import convert_to_open
from chat.domain.tickets.locks import lock_batch
from chat.domain.tickets.mutations import update_ticket
from chat.store.rows import TicketRow
from chat.store.tables import tickets
from chat.store.transaction import Transaction
from chat.vocabulary import ServiceState

_WAITED_FOR = select(tickets.c.department_id).where(waiting, tickets.c.department_id.is_not(None)).distinct()
_has_previous_agent = tickets.c.previous_agent_id.is_not(None)
_form_offered, _keep_waiting = tickets.c.form_offered_at, tickets.c.keep_waiting_at
_lost_lately = func.coalesce(and_(_has_previous_agent, tickets.c.return_deadline > bindparam("lost_lately")), false())
_agent_may_return = func.coalesce(and_(_has_previous_agent, tickets.c.return_deadline > bindparam("now")), false())
_wait_ended: BindParameter[datetime] = bindparam("wait_ended")
# Two conditions for two queries: a query with both would use no index.
_OVERDUE = (
    and_(_form_offered.is_(None), tickets.c.queued_at <= bindparam("form_due"), ~_lost_lately),
    and_(_form_offered <= _wait_ended, or_(_keep_waiting.is_(None), _keep_waiting <= _wait_ended)),
)
_needs_change_without_agents = or_(_form_offered.is_(None), ~_agent_may_return)
_ONE = select(tickets.c.id).where(waiting).limit(1)
_ANY_OVERDUE = tuple(_ONE.where(overdue) for overdue in _OVERDUE)


def has_long_waits(sql: Connection, context: DomainContext) -> bool:
    """Whether `escalate_long_waits` has something to do."""
    if _presence_unknown(sql, context):
        return False
    thresholds = _thresholds(context)
    queries = [*_ANY_OVERDUE, *(_ONE.where(condition) for condition in _without_agents(sql, context))]
    return any(sql.execute(query, thresholds).first() for query in queries)


def escalate_long_waits(tx: Transaction, context: DomainContext) -> int:
    """Offer the form beside chats that wait long, and make open tickets of those that waited too long. Returns the
    number of chats that changed."""
    if _presence_unknown(tx.sql, context):
        return 0
    thresholds = _thresholds(context)
    conditions = [*_OVERDUE, *_without_agents(tx.sql, context)]
    overdue = {row.id: row for condition in conditions for row in lock_batch(tx.sql, waiting, condition, **thresholds)}
    state, _ = calendar.state_at(load_calendar(tx.sql), context.now)
    return sum(_escalate_wait(tx, ticket, context, state) for _, ticket in sorted(overdue.items()))


def _presence_unknown(sql: Connection, context: DomainContext) -> bool:
    """Whether Redis can't tell who is online, and it matters because an agent chose to be available."""
    return context.online_agents is None and service_status.has_available_agents(sql)


def _thresholds(context: DomainContext) -> dict[str, datetime]:
    now, timeouts = context.now, context.timeouts
    lost_lately = now - timeouts.offer_form_after + timeouts.return_grace
    due = {"form_due": now - timeouts.offer_form_after, "wait_ended": now - timeouts.close_wait_after}
    return {"now": now, "lost_lately": lost_lately, **due}


def _without_agents(sql: Connection, context: DomainContext) -> list[ColumnElement[bool]]:
    """Conditions for chats that no agent can take: all of them, or those of departments without an available agent."""
    online = context.online_agents
    state, _ = calendar.state_at(load_calendar(sql), context.now)
    if not service_status.is_staffed(sql, state, online, None):
        return [_needs_change_without_agents]
    departments = sql.execute(_WAITED_FOR).scalars().all()
    empty = [key for key in departments if not service_status.is_staffed(sql, state, online, key)]
    return [and_(tickets.c.department_id == key, _needs_change_without_agents) for key in empty]


def _escalate_wait(tx: Transaction, ticket: TicketRow, context: DomainContext, state: ServiceState) -> bool:
    """Take the next step with one waiting chat; False when it is not due."""
    now, timeouts = context.now, context.timeouts
    without_agents = not service_status.is_staffed(tx.sql, state, context.online_agents, ticket.department_id)
    return_deadline = _return_deadline(tx.sql, ticket)
    if without_agents and not (return_deadline and return_deadline > now):
        convert_to_open(tx, ticket, now)
        return True
    if ticket.form_offered_at is None:
        # A chat that lost its agent has its old position, but has waited only since it lost the agent.
        began = return_deadline - timeouts.return_grace if return_deadline else ticket.queued_at or now
        due = without_agents or now - began >= timeouts.offer_form_after
        if due:
            update_ticket(tx, ticket.id, now, form_offered_at=now)
        return due
    since = max(ticket.form_offered_at, ticket.keep_waiting_at or ticket.form_offered_at)
    due = now - since >= timeouts.close_wait_after
    if due:
        convert_to_open(tx, ticket, now)
    return due


def _return_deadline(sql: Connection, ticket: TicketRow) -> datetime | None:
    """Until when the chat waits for the agent who lost it; None when it lost none."""
    query = select(tickets.c.return_deadline).where(tickets.c.id == ticket.id, tickets.c.previous_agent_id.is_not(None))
    return sql.execute(query).scalar()

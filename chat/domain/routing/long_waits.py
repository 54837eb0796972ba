"""What time does to chats: agents lost and back, waits that grow too long, silences."""

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
_returning = func.coalesce(and_(_has_previous_agent, tickets.c.return_deadline > bindparam("now")), false())
_wait_ended: BindParameter[datetime] = bindparam("wait_ended")
# Two questions, for one of both would find no index.
_OLD = (
    and_(_form_offered.is_(None), tickets.c.queued_at <= bindparam("form_due"), ~_lost_lately),
    and_(_form_offered <= _wait_ended, or_(_keep_waiting.is_(None), _keep_waiting <= _wait_ended)),
)
_not_yet_told = or_(_form_offered.is_(None), ~_returning)
_ONE = select(tickets.c.id).where(waiting).limit(1)
_ANY_OLD = tuple(_ONE.where(old) for old in _OLD)


def has_long_waits(sql: Connection, context: DomainContext) -> bool:
    """Whether time has come for a chat that waits."""
    if _presence_unknown(sql, context):
        return False
    moments = _moments(context)
    queries = [*_ANY_OLD, *(_ONE.where(deserted) for deserted in _without_agents(sql, context))]
    return any(sql.execute(query, moments).first() for query in queries)


def escalate_long_waits(tx: Transaction, context: DomainContext) -> int:
    """Offer the form beside a chat that waits long, and make a ticket of one that waited too long. How many moved."""
    if _presence_unknown(tx.sql, context):
        return 0
    moments = _moments(context)
    due = [*_OLD, *_without_agents(tx.sql, context)]
    old = {ticket.id: ticket for some in due for ticket in lock_batch(tx.sql, waiting, some, **moments)}
    state, _ = calendar.state_at(load_calendar(tx.sql), context.now)
    return sum(_escalate_wait(tx, ticket, context, state) for _, ticket in sorted(old.items()))


def _presence_unknown(sql: Connection, context: DomainContext) -> bool:
    """While nobody can say who is connected; unless nobody chose to be available anyway."""
    return context.online_agents is None and service_status.has_available_agents(sql)


def _moments(context: DomainContext) -> dict[str, datetime]:
    now, timeouts = context.now, context.timeouts
    lost_lately = now - timeouts.offer_form_after + timeouts.return_grace
    due = {"form_due": now - timeouts.offer_form_after, "wait_ended": now - timeouts.close_wait_after}
    return {"now": now, "lost_lately": lost_lately, **due}


def _without_agents(sql: Connection, context: DomainContext) -> list[ColumnElement[bool]]:
    """Where chats wait for nobody: everywhere, or in departments of which nobody is there."""
    online_agents = context.online_agents
    state, _ = calendar.state_at(load_calendar(sql), context.now)
    if not service_status.is_staffed(sql, state, online_agents, None):
        return [_not_yet_told]
    asked_for = sql.execute(_WAITED_FOR).scalars().all()
    empty = [key for key in asked_for if not service_status.is_staffed(sql, state, online_agents, key)]
    return [and_(tickets.c.department_id == key, _not_yet_told) for key in empty]


def _escalate_wait(tx: Transaction, ticket: TicketRow, context: DomainContext, state: ServiceState) -> bool:
    now, timeouts = context.now, context.timeouts
    losing = _return_deadline(tx.sql, ticket)
    deserted = not service_status.is_staffed(tx.sql, state, context.online_agents, ticket.department_id)
    if deserted and not (losing and losing > now):
        convert_to_open(tx, ticket, now)
        return True
    if ticket.form_offered_at is None:
        # A chat that lost its agent has its old place, but has not waited since then.
        began = losing - timeouts.return_grace if losing else ticket.queued_at or now
        waited = now - began >= timeouts.offer_form_after
        if waited or deserted:
            update_ticket(tx, ticket.id, now, form_offered_at=now)
        return waited or deserted
    since = max(ticket.form_offered_at, ticket.keep_waiting_at or ticket.form_offered_at)
    if now - since >= timeouts.close_wait_after:
        convert_to_open(tx, ticket, now)
    return now - since >= timeouts.close_wait_after


def _return_deadline(sql: Connection, ticket: TicketRow) -> datetime | None:
    query = select(tickets.c.return_deadline).where(tickets.c.id == ticket.id, tickets.c.previous_agent_id.is_not(None))
    return sql.execute(query).scalar()

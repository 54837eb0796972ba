"""Promises as rows, who is told of them, and how many were kept."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, or_, select

from chat.store.key_list import in_keys
from chat.store.rows import TicketRow
from chat.store.tables import UtcDateTime, agent_departments, agents
from chat.store.tables.promises import promises
from chat.vocabulary import PromiseAlert


class PromiseRow(NamedTuple):
    """A promise; `broken_before` counts those that it follows. It has not ended while `ended_at` is None."""

    id: int
    ticket_id: int
    made_at: datetime
    due_at: datetime
    broken_before: int
    last_alert: PromiseAlert | None
    next_at: datetime
    ended_at: datetime | None
    outcome: str | None


_PROMISE = select(*(promises.c[name] for name in PromiseRow._fields))
_LAST = _PROMISE.where(promises.c.ticket_id == bindparam("ticket")).order_by(promises.c.id.desc()).limit(1)
_DUE = _PROMISE.where(promises.c.ended_at.is_(None), promises.c.next_at <= bindparam("now", type_=UtcDateTime))
_ONE_DUE = _DUE.limit(1)
_DUE_OF_TICKETS = _DUE.where(in_keys(promises.c.ticket_id)).order_by(promises.c.ticket_id)


def last_promise(sql: Connection, ticket_id: int) -> PromiseRow | None:
    """The promise of a ticket that was made last, ended or not."""
    row = sql.execute(_LAST, {"ticket": ticket_id}).first()
    return None if row is None else PromiseRow(*row)


def has_due_promises(sql: Connection, now: datetime) -> bool:
    """Whether a promise has an alert due."""
    return sql.execute(_ONE_DUE, {"now": now}).first() is not None


def tickets_with_due_promises(sql: Connection, now: datetime, limit: int) -> list[int]:
    """The inner keys of tickets whose promise has an alert due, the longest due first."""
    rows = sql.execute(_DUE.order_by(promises.c.next_at).limit(limit), {"now": now})
    return [PromiseRow(*row).ticket_id for row in rows]


def due_promises(sql: Connection, now: datetime, tickets: list[int]) -> list[PromiseRow]:
    """The promises of these tickets that have an alert due, by ticket."""
    return [PromiseRow(*row) for row in sql.execute(_DUE_OF_TICKETS, {"now": now, "keys": tickets})]


def receivers(sql: Connection, ticket: TicketRow, alert: PromiseAlert) -> tuple[int, ...]:
    """The agents who are told: the assignee, without one the department, without one everybody; from `close` on also
    the department and those who lead the team."""
    everybody = select(agents.c.id).where(agents.c.removed_at.is_(None))
    in_department = agents.c.id.in_(
        select(agent_departments.c.agent_id).where(agent_departments.c.department_id == ticket.department_id)
    )
    leads, assignee = agents.c.role != "agent", agents.c.id == ticket.assignee_id
    nobodys = ticket.assignee_id is None and ticket.department_id is None
    responsible = assignee if ticket.assignee_id is not None else in_department
    if alert != "soon":
        responsible = or_(assignee, in_department, leads)
    query = everybody if nobodys else everybody.where(responsible)
    return tuple(sql.scalars(query.order_by(agents.c.id)))

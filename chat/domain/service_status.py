"""The service at a moment: the calendar's state, chat or form, and the promise for a ticket sent now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from chat.domain.context import DomainContext
from chat.domain.queries.answer_times import typical_answer_s
from chat.domain.queries.calendar import load_calendar
from chat.domain.queries.queue import recent_wait_rate, waiting
from chat.domain.rules.hours import availability, extra_hours, promise
from chat.domain.rules.hours import calendar as calendars
from chat.domain.text import strip_nul
from chat.store.key_list import list_of
from chat.store.tables import agent_departments, agents, categories, tickets, visitors
from chat.vocabulary import Mode, ServiceState

# Python intersects the ids with the online agents: a condition with a thousand keys costs more than reading as many.
_AVAILABLE = select(agents.c.id).where(agents.c.removed_at.is_(None), agents.c.state == "available")
_AVAILABLE_IN_DEPARTMENT = _AVAILABLE.join(agent_departments).where(
    agent_departments.c.department_id == bindparam("department", type_=BigInteger)
)
_AVAILABLE_IDS = select(list_of(_AVAILABLE.subquery().c.id))
_AVAILABLE_IDS_IN_DEPARTMENT = select(list_of(_AVAILABLE_IN_DEPARTMENT.subquery().c.id))
_WAITING = select(func.count()).select_from(tickets).where(waiting)
_WAITING_FOR_DEPARTMENT = _WAITING.where(tickets.c.department_id == bindparam("department", type_=BigInteger))
_DEPARTMENT = select(categories.c.department_id).where(categories.c.name == bindparam("name"))


@dataclass(frozen=True, slots=True)
class Service:
    """The service at one moment; times carry the calendar's offset."""

    state: ServiceState
    mode: Mode
    until: datetime | None
    next_open: datetime | None
    due: datetime | None
    extra_hours: bool
    reply_s: int | None


def current_service(sql: Connection, context: DomainContext, category: str | None = None) -> Service:
    """The service now, of the category's department if it has one."""
    calendar = load_calendar(sql)
    state, until = calendars.state_at(calendar, context.now)
    mode = _mode(sql, state, context.online_agents, department_of(sql, category))
    return Service(
        state,
        mode,
        until,
        calendars.next_open(calendar, context.now),
        promise.due(calendar, context.now),
        extra_hours.is_added(calendar, context.now),
        typical_answer_s(sql, context.now) if mode == "chat" else None,
    )


def mode_for(sql: Connection, context: DomainContext, department_id: int | None = None) -> Mode:
    """Only the mode: chat or form."""
    state, _ = calendars.state_at(load_calendar(sql), context.now)
    return _mode(sql, state, context.online_agents, department_id)


def due_from(sql: Connection, now: datetime) -> datetime | None:
    """When a ticket sent now is due; None when the calendar never opens, or too seldom."""
    return promise.due(load_calendar(sql), now)


def _mode(
    sql: Connection, state: ServiceState, online_agents: frozenset[int] | None, department_id: int | None
) -> Mode:
    available = available_agents(sql, online_agents, department_id)
    if not availability.is_staffed(state, available):
        return "form"
    query = _WAITING if department_id is None else _WAITING_FOR_DEPARTMENT
    count = sql.execute(query, {} if department_id is None else {"department": department_id}).scalar_one()
    rate = recent_wait_rate(sql)
    mode = availability.mode(state, available, count, availability.estimated_wait(rate, count + 1))
    if mode == "chat":
        return mode
    count = _count_by_address(sql, department_id)  # costs more, so only when it can matter
    return availability.mode(state, available, count, availability.estimated_wait(rate, count + 1))


def _count_by_address(sql: Connection, department_id: int | None) -> int:
    query = select(visitors.c.address_hash, func.count()).join(tickets, tickets.c.visitor_id == visitors.c.id)
    query = query.where(waiting).group_by(visitors.c.address_hash)
    if department_id is not None:
        query = query.where(tickets.c.department_id == department_id)
    return availability.counted_chats((address, chats) for address, chats in sql.execute(query))


def is_staffed(
    sql: Connection, state: ServiceState, online_agents: frozenset[int] | None, department_id: int | None
) -> bool:
    """Whether chats of a department (None: of any) can be answered in this state: `availability.is_staffed`."""
    return availability.is_staffed(state, available_agents(sql, online_agents, department_id))


def available_agents(sql: Connection, online_agents: frozenset[int] | None, department_id: int | None) -> int:
    """How many agents chose to be available and are connected, those without a free slot and in their grace included.
    0 while Redis is unavailable (`online_agents` None)."""
    if not online_agents:
        return 0
    query = _AVAILABLE_IDS if department_id is None else _AVAILABLE_IDS_IN_DEPARTMENT
    chosen = sql.execute(query, {} if department_id is None else {"department": department_id})
    return len(online_agents.intersection(chosen.scalar() or ()))


def has_available_agents(sql: Connection) -> bool:
    """Whether any agent chose to be available, connected or not."""
    return sql.execute(_AVAILABLE.limit(1)).first() is not None


def department_of(sql: Connection, category: str | None) -> int | None:
    """The department that a category belongs to, or None."""
    return sql.execute(_DEPARTMENT, {"name": strip_nul(category)}).scalar() if category else None

"""What is to be had now: the calendar's state, chat or form, and the promise made at this moment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from chat.domain.context import DomainContext
from chat.domain.queries.calendar import load_calendar
from chat.domain.queries.queue import recent_wait_rates, waiting
from chat.domain.rules.hours import availability, promise
from chat.domain.rules.hours import calendar as calendars
from chat.domain.text import strip_nul
from chat.store.tables import agent_departments, agents, categories, tickets
from chat.vocabulary import Mode, ServiceState

# Who is there is compared here: a thousand keys in a condition cost more than a thousand rows read.
_AVAILABLE = select(agents.c.id).where(agents.c.removed_at.is_(None), agents.c.state == "available")
_AVAILABLE_IN_DEPARTMENT = _AVAILABLE.join(agent_departments).where(
    agent_departments.c.department_id == bindparam("department", type_=BigInteger)
)
_WAITING = select(func.count()).select_from(tickets).where(waiting)
_WAITING_FOR_DEPARTMENT = _WAITING.where(tickets.c.department_id == bindparam("department", type_=BigInteger))
_DEPARTMENT = select(categories.c.department_id).where(categories.c.name == bindparam("name"))


@dataclass(frozen=True, slots=True)
class Service:
    """The answer to "is somebody there?", good for one moment; times carry the calendar's offset."""

    state: ServiceState
    mode: Mode
    until: datetime | None
    next_open: datetime | None
    due: datetime | None


def current_service(sql: Connection, context: DomainContext, category: str | None = None) -> Service:
    """The service at a moment, of a category's department where one is given."""
    calendar = load_calendar(sql)
    state, until = calendars.state_at(calendar, context.now)
    return Service(
        state,
        _mode(sql, state, context.online_agents, department_of(sql, category)),
        until,
        calendars.next_open(calendar, context.now),
        promise.due(calendar, context.now),
    )


def mode_for(sql: Connection, context: DomainContext, department_id: int | None = None) -> Mode:
    """Chat or form, without the rest."""
    state, _ = calendars.state_at(load_calendar(sql), context.now)
    return _mode(sql, state, context.online_agents, department_id)


def due_from(sql: Connection, now: datetime) -> datetime | None:
    """The promise made at this moment; None where the calendar never opens."""
    return promise.due(load_calendar(sql), now)


def _mode(
    sql: Connection, state: ServiceState, online_agents: frozenset[int] | None, department_id: int | None
) -> Mode:
    available = available_agents(sql, online_agents, department_id) if online_agents else 0
    if state == "closed" or not available:
        return "form"
    counted = _WAITING if department_id is None else _WAITING_FOR_DEPARTMENT
    number = sql.execute(counted, {} if department_id is None else {"department": department_id}).scalar_one()
    return availability.mode(state, available, number, availability.estimated_wait(recent_wait_rates(sql), number + 1))


def available_agents(sql: Connection, online_agents: frozenset[int], department_id: int | None) -> int:
    """Agents who chose to be available and are connected, full ones and those in their grace included."""
    query = _AVAILABLE if department_id is None else _AVAILABLE_IN_DEPARTMENT
    chose = sql.execute(query, {} if department_id is None else {"department": department_id})
    return len(online_agents.intersection(chose.scalars().all()))


def has_available_agents(sql: Connection) -> bool:
    """Whether an agent would take chats if they were connected."""
    return sql.execute(_AVAILABLE.limit(1)).first() is not None


def department_of(sql: Connection, category: str | None) -> int | None:
    """The department that a category goes to, if it goes to one."""
    return sql.execute(_DEPARTMENT, {"name": strip_nul(category)}).scalar() if category else None

"""What is to be had now: the calendar's state, chat or form, and the promise made at this moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from chat.desk.calendar_in_force import calendar_of
from chat.desk.changes import Situation
from chat.desk.places import paces, waiting
from chat.desk.records import plain
from chat.desk.rules import availability, promise
from chat.desk.rules import calendar as calendars
from chat.store.tables import agent_departments, agents, categories, tickets

# Who is there is compared here: a thousand keys in a condition cost more than a thousand rows read.
_CHOSE = select(agents.c.id).where(agents.c.removed_at.is_(None), agents.c.state == "available")
_CHOSE_OF_DEPARTMENT = _CHOSE.join(agent_departments).where(
    agent_departments.c.department_id == bindparam("department", type_=BigInteger)
)
_WAITING = select(func.count()).select_from(tickets).where(waiting)
_WAITING_FOR_DEPARTMENT = _WAITING.where(tickets.c.department_id == bindparam("department", type_=BigInteger))
_DEPARTMENT = select(categories.c.department_id).where(categories.c.name == bindparam("name"))


@dataclass(frozen=True, slots=True)
class Service:
    """The answer to "is somebody there?", good for one moment; times carry the calendar's offset."""

    state: Literal["open", "limited", "closed"]
    mode: Literal["chat", "form"]
    until: datetime | None
    next_open: datetime | None
    due: datetime | None


def now_for(sql: Connection, situation: Situation, category: str | None = None) -> Service:
    """The service at a moment, of a category's department where one is given."""
    calendar = calendar_of(sql)
    state, until = calendars.state_at(calendar, situation.now)
    return Service(
        state,
        _mode(sql, state, situation.present, department_of(sql, category)),
        until,
        calendars.next_open(calendar, situation.now),
        promise.due(calendar, situation.now),
    )


def mode_for(sql: Connection, situation: Situation, department_id: int | None = None) -> Literal["chat", "form"]:
    """Chat or form, without the rest."""
    state, _ = calendars.state_at(calendar_of(sql), situation.now)
    return _mode(sql, state, situation.present, department_id)


def due_from(sql: Connection, now: datetime) -> datetime | None:
    """The promise made at this moment; None where the calendar never opens."""
    return promise.due(calendar_of(sql), now)


def _mode(
    sql: Connection, state: calendars.State, present: frozenset[int] | None, department_id: int | None
) -> Literal["chat", "form"]:
    available = available_agents(sql, present, department_id) if present else 0
    if state == "closed" or not available:
        return "form"
    counted = _WAITING if department_id is None else _WAITING_FOR_DEPARTMENT
    number = sql.execute(counted, {} if department_id is None else {"department": department_id}).scalar_one()
    return availability.mode(state, available, number, availability.honest_wait(paces(sql), number + 1))


def available_agents(sql: Connection, present: frozenset[int], department_id: int | None) -> int:
    """Agents who chose to be available and are connected, full ones and those in their grace included."""
    query = _CHOSE if department_id is None else _CHOSE_OF_DEPARTMENT
    chose = sql.execute(query, {} if department_id is None else {"department": department_id})
    return len(present.intersection(chose.scalars().all()))


def anybody_chose_available(sql: Connection) -> bool:
    """Whether an agent would take chats if they were connected."""
    return sql.execute(_CHOSE.limit(1)).first() is not None


def department_of(sql: Connection, category: str | None) -> int | None:
    """The department that a category goes to, if it goes to one."""
    return sql.execute(_DEPARTMENT, {"name": plain(category)}).scalar() if category else None

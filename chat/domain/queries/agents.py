"""Reading agents with their departments and the slots they use."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from chat.domain.refusals import NotFound
from chat.store.key_list import in_keys
from chat.store.rows import AgentRow, DepartmentRow
from chat.store.tables import (
    LIVE,
    agent_departments,
    agents,
    departments,
    offers,
    tickets,
)
from chat.store.tables.routing import ringing

_USES_SLOT = (tickets.c.assignee_id == agents.c.id, tickets.c.status == LIVE, tickets.c.slot_released_at.is_(None))
assigned_chat_count = select(func.count()).select_from(tickets).where(*_USES_SLOT).correlate(agents).scalar_subquery()
_RINGING_BY_AGENT = select(offers.c.agent_id, func.count()).where(ringing).group_by(offers.c.agent_id)
_RINGING_ON_AGENT = _RINGING_BY_AGENT.where(offers.c.agent_id == bindparam("key"))
_AGENT_COLUMNS = [agents.c[name] for name in AgentRow.__dataclass_fields__ if name not in {"chats", "departments"}]
_AGENTS = (
    select(*_AGENT_COLUMNS, assigned_chat_count.label("taken"))
    .where(agents.c.removed_at.is_(None))
    .order_by(agents.c.name)
)
_AGENT = _AGENTS.where(agents.c.id == bindparam("key"))
_SOME_AGENTS = _AGENTS.where(in_keys(agents.c.id))
_MEMBERSHIPS = (
    select(agent_departments.c.agent_id, departments.c.public_id)
    .select_from(agent_departments.join(departments))
    .order_by(departments.c.name)
)
_DEPARTMENTS_OF_AGENT = _MEMBERSHIPS.where(agent_departments.c.agent_id == bindparam("key"))


def agents_where(sql: Connection, *condition: ColumnElement[bool]) -> list[AgentRow]:
    """Agents who have not been removed and of whom this is true, by name."""
    return _load_agents(sql, _AGENTS.where(*condition))


def agents_by_keys(sql: Connection, keys: Collection[int]) -> list[AgentRow]:
    """These of the agents, by name, without those who were removed."""
    return _load_agents(sql, _SOME_AGENTS, keys=list(keys)) if keys else []


def _load_agents(sql: Connection, query: Select[Any], **bound: object) -> list[AgentRow]:
    """With their departments, which are asked for one by one or all at once."""
    rung = ringing_offer_counts(sql, bound.get("key"))
    rows = sql.execute(query, bound).all()
    asked = _MEMBERSHIPS if len(rows) > 1 else _DEPARTMENTS_OF_AGENT
    parts: dict[int, list[str]] = {}
    for agent_id, public_id in sql.execute(asked, {"key": rows[0].id} if len(rows) == 1 else {}).all() if rows else ():
        parts.setdefault(agent_id, []).append(public_id)
    return [_agent_row(row, rung.get(row.id, 0), tuple(parts.get(row.id, ()))) for row in rows]


def _agent_row(row: Row[Any], rung: int, departments_in: tuple[str, ...]) -> AgentRow:
    own = dict(row._mapping)
    chats = own.pop("taken") + rung
    return AgentRow(**own, chats=chats, departments=departments_in)


def ringing_offer_counts(sql: Connection, agent_id: object = None) -> dict[int, int]:
    """How many of each agent's places, or of this one's, are held by what rings on their console. To be asked before
    `chats_taken`: what is taken in between is then counted twice, not never. Asked for all at once, for PostgreSQL
    believes that next to nothing rings and would look through all of it for each agent."""
    asked = _RINGING_BY_AGENT if agent_id is None else _RINGING_ON_AGENT
    return {row[0]: row[1] for row in sql.execute(asked, {} if agent_id is None else {"key": agent_id}).all()}


def agent_by_key(sql: Connection, agent_id: int) -> AgentRow:
    """An agent by inner key; NotFound also when removed."""
    found = _load_agents(sql, _AGENT, key=agent_id)
    if not found:
        raise NotFound("agent")
    return found[0]


def all_departments(sql: Connection) -> list[DepartmentRow]:
    """Every department, by name."""
    query = select(departments.c.id, departments.c.public_id, departments.c.name).order_by(departments.c.name)
    return [DepartmentRow(*row) for row in sql.execute(query).all()]


def all_agents(sql: Connection) -> list[AgentRow]:
    """Everybody, by name."""
    return agents_where(sql)

"""Reading agents with their departments and the slots they use."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from chat.domain.refusals import NotFound
from chat.store.key_list import in_keys
from chat.store.rows import AgentRow, DepartmentRow
from chat.store.tables import LIVE, agent_departments, agents, departments, offers, ringing, tickets

_USES_SLOT = (tickets.c.assignee_id == agents.c.id, tickets.c.status == LIVE, tickets.c.slot_released_at.is_(None))
assigned_chat_count = select(func.count()).select_from(tickets).where(*_USES_SLOT).correlate(agents).scalar_subquery()
_RINGING_BY_AGENT = select(offers.c.agent_id, func.count()).where(ringing).group_by(offers.c.agent_id)
_RINGING_ON_AGENT = _RINGING_BY_AGENT.where(offers.c.agent_id == bindparam("key"))
_AGENT_COLUMNS = [agents.c[name] for name in AgentRow.__dataclass_fields__ if name not in {"chats", "departments"}]
_AGENTS = (
    select(*_AGENT_COLUMNS, assigned_chat_count.label("assigned"))
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
_DEPARTMENTS = select(departments.c.id, departments.c.public_id, departments.c.name).order_by(departments.c.name)


def all_agents(sql: Connection) -> list[AgentRow]:
    """All agents who have not been removed, by name."""
    return _load_agents(sql, _AGENTS)


def agents_where(sql: Connection, *condition: ColumnElement[bool]) -> list[AgentRow]:
    """The agents who meet the condition and have not been removed, by name."""
    return _load_agents(sql, _AGENTS.where(*condition))


def agents_by_keys(sql: Connection, keys: Collection[int]) -> list[AgentRow]:
    """The agents with these inner keys who have not been removed, by name."""
    return _load_agents(sql, _SOME_AGENTS, keys=list(keys)) if keys else []


def agent_by_key(sql: Connection, agent_id: int) -> AgentRow:
    """The agent with this inner key. Raises NotFound, also when they were removed."""
    found = _load_agents(sql, _AGENT, key=agent_id)
    if not found:
        raise NotFound("agent")
    return found[0]


def _load_agents(sql: Connection, query: Select[Any], **bound: object) -> list[AgentRow]:
    offer_counts = ringing_offer_counts(sql, bound.get("key"))
    rows = sql.execute(query, bound).all()
    members = _departments_of(sql, rows)
    return [_agent_row(row, offer_counts.get(row.id, 0), tuple(members.get(row.id, ()))) for row in rows]


def _departments_of(sql: Connection, rows: Collection[Row[Any]]) -> dict[int, list[str]]:
    """Public ids of the departments by agent. Reads one agent's departments, or for several agents everybody's."""
    if not rows:
        return {}
    one = {"key": next(iter(rows)).id} if len(rows) == 1 else {}
    found: dict[int, list[str]] = {}
    for agent_id, public_id in sql.execute(_DEPARTMENTS_OF_AGENT if one else _MEMBERSHIPS, one).all():
        found.setdefault(agent_id, []).append(public_id)
    return found


def _agent_row(row: Row[Any], offer_count: int, department_ids: tuple[str, ...]) -> AgentRow:
    columns = dict(row._mapping)
    chats = columns.pop("assigned") + offer_count
    return AgentRow(**columns, chats=chats, departments=department_ids)


def ringing_offer_counts(sql: Connection, agent_id: object = None) -> dict[int, int]:
    """How many slots ringing offers use, by agent; with `agent_id` only that agent's.

    Read it before `assigned_chat_count`: a chat that is claimed between the two is then counted twice rather than not
    at all. It is no subquery per agent, because PostgreSQL expects next to no ringing offers and would scan them all
    for each agent.
    """
    query = _RINGING_BY_AGENT if agent_id is None else _RINGING_ON_AGENT
    return {row[0]: row[1] for row in sql.execute(query, {} if agent_id is None else {"key": agent_id}).all()}


def all_departments(sql: Connection) -> list[DepartmentRow]:
    """All departments, by name."""
    return [DepartmentRow(*row) for row in sql.execute(_DEPARTMENTS).all()]

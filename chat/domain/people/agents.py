"""Agents: added, removed, and available or away as they choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from chat.domain.facts import AgentChanged
from chat.domain.people.sessions import end_sessions
from chat.domain.queries.agents import agent_by_key, agents_where
from chat.domain.refusals import BadRequest, Conflict, NotFound
from chat.domain.routing.lost_agents import release_agent
from chat.domain.text import clean_email, clean_name, normalize_email
from chat.domain.tickets.locks import lock_agent
from chat.domain.tickets.mutations import announce_agents, withdraw_agent_offers
from chat.store.rows import AgentRow
from chat.store.tables import agent_departments, agents, departments, new_id, password_links
from chat.store.transaction import Transaction
from chat.vocabulary import AgentState, Role


@dataclass(frozen=True, slots=True)
class NewAgent:
    """An agent to add. `departments` are names of existing departments."""

    email: str
    name: str
    role: Role = "agent"
    capacity: int = 4
    departments: Sequence[str] = ()
    languages: Sequence[str] = ()
    password_hash: str | None = None


def add_agent(tx: Transaction, new: NewAgent, now: datetime) -> AgentRow:
    """Add an agent, or bring a removed one back. BadRequest; Conflict when the address is in use; NotFound when a
    department does not exist."""
    email, name = normalize_email(clean_email(new.email)), clean_name(new.name)
    if name is None:
        raise BadRequest("a name is needed", field="name")
    if new.capacity < 1:
        raise BadRequest("capacity is at least 1", field="capacity")
    existing = tx.sql.execute(select(agents.c.id, agents.c.removed_at).where(agents.c.email == email)).first()
    if existing and existing.removed_at is None:
        raise Conflict("this address is in use")
    values = {"name": name, "role": new.role, "capacity": new.capacity, "password_hash": new.password_hash}
    values |= {"languages": list(new.languages), "state": "away", "state_since": now, "idle_since": now}
    values |= {"removed_at": None, "email": email}
    key = existing.id if existing else _insert(tx.sql, now, values)
    tx.sql.execute(update(agents).where(agents.c.id == key).values(**values))
    _set_departments(tx.sql, key, new.departments)
    announce_agents(tx, [key])
    return agent_by_key(tx.sql, key)


def _insert(sql: Connection, now: datetime, values: dict[str, Any]) -> int:
    new = insert(agents).values(public_id=new_id("a"), created_at=now, **values)
    key: int = sql.execute(new.returning(agents.c.id)).scalar_one()
    return key


def _set_departments(sql: Connection, agent_id: int, names: Sequence[str]) -> None:
    sql.execute(delete(agent_departments).where(agent_departments.c.agent_id == agent_id))
    for name in dict.fromkeys(names):
        key = sql.execute(select(departments.c.id).where(departments.c.name == name)).scalar()
        if key is None:
            raise NotFound(f"department {name}")
        sql.execute(insert(agent_departments).values(agent_id=agent_id, department_id=key))


def remove_agent(tx: Transaction, email: str, now: datetime) -> None:
    """Remove an agent: their sessions end, their sockets close, their live chats go back to the queue. NotFound."""
    agent = agent_by_email(tx.sql, email)
    # Before the tickets: a claim or an offer that goes on meanwhile would give them to a removed agent.
    lock_agent(tx.sql, agent.id)
    release_agent(tx, agent.id, now)
    removed = {"removed_at": now, "state": "away", "password_hash": None}
    tx.sql.execute(update(agents).where(agents.c.id == agent.id).values(**removed))
    tx.sql.execute(delete(password_links).where(password_links.c.agent_id == agent.id))
    end_sessions(tx, agent.id)


def agent_by_email(sql: Connection, email: str) -> AgentRow:
    """The agent with this e-mail address, in any case of letters. NotFound."""
    found = agents_where(sql, agents.c.email == normalize_email(email))
    if not found:
        raise NotFound("agent")
    return found[0]


def set_presence(tx: Transaction, agent_id: int, state: AgentState, now: datetime) -> AgentRow:
    """Set an agent available or away. Away withdraws the offers on their console; available clears the chats they
    passed on. The state that they have already changes nothing."""
    if state == "away":
        withdraw_agent_offers(tx, agent_id, now)
    own = update(agents).where(agents.c.id == agent_id, agents.c.state != state)
    values = {"state": state, "state_since": now, "idle_since": now, "missed_offers": 0, "away_reason": None}
    if tx.sql.execute(own.values(**values)).rowcount:
        tx.record(AgentChanged(agent_by_key(tx.sql, agent_id)))
    return agent_by_key(tx.sql, agent_id)

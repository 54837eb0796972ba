"""Agents: who they are, whether they chose to be available, and their sessions and links."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from chat.desk.changes import agents_changed, stop_ringing
from chat.desk.facts import AgentChanged, AgentRemoved, SessionEnded, SettingsChanged
from chat.desk.records import agent_by_key, agents_where, plain
from chat.desk.refusals import BadRequest, Conflict, NotAllowed, NotFound
from chat.desk.tickets import clean_email, clean_name
from chat.desk.waits import release_agent
from chat.store.rows import AgentRow, Choice, Role
from chat.store.tables import agent_departments, agents, categories, departments, new_id, password_links, sessions
from chat.store.works import Work

SESSION = timedelta(days=30)
LINK = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class NewAgent:
    """What `agent add` says. Departments by name; they must exist."""

    email: str
    name: str
    role: Role = "agent"
    capacity: int = 4
    departments: Sequence[str] = ()
    languages: Sequence[str] = ()
    password_hash: str | None = None


def by_key(sql: Connection, agent_id: int) -> AgentRow:
    """An agent by inner key; NotFound also when removed."""
    return agent_by_key(sql, agent_id)


def team(sql: Connection) -> list[AgentRow]:
    """Everybody, by name."""
    return agents_where(sql)


def add(work: Work, new: NewAgent, now: datetime) -> AgentRow:
    """Add an agent, or bring a removed one back. Conflict when the address is in use."""
    email, name = account(clean_email(new.email)), clean_name(new.name)
    if name is None:
        raise BadRequest("a name is needed", field="name")
    if new.capacity < 1:
        raise BadRequest("capacity is at least 1", field="capacity")
    known = work.sql.execute(select(agents.c.id, agents.c.removed_at).where(agents.c.email == email)).first()
    if known and known.removed_at is None:
        raise Conflict("this address is in use")
    values = {"name": name, "role": new.role, "capacity": new.capacity, "password_hash": new.password_hash}
    values |= {"languages": list(new.languages), "state": "away", "state_since": now, "idle_since": now}
    values |= {"removed_at": None, "email": email}
    key = known.id if known else _insert(work.sql, now, values)
    work.sql.execute(update(agents).where(agents.c.id == key).values(**values))
    _join(work.sql, key, new.departments)
    agents_changed(work, [key])
    return agent_by_key(work.sql, key)


def _insert(sql: Connection, now: datetime, values: dict[str, Any]) -> int:
    new = insert(agents).values(public_id=new_id("a"), created_at=now, **values)
    key: int = sql.execute(new.returning(agents.c.id)).scalar_one()
    return key


def _join(sql: Connection, agent_id: int, names: Sequence[str]) -> None:
    sql.execute(delete(agent_departments).where(agent_departments.c.agent_id == agent_id))
    for name in dict.fromkeys(names):
        key = sql.execute(select(departments.c.id).where(departments.c.name == name)).scalar()
        if key is None:
            raise NotFound(f"department {name}")
        sql.execute(insert(agent_departments).values(agent_id=agent_id, department_id=key))


def add_department(work: Work, name: str, its_categories: Sequence[str] = ()) -> str:
    """Add a department that these categories go to from now on; its public id. Conflict when there is one of this
    name, NotFound for a category that is none."""
    cleaned = clean_name(name)
    if cleaned is None:
        raise BadRequest("a name is needed", field="name")
    if work.sql.execute(select(departments.c.id).where(departments.c.name == cleaned)).first():
        raise Conflict("there is a department of this name")
    public_id = new_id("d")
    new = insert(departments).values(public_id=public_id, name=cleaned).returning(departments.c.id)
    key = work.sql.execute(new).scalar_one()
    for category in its_categories:
        goes = update(categories).where(categories.c.name == category).values(department_id=key)
        if not work.sql.execute(goes).rowcount:
            raise NotFound(f"category {category}")
    work.happened(SettingsChanged())
    return public_id


def remove(work: Work, email: str, now: datetime) -> None:
    """Remove an agent: sessions end, sockets are cut, live chats go back to the queue. NotFound."""
    agent = by_email(work.sql, email)
    release_agent(work, agent.id, now)
    gone = {"removed_at": now, "state": "away", "password_hash": None}
    work.sql.execute(update(agents).where(agents.c.id == agent.id).values(**gone))
    work.sql.execute(delete(password_links).where(password_links.c.agent_id == agent.id))
    end_sessions(work, agent.id)


def account(email: str) -> str:
    """The one way to write an address that people write in several; tries to sign in are counted by it."""
    return unicodedata.normalize("NFC", plain(email[:320]).strip().lower())


def by_email(sql: Connection, email: str) -> AgentRow:
    """An agent by address, however it is cased; NotFound."""
    found = agents_where(sql, agents.c.email == account(email))
    if not found:
        raise NotFound("agent")
    return found[0]


def set_presence(work: Work, agent_id: int, state: Choice, now: datetime) -> AgentRow:
    """Available or away, as chosen; the same again changes nothing, passes are cleared by a real change only.
    What rings on the console of somebody who goes away goes to the next."""
    if state == "away":
        stop_ringing(work, agent_id, now)
    own = update(agents).where(agents.c.id == agent_id, agents.c.state != state)
    values = {"state": state, "state_since": now, "idle_since": now, "missed": 0, "away_why": None}
    if work.sql.execute(own.values(**values)).rowcount:
        work.happened(AgentChanged(agent_by_key(work.sql, agent_id)))
    return agent_by_key(work.sql, agent_id)


# -- signing in ------------------------------------------------------------------------------------------------


def credentials(sql: Connection, email: str) -> tuple[int, str] | None:
    """The key and password hash of an agent who can sign in, or None."""
    query = select(agents.c.id, agents.c.password_hash).where(agents.c.email == account(email))
    row = sql.execute(query.where(agents.c.removed_at.is_(None), agents.c.password_hash.is_not(None))).first()
    return None if row is None else (row.id, row.password_hash)


def set_password_hash(work: Work, agent_id: int, password_hash: str) -> None:
    """Store a hash made with newer parameters."""
    work.sql.execute(update(agents).where(agents.c.id == agent_id).values(password_hash=password_hash))


def open_session(work: Work, agent_id: int, token_hash: str, now: datetime) -> None:
    """A session of 30 days; ended ones are swept away."""
    work.sql.execute(delete(sessions).where(sessions.c.expires_at <= now))
    values = {"token_hash": token_hash, "agent_id": agent_id, "created_at": now, "expires_at": now + SESSION}
    work.sql.execute(insert(sessions).values(**values))


def by_session(sql: Connection, token_hash: str, now: datetime) -> AgentRow | None:
    """Whose session this is, or None when it has ended."""
    query = select(sessions.c.agent_id).where(sessions.c.token_hash == token_hash, sessions.c.expires_at > now)
    key = sql.execute(query).scalar()
    found = agents_where(sql, agents.c.id == key) if key is not None else []
    return found[0] if found else None


def live_sessions(sql: Connection, token_hashes: Sequence[str], now: datetime) -> set[str]:
    """Which of these sessions still hold: for the sockets that a node keeps."""
    query = (
        select(sessions.c.token_hash)
        .select_from(sessions.join(agents))
        .where(sessions.c.token_hash.in_(token_hashes), sessions.c.expires_at > now)
    )
    return set(sql.execute(query.where(agents.c.removed_at.is_(None))).scalars())


def close_session(work: Work, token_hash: str) -> None:
    """Sign out; twice is once."""
    work.sql.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
    work.happened(SessionEnded(token_hash))


def end_sessions(work: Work, agent_id: int) -> None:
    """Every session of an agent ends, and their sockets are cut."""
    work.sql.execute(delete(sessions).where(sessions.c.agent_id == agent_id))
    work.happened(AgentRemoved(agent_id))


# -- one-time links --------------------------------------------------------------------------------------------


def setup_needed(sql: Connection) -> bool:
    """Whether no administrator who can sign in exists yet."""
    admins = select(func.count()).select_from(agents).where(_can_sign_in(), agents.c.role == "admin")
    return sql.execute(admins).scalar_one() == 0


def _can_sign_in() -> ColumnElement[bool]:
    return agents.c.removed_at.is_(None) & agents.c.password_hash.is_not(None)


def new_link(work: Work, agent_id: int | None, token_hash: str, now: datetime) -> None:
    """A link that sets a password once, within two days; older ones of the same agent (None: the owner) are void."""
    work.sql.execute(delete(password_links).where(password_links.c.agent_id.is_not_distinct_from(agent_id)))
    values = {"token_hash": token_hash, "agent_id": agent_id, "expires_at": now + LINK}
    work.sql.execute(insert(password_links).values(**values))


def link_for_agent(work: Work, email: str, token_hash: str, now: datetime) -> None:
    """A link that sets this agent's password; their sessions end. NotFound."""
    agent = by_email(work.sql, email)
    new_link(work, agent.id, token_hash, now)
    end_sessions(work, agent.id)


def link_holder(sql: Connection, token_hash: str, now: datetime) -> AgentRow | None:
    """Whose link this is, None for the owner's first; NotFound when it is used, void or too old."""
    query = select(password_links.c.agent_id).where(password_links.c.token_hash == token_hash)
    row = sql.execute(query.where(password_links.c.expires_at > now)).first()
    if row is None:
        raise NotFound("link")
    return None if row.agent_id is None else agent_by_key(sql, row.agent_id)


def set_up_owner(work: Work, token_hash: str, new: NewAgent, now: datetime) -> AgentRow:
    """The owner's first sign-in makes them admin. NotFound: the link; NotAllowed: there is an admin already."""
    if link_holder(work.sql, token_hash, now) is not None:
        raise NotFound("link")
    if not setup_needed(work.sql):
        raise NotAllowed("there is an administrator already")
    _void(work.sql, token_hash)
    return add(work, new, now)


def _void(sql: Connection, token_hash: str) -> None:
    """Used up; whoever comes second with the same link, even at the same moment, finds none."""
    if not sql.execute(delete(password_links).where(password_links.c.token_hash == token_hash)).rowcount:
        raise NotFound("link")


def use_link(work: Work, token_hash: str, password_hash: str, now: datetime) -> AgentRow:
    """Set the password of the link's agent and void the link. NotFound."""
    agent = link_holder(work.sql, token_hash, now)
    if agent is None:
        raise NotFound("link")
    _void(work.sql, token_hash)
    set_password_hash(work, agent.id, password_hash)
    end_sessions(work, agent.id)
    return agent

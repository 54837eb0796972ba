"""One-time links that set a password: the owner's first one, or an agent's new one."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from chat.domain.people.agents import NewAgent, add_agent, agent_by_email
from chat.domain.people.sessions import change_password, end_sessions
from chat.domain.queries.agents import agent_by_key
from chat.domain.refusals import NotAllowed, NotFound
from chat.store.rows import AgentRow
from chat.store.tables import agents, password_links
from chat.store.transaction import Transaction

PASSWORD_LINK_LIFETIME = timedelta(days=2)


def needs_setup(sql: Connection) -> bool:
    """Whether no administrator who can sign in exists yet."""
    admins = select(func.count()).select_from(agents).where(_can_sign_in(), agents.c.role == "admin")
    return sql.execute(admins).scalar_one() == 0


def _can_sign_in() -> ColumnElement[bool]:
    return agents.c.removed_at.is_(None) & agents.c.password_hash.is_not(None)


def create_password_link(tx: Transaction, agent_id: int | None, token_hash: str, now: datetime) -> None:
    """Create a link that sets a password once, within two days. It replaces older links of the same agent; None is the
    owner, who has no row yet."""
    tx.sql.execute(delete(password_links).where(password_links.c.agent_id.is_not_distinct_from(agent_id)))
    values = {"token_hash": token_hash, "agent_id": agent_id, "expires_at": now + PASSWORD_LINK_LIFETIME}
    tx.sql.execute(insert(password_links).values(**values))


def create_link_for_agent(tx: Transaction, email: str, token_hash: str, now: datetime) -> None:
    """Create a link that sets this agent's password, and end their sessions. NotFound."""
    agent = agent_by_email(tx.sql, email)
    create_password_link(tx, agent.id, token_hash, now)
    end_sessions(tx, agent.id)


def password_link_agent(sql: Connection, token_hash: str, now: datetime) -> AgentRow | None:
    """The agent of a link, None for the owner's. NotFound when the link was used, replaced or has expired."""
    query = select(password_links.c.agent_id).where(password_links.c.token_hash == token_hash)
    row = sql.execute(query.where(password_links.c.expires_at > now)).first()
    if row is None:
        raise NotFound("link")
    return None if row.agent_id is None else agent_by_key(sql, row.agent_id)


def create_owner(tx: Transaction, token_hash: str, new: NewAgent, now: datetime) -> AgentRow:
    """Add the owner with the owner's link. NotFound for another link; NotAllowed when an admin can sign in."""
    if password_link_agent(tx.sql, token_hash, now) is not None:
        raise NotFound("link")
    if not needs_setup(tx.sql):
        raise NotAllowed("there is an administrator already")
    _consume_link(tx.sql, token_hash)
    return add_agent(tx, new, now)


def _consume_link(sql: Connection, token_hash: str) -> None:
    """Delete a link. NotFound for the second of two requests with the same link, even at the same moment."""
    if not sql.execute(delete(password_links).where(password_links.c.token_hash == token_hash)).rowcount:
        raise NotFound("link")


def use_link(tx: Transaction, token_hash: str, password_hash: str, now: datetime) -> AgentRow:
    """Set the password of the link's agent, delete the link and end the agent's sessions. NotFound."""
    agent = password_link_agent(tx.sql, token_hash, now)
    if agent is None:
        raise NotFound("link")
    _consume_link(tx.sql, token_hash)
    change_password(tx, agent.id, password_hash)
    return agent

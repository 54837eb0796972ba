"""Sessions of agents: they begin at sign-in and last 30 days, unless they are ended before."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from chat.domain.facts import AgentRemoved, SessionEnded
from chat.domain.queries.agents import agents_where
from chat.domain.text import normalize_email
from chat.store.rows import AgentRow
from chat.store.tables import agents, sessions
from chat.store.transaction import Transaction

SESSION_LIFETIME = timedelta(days=30)


def credentials(sql: Connection, email: str) -> tuple[int, str] | None:
    """The key and password hash of an agent who can sign in, or None."""
    query = select(agents.c.id, agents.c.password_hash).where(agents.c.email == normalize_email(email))
    row = sql.execute(query.where(agents.c.removed_at.is_(None), agents.c.password_hash.is_not(None))).first()
    return None if row is None else (row.id, row.password_hash)


def set_password_hash(tx: Transaction, agent_id: int, password_hash: str) -> None:
    """Store a password's hash."""
    tx.sql.execute(update(agents).where(agents.c.id == agent_id).values(password_hash=password_hash))


def open_session(tx: Transaction, agent_id: int, token_hash: str, now: datetime) -> None:
    """Open a session, and delete the expired ones of all agents."""
    tx.sql.execute(delete(sessions).where(sessions.c.expires_at <= now))
    values = {"token_hash": token_hash, "agent_id": agent_id, "created_at": now, "expires_at": now + SESSION_LIFETIME}
    tx.sql.execute(insert(sessions).values(**values))


def agent_for_session(sql: Connection, token_hash: str, now: datetime) -> AgentRow | None:
    """The agent of a session, or None when it has ended."""
    query = select(sessions.c.agent_id).where(sessions.c.token_hash == token_hash, sessions.c.expires_at > now)
    key = sql.execute(query).scalar()
    found = agents_where(sql, agents.c.id == key) if key is not None else []
    return found[0] if found else None


def valid_sessions(sql: Connection, token_hashes: Sequence[str], now: datetime) -> set[str]:
    """The sessions among these that have not ended: a node asks for those of its sockets."""
    query = (
        select(sessions.c.token_hash)
        .select_from(sessions.join(agents))
        .where(sessions.c.token_hash.in_(token_hashes), sessions.c.expires_at > now)
    )
    return set(sql.execute(query.where(agents.c.removed_at.is_(None))).scalars())


def close_session(tx: Transaction, token_hash: str) -> None:
    """Sign out. A session that has ended already is no error."""
    tx.sql.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
    tx.record(SessionEnded(token_hash))


def end_sessions(tx: Transaction, agent_id: int) -> None:
    """End every session of an agent and close their sockets."""
    tx.sql.execute(delete(sessions).where(sessions.c.agent_id == agent_id))
    tx.record(AgentRemoved(agent_id))

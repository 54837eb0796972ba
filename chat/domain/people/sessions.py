"""Sessions of agents: they begin at sign-in and end after 30 days, after 12 hours without use, or when ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, not_, select, update

from chat.domain.facts import AgentRemoved, SessionEnded
from chat.domain.queries.agents import agents_where
from chat.domain.text import normalize_email
from chat.store.rows import AgentRow
from chat.store.tables import agents, sessions
from chat.store.transaction import Transaction

SESSION_LIFETIME = timedelta(days=30)
MAX_UNUSED = timedelta(hours=12)
# A use this soon after the last stored one is not stored.
USE_PRECISION = timedelta(minutes=5)
_last_use = func.coalesce(sessions.c.last_used_at, sessions.c.created_at)


def credentials(sql: Connection, email: str) -> tuple[int, str] | None:
    """The key and password hash of an agent who can sign in, or None."""
    query = select(agents.c.id, agents.c.password_hash).where(agents.c.email == normalize_email(email))
    row = sql.execute(query.where(agents.c.removed_at.is_(None), agents.c.password_hash.is_not(None))).first()
    return None if row is None else (row.id, row.password_hash)


def set_password_hash(tx: Transaction, agent_id: int, password_hash: str) -> None:
    """Store a password's hash."""
    tx.sql.execute(update(agents).where(agents.c.id == agent_id).values(password_hash=password_hash))


def change_password(tx: Transaction, agent_id: int, password_hash: str) -> None:
    """Store a new password's hash, and end every session of the agent."""
    set_password_hash(tx, agent_id, password_hash)
    end_sessions(tx, agent_id)


def open_session(tx: Transaction, agent_id: int, token_hash: str, now: datetime, replaced: str | None = None) -> None:
    """Open a session, end the one that it replaces, and delete those of all agents that have ended by themselves."""
    if replaced is not None:
        close_session(tx, replaced)
    tx.sql.execute(delete(sessions).where(not_(_is_valid(now))))
    values = {"token_hash": token_hash, "agent_id": agent_id, "created_at": now, "expires_at": now + SESSION_LIFETIME}
    tx.sql.execute(insert(sessions).values(**values))


def _is_valid(now: datetime) -> ColumnElement[bool]:
    return and_(sessions.c.expires_at > now, _last_use > now - MAX_UNUSED)


def agent_for_session(sql: Connection, token_hash: str, now: datetime) -> AgentRow | None:
    """The agent of a session, or None when it has ended."""
    query = select(sessions.c.agent_id).where(sessions.c.token_hash == token_hash, _is_valid(now))
    key = sql.execute(query).scalar()
    found = agents_where(sql, agents.c.id == key) if key is not None else []
    return found[0] if found else None


def valid_sessions(sql: Connection, token_hashes: Sequence[str], now: datetime) -> set[str]:
    """The sessions among these that have not ended: a node asks for those of its sockets."""
    query = (
        select(sessions.c.token_hash)
        .select_from(sessions.join(agents))
        .where(sessions.c.token_hash.in_(token_hashes), _is_valid(now))
    )
    return set(sql.execute(query.where(agents.c.removed_at.is_(None))).scalars())


def record_use(tx: Transaction, token_hashes: Sequence[str], now: datetime) -> None:
    """Store that these sessions are used now. One that has ended stays ended."""
    used = update(sessions).where(sessions.c.token_hash.in_(token_hashes), _is_valid(now))
    tx.sql.execute(used.where(_last_use <= now - USE_PRECISION).values(last_used_at=now))


def close_session(tx: Transaction, token_hash: str) -> None:
    """Sign out. A session that has ended already is no error."""
    tx.sql.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
    tx.record(SessionEnded(token_hash))


def end_sessions(tx: Transaction, agent_id: int) -> None:
    """End every session of an agent and close their sockets."""
    tx.sql.execute(delete(sessions).where(sessions.c.agent_id == agent_id))
    tx.record(AgentRemoved(agent_id))

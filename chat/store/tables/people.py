"""Agents, their sessions and password links, and visitors."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
)

from chat.store.tables.base import (
    Json,
    Key,
    UtcDateTime,
    metadata,
    primary_key,
    reference,
    vocabulary_check,
)
from chat.vocabulary import AgentState, Role

agents = Table(
    "agents",
    metadata,
    primary_key(),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("role", String(12), nullable=False),
    Column("photo", String(500)),
    Column("languages", Json, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("password_hash", String(200)),
    Column("state", String(12), nullable=False),
    Column("state_since", UtcDateTime, nullable=False),
    Column("missed_offers", Integer, nullable=False, server_default="0"),
    Column("away_reason", String(12)),
    Column("idle_since", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
    vocabulary_check("role", Role),
    vocabulary_check("state", AgentState),
)
agent_departments = Table(
    "agent_departments",
    metadata,
    Column("agent_id", Key, ForeignKey("agents.id"), primary_key=True),
    Column("department_id", Key, ForeignKey("departments.id"), primary_key=True),
)
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    reference("agent_id", "agents", index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    # Null until the first use. Some minutes behind while a session is used all the time: a write for each use would be
    # one too many.
    Column("last_used_at", UtcDateTime),
)
# One-time links: for the owner's first password (no agent yet) and for an agent's new one.
password_links = Table(
    "password_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    reference("agent_id", "agents", nullable=True, index=True),
    Column("expires_at", UtcDateTime, nullable=False),
)
visitors = Table(
    "visitors",
    metadata,
    primary_key(),
    Column("public_id", String(24), nullable=False, unique=True),
    reference("site_id", "sites"),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("name", String(100)),
    Column("email", String(254)),
    Column("verified", Boolean, nullable=False),
    Column("locale", String(10), nullable=False),
    Column("timezone", String(60)),
    Column("page", Json),
    # A keyed hash of the address that the visitor first wrote from; null for a program on the server's own machine.
    Column("address_hash", String(16)),
    Column("created_at", UtcDateTime, nullable=False),
)

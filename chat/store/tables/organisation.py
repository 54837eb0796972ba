"""Settings, sites, departments and categories."""

from sqlalchemy import (
    Column,
    Integer,
    String,
    Table,
    Text,
)

from chat.store.tables.base import (
    Json,
    UtcDateTime,
    metadata,
    primary_key,
    reference,
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
sites = Table(
    "sites",
    metadata,
    primary_key(),
    Column("key", String(40), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("origins", Json, nullable=False),
    Column("secret", String(100)),
    Column("color", String(7)),
    Column("created_at", UtcDateTime, nullable=False),
)
departments = Table(
    "departments",
    metadata,
    primary_key(),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("name", String(100), nullable=False, unique=True),
)
categories = Table(
    "categories",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    reference("department_id", "departments", nullable=True),
)

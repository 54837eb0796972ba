"""Messages and notes."""

from sqlalchemy import (
    Column,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from chat.store.tables.base import Json, UtcDateTime, metadata, primary_key, reference

messages = Table(
    "messages",
    metadata,
    primary_key(),
    reference("ticket_id", "tickets"),
    Column("seq", Integer, nullable=False),
    Column("public_id", String(24), nullable=False),
    Column("client_id", String(64)),
    # The author as part of the unique key below: "visitor", "agent:12" or "system".
    Column("author", String(30), nullable=False),
    reference("agent_id", "agents", nullable=True),
    Column("author_name", String(100)),
    Column("text", Text, nullable=False),
    Column("event", Json),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("ticket_id", "seq"),
    # `client_id` comes first: clients make ids in the order of time, so new rows go to the end of the index.
    UniqueConstraint("client_id", "ticket_id", "author"),
)
notes = Table(
    "notes",
    metadata,
    primary_key(),
    reference("ticket_id", "tickets"),
    Column("note_seq", Integer, nullable=False),
    Column("after_seq", Integer, nullable=False),
    Column("public_id", String(24), nullable=False),
    Column("client_id", String(64), nullable=False),
    reference("agent_id", "agents"),
    Column("author_name", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("ticket_id", "note_seq"),
    UniqueConstraint("ticket_id", "agent_id", "client_id"),
)

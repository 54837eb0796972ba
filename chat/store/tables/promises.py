"""Promises: by when an answer was promised, and how that ended."""

from sqlalchemy import Column, Index, Integer, String, Table

from chat.store.tables.base import UtcDateTime, metadata, partial_index, primary_key, reference, vocabulary_check
from chat.vocabulary import PromiseAlert, PromiseOutcome

promises = Table(
    "promises",
    metadata,
    primary_key(),
    reference("ticket_id", "tickets"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("broken_before", Integer, nullable=False),
    # What the team was last told, and when the next alert is due.
    Column("last_alert", String(10)),
    Column("next_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(10)),
    # Whose it was when it ended.
    reference("department_id", "departments", nullable=True),
    reference("agent_id", "agents", nullable=True),
    Column("category", String(40)),
    vocabulary_check("last_alert", PromiseAlert),
    vocabulary_check("outcome", PromiseOutcome),
    Index("ix_promises_ticket", "ticket_id", "id"),
    partial_index("ix_promises_next", "next_at", where="ended_at IS NULL"),
    partial_index("ix_promises_ended", "ended_at", where="ended_at IS NOT NULL"),
)

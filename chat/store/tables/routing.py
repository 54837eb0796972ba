"""Offers and routing decisions."""

from sqlalchemy import (
    Column,
    Index,
    String,
    Table,
)

from chat.store.tables.base import Json, UtcDateTime, metadata, partial_index, primary_key, reference, vocabulary_check
from chat.vocabulary import OfferOutcome

offers = Table(
    "offers",
    metadata,
    primary_key(),
    reference("ticket_id", "tickets"),
    reference("agent_id", "agents"),
    # The agent who hands the ticket over; they stay its assignee until another agent takes it.
    reference("from_agent_id", "agents", nullable=True),
    # Set when the ticket is handed over to a department: if this agent declines, the next member gets the offer.
    reference("department_id", "departments", nullable=True),
    Column("rule", String(30), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(12)),
    vocabulary_check("outcome", OfferOutcome),
    # A ticket rings on one console at a time.
    partial_index("uq_offers_ringing", "ticket_id", where="ended_at IS NULL", unique=True),
    partial_index("ix_offers_ringing", "agent_id", "expires_at", where="ended_at IS NULL"),
    partial_index("ix_offers_handed", "ticket_id", where="department_id IS NOT NULL"),
    Index("ix_offers_agent", "agent_id", "ended_at"),
    Index("ix_offers_ticket", "ticket_id", "agent_id"),
)
decisions = Table(
    "decisions",
    metadata,
    primary_key(),
    reference("ticket_id", "tickets", index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("rule", String(30), nullable=False),
    Column("chosen", String(24)),
    Column("candidates", Json, nullable=False),
)

# The offers that have not ended: the condition of the partial indexes.
ringing = offers.c.ended_at.is_(None)

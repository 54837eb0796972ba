"""Tickets."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from chat.store.tables.base import (
    IS_UNFINISHED,
    IS_WAITING,
    UtcDateTime,
    metadata,
    partial_index,
    primary_key,
    reference,
    vocabulary_check,
)
from chat.vocabulary import Channel, Status, VisitorPresence

tickets = Table(
    "tickets",
    metadata,
    # Its own key is the number that people say: "n° 1051".
    primary_key(),
    Column("public_id", String(24), nullable=False, unique=True),
    reference("site_id", "sites"),
    reference("visitor_id", "visitors", index=True),
    Column("status", String(10), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("category", String(40)),
    reference("department_id", "departments", nullable=True),
    Column("locale", String(10), nullable=False),
    Column("name", String(100)),
    Column("email", String(254)),
    Column("form_id", String(64)),
    reference("assignee_id", "agents", nullable=True),
    Column("rev", BigInteger, nullable=False, server_default="1"),
    Column("last_seq", Integer, nullable=False, server_default="0"),
    Column("last_note_seq", Integer, nullable=False, server_default="0"),
    Column("visitor_read_seq", Integer, nullable=False, server_default="0"),
    Column("agent_read_seq", Integer, nullable=False, server_default="0"),
    Column("unread", Integer, nullable=False, server_default="0"),
    Column("preview", String(200), nullable=False, server_default=""),
    Column("last_from", String(8), nullable=False, server_default="visitor"),
    Column("last_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # Waiting for an agent: the place in the queue, which a chat keeps when its agent is lost.
    Column("queued_at", UtcDateTime),
    Column("queue_position", Integer),
    Column("assigned_at", UtcDateTime),
    # Waiting for an answer: the first word of the visitor that nobody has answered yet.
    Column("unanswered_since", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("visitor_state", String(8), nullable=False),
    Column("visitor_since", UtcDateTime, nullable=False),
    # Set while the visitor is gone, or silent after our answer, for so long that the agent's place is free.
    Column("slot_released_at", UtcDateTime),
    Column("form_offered_at", UtcDateTime),
    Column("keep_waiting_at", UtcDateTime),
    reference("previous_agent_id", "agents", nullable=True),
    Column("return_deadline", UtcDateTime),
    Column("promised_at", UtcDateTime),
    Column("promise_due_at", UtcDateTime),
    Column("promise_kept_at", UtcDateTime),
    Column("solved_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    UniqueConstraint("site_id", "form_id"),
    vocabulary_check("status", Status),
    vocabulary_check("channel", Channel),
    vocabulary_check("visitor_state", VisitorPresence),
    Index("ix_tickets_updated", "updated_at", "id"),
    Index("ix_tickets_assigned", "assigned_at"),
    # One live chat a visitor, whatever two tabs or two nodes do at once.
    partial_index("uq_tickets_live_visitor", "visitor_id", where="status = 'live'", unique=True),
    # The queue in its order; the last columns are all that is asked of a place, so that the table stays closed.
    partial_index(
        "ix_tickets_queue",
        "(CASE WHEN (visitor_state = 'gone') THEN 1 ELSE 0 END)",
        "queued_at",
        "id",
        *("department_id", "visitor_state", "status", "assignee_id"),
        where=IS_WAITING,
    ),
    partial_index("ix_tickets_long_waits", "form_offered_at", "queued_at", where=IS_WAITING),
    partial_index("ix_tickets_department", "department_id", where=f"{IS_WAITING} AND department_id IS NOT NULL"),
    partial_index("ix_tickets_previous_agent", "previous_agent_id", where="previous_agent_id IS NOT NULL"),
    # Whose it is, and which of these use a place.
    partial_index("ix_tickets_assignee", "assignee_id", "status", "slot_released_at", where="assignee_id IS NOT NULL"),
    partial_index("ix_tickets_talking", "id", where="status = 'live' AND assignee_id IS NOT NULL"),
    partial_index("ix_tickets_due", f"(coalesce(promise_due_at, {2**53}))", "id", where="status = 'open'"),
    partial_index("ix_tickets_unfinished", "id", where=IS_UNFINISHED),
    partial_index(
        "ix_tickets_here", "visitor_id", "status", "id", where=f"{IS_UNFINISHED} AND visitor_state <> 'gone'"
    ),
)

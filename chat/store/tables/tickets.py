"""Tickets, and the conditions on them that indexes and queries share."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from chat.store.tables.base import (
    UtcDateTime,
    metadata,
    partial_index,
    primary_key,
    reference,
    vocabulary_check,
)
from chat.vocabulary import FINISHED_STATUSES, UNFINISHED_STATUSES, Channel, Status, VisitorPresence

# A query must state the condition of a partial index literally: neither database matches a bound value with it. None of
# these comes from user input.
LIVE, OPEN, GONE = (literal_column(f"'{value}'", String) for value in ("live", "open", "gone"))
UNFINISHED, FINISHED = (
    tuple(literal_column(f"'{status}'", String) for status in group)
    for group in (UNFINISHED_STATUSES, FINISHED_STATUSES)
)
_IS_WAITING = "status = 'live' AND assignee_id IS NULL"
_IS_UNFINISHED, _IS_FINISHED = (f"status IN ({', '.join(map(str, group))})" for group in (UNFINISHED, FINISHED))
# The sort value of a ticket without a promise: after all that have one.
NO_PROMISE = literal_column(str(2**53), BigInteger)

tickets = Table(
    "tickets",
    metadata,
    # The key is the ticket number that people quote: "n° 1051".
    primary_key(),
    Column("public_id", String(24), nullable=False, unique=True),
    reference("site_id", "sites"),
    reference("visitor_id", "visitors", index=True),
    Column("status", String(max(10, *map(len, get_args(Status)))), nullable=False),
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
    # The public id of the agent who wrote the last message: after a hand-over another than the assignee.
    Column("last_agent", String(24)),
    Column("last_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # Waiting for an agent: the order in the queue, which survives the loss of an agent.
    Column("queued_at", UtcDateTime),
    Column("queue_position", Integer),
    Column("assigned_at", UtcDateTime),
    # When the visitor sent the oldest message that nobody has answered yet.
    Column("unanswered_since", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("visitor_state", String(8), nullable=False),
    Column("visitor_since", UtcDateTime, nullable=False),
    # Set once the visitor has been gone, or silent after our answer, for so long that the agent's slot is free again.
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
    # On hold: by when an answer is expected, and the reason that the customer was told.
    Column("estimated_at", UtcDateTime),
    Column("hold_reason", Text),
    UniqueConstraint("site_id", "form_id"),
    vocabulary_check("status", Status),
    vocabulary_check("channel", Channel),
    vocabulary_check("visitor_state", VisitorPresence),
    Index("ix_tickets_updated", "updated_at", "id"),
    Index("ix_tickets_assigned", "assigned_at"),
    # One live chat per visitor, whatever two tabs or two nodes do at once.
    partial_index("uq_tickets_live_visitor", "visitor_id", where="status = 'live'", unique=True),
    # The queue in its order. The last columns make it a covering index for queue positions.
    partial_index(
        "ix_tickets_queue",
        "(CASE WHEN (visitor_state = 'gone') THEN 1 ELSE 0 END)",
        "queued_at",
        "id",
        *("department_id", "visitor_state", "status", "assignee_id"),
        where=_IS_WAITING,
    ),
    partial_index("ix_tickets_long_waits", "form_offered_at", "queued_at", where=_IS_WAITING),
    partial_index("ix_tickets_department", "department_id", where=f"{_IS_WAITING} AND department_id IS NOT NULL"),
    partial_index("ix_tickets_previous_agent", "previous_agent_id", where="previous_agent_id IS NOT NULL"),
    # An agent's tickets, and which of them use a slot.
    partial_index("ix_tickets_assignee", "assignee_id", "status", "slot_released_at", where="assignee_id IS NOT NULL"),
    partial_index("ix_tickets_talking", "id", where="status = 'live' AND assignee_id IS NOT NULL"),
    partial_index(
        "ix_tickets_answered", "answered_at", "created_at", where="channel = 'chat' AND answered_at IS NOT NULL"
    ),
    partial_index("ix_tickets_due", f"(coalesce(promise_due_at, {2**53}))", "id", where="status = 'open'"),
    partial_index("ix_tickets_unfinished", "id", where=_IS_UNFINISHED),
    partial_index("ix_tickets_finished", "updated_at", "id", where=_IS_FINISHED),
    partial_index(
        "ix_tickets_here", "visitor_id", "status", "id", where=f"{_IS_UNFINISHED} AND visitor_state <> 'gone'"
    ),
)

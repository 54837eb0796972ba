"""Every table, as SQLAlchemy Core: integer keys inside, opaque public ids outside, times as UTC milliseconds."""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime kept as whole UTC milliseconds: the same order and arithmetic on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else kept(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else told(value)


def kept(moment: datetime) -> int:
    """A moment as the database has it. Refuses naive datetimes (TypeError): without a zone it is a mistake."""
    return (moment - _EPOCH) // _MILLISECOND


def told(milliseconds: int) -> datetime:
    """The reverse of `kept`."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def new_id(prefix: str) -> str:
    """An opaque public id of 96 random bits; never sequential, so that it tells nothing of its neighbours."""
    return new_ids(prefix, 1)[0]


def new_ids(prefix: str, number: int) -> list[str]:
    """Many of them: random bytes cost little more than the asking for them."""
    drawn = secrets.token_urlsafe(12 * number)
    return [f"{prefix}_{drawn[at : at + 16]}" for at in range(0, 16 * number, 16)]


# SQLite only numbers rows by itself for a plain INTEGER key.
Key = BigInteger().with_variant(Integer(), "sqlite")
# none_as_null: an absent value is SQL's NULL, not the JSON word null.
Json = JSON(none_as_null=True)


def _id() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


def _reference(name: str, target: str, nullable: bool = False, index: bool = False) -> Column[int]:
    return Column(name, Key, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


# What the condition of a partial index says, a query must say in the same words: neither database sees through a
# bound value, and none of these is anybody's input.
LIVE, OPEN, GONE = (literal_column(f"'{word}'", String) for word in ("live", "open", "gone"))
UNFINISHED = tuple(literal_column(f"'{status}'", String) for status in ("live", "open", "pending", "on_hold"))
# Without a promise: after all that have one.
NO_PROMISE = literal_column(str(2**53), BigInteger)
_IS_WAITING = "status = 'live' AND assignee_id IS NULL"
_IS_UNFINISHED = "status IN ('live', 'open', 'pending', 'on_hold')"


def _index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """One of the rows of which `where` is true; a column in brackets is an expression."""
    parts = (text(column) if column.startswith("(") else column for column in columns)
    return Index(name, *parts, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


settings = Table(
    "settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

sites = Table(
    "sites",
    metadata,
    _id(),
    Column("key", String(40), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("origins", Json, nullable=False),
    Column("secret", String(100)),
    Column("color", String(7)),
    Column("created_at", Moment, nullable=False),
)

departments = Table(
    "departments",
    metadata,
    _id(),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("name", String(100), nullable=False, unique=True),
)

categories = Table(
    "categories",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    _reference("department_id", "departments", nullable=True),
)

agents = Table(
    "agents",
    metadata,
    _id(),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("role", String(12), nullable=False),
    Column("photo", String(500)),
    Column("languages", Json, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("password_hash", String(200)),
    Column("state", String(12), nullable=False),
    Column("state_since", Moment, nullable=False),
    Column("missed", Integer, nullable=False, server_default="0"),
    Column("away_why", String(12)),
    Column("idle_since", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
    CheckConstraint("role IN ('admin', 'supervisor', 'agent')", name="role"),
    CheckConstraint("state IN ('available', 'away')", name="state"),
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
    _reference("agent_id", "agents", index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

# One-time links: the owner's first password (no agent yet) and an agent's new one.
password_links = Table(
    "password_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _reference("agent_id", "agents", nullable=True, index=True),
    Column("expires_at", Moment, nullable=False),
)

visitors = Table(
    "visitors",
    metadata,
    _id(),
    Column("public_id", String(24), nullable=False, unique=True),
    _reference("site_id", "sites"),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("name", String(100)),
    Column("email", String(254)),
    Column("verified", Boolean, nullable=False),
    Column("locale", String(10), nullable=False),
    Column("timezone", String(60)),
    Column("page", Json),
    Column("created_at", Moment, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    # Its own key is the number that people say: "n° 1051".
    _id(),
    Column("public_id", String(24), nullable=False, unique=True),
    _reference("site_id", "sites"),
    _reference("visitor_id", "visitors", index=True),
    Column("status", String(10), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("category", String(40)),
    _reference("department_id", "departments", nullable=True),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("locale", String(10), nullable=False),
    Column("name", String(100)),
    Column("email", String(254)),
    Column("form_id", String(64)),
    _reference("assignee_id", "agents", nullable=True),
    Column("rev", BigInteger, nullable=False, server_default="1"),
    Column("last_seq", Integer, nullable=False, server_default="0"),
    Column("last_note_seq", Integer, nullable=False, server_default="0"),
    Column("read_visitor", Integer, nullable=False, server_default="0"),
    Column("read_agent", Integer, nullable=False, server_default="0"),
    Column("unread", Integer, nullable=False, server_default="0"),
    Column("preview", String(200), nullable=False, server_default=""),
    Column("last_from", String(8), nullable=False, server_default="visitor"),
    Column("last_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # Waiting for an agent: the place in the queue, which a chat keeps when its agent is lost.
    Column("queued_at", Moment),
    Column("queue_place", Integer),
    Column("taken_at", Moment),
    # Waiting for an answer: the first word of the visitor that nobody has answered yet.
    Column("waiting_since", Moment),
    Column("answered_at", Moment),
    Column("visitor_state", String(8), nullable=False),
    Column("visitor_since", Moment, nullable=False),
    # Set while the visitor is gone, or silent after our answer, for so long that the agent's place is free.
    Column("freed_at", Moment),
    Column("form_offered_at", Moment),
    Column("keep_waiting_at", Moment),
    _reference("lost_agent_id", "agents", nullable=True),
    Column("lost_until", Moment),
    Column("promised_at", Moment),
    Column("due", Moment),
    Column("kept_at", Moment),
    Column("solved_at", Moment),
    Column("closed_at", Moment),
    UniqueConstraint("site_id", "form_id"),
    CheckConstraint("status IN ('live', 'open', 'pending', 'on_hold', 'solved', 'closed')", name="status"),
    CheckConstraint("channel IN ('chat', 'form', 'email', 'api')", name="channel"),
    CheckConstraint("visitor_state IN ('here', 'hidden', 'gone')", name="visitor_state"),
    Index("ix_tickets_updated", "updated_at", "id"),
    Index("ix_tickets_taken", "taken_at"),
    # One live chat a visitor, whatever two tabs or two nodes do at once.
    _index("uq_tickets_live_visitor", "visitor_id", where="status = 'live'", unique=True),
    # The queue in its order; the last columns are all that is asked of a place, so that the table stays closed.
    _index(
        "ix_tickets_queue",
        "(-priority)",
        "(CASE WHEN (visitor_state = 'gone') THEN 1 ELSE 0 END)",
        "queued_at",
        "id",
        *("department_id", "priority", "visitor_state", "status", "assignee_id"),
        where=_IS_WAITING,
    ),
    _index("ix_tickets_long_waits", "form_offered_at", "queued_at", where=_IS_WAITING),
    _index("ix_tickets_department", "department_id", where=f"{_IS_WAITING} AND department_id IS NOT NULL"),
    _index("ix_tickets_lost", "lost_agent_id", where="lost_agent_id IS NOT NULL"),
    # Whose it is, and which of these use a place.
    _index("ix_tickets_assignee", "assignee_id", "status", "freed_at", where="assignee_id IS NOT NULL"),
    _index("ix_tickets_talking", "id", where="status = 'live' AND assignee_id IS NOT NULL"),
    _index("ix_tickets_due", f"(coalesce(due, {2**53}))", "id", where="status = 'open'"),
    _index("ix_tickets_unfinished", "id", where=_IS_UNFINISHED),
    _index("ix_tickets_here", "visitor_id", "status", "id", where=f"{_IS_UNFINISHED} AND visitor_state <> 'gone'"),
)

messages = Table(
    "messages",
    metadata,
    _id(),
    _reference("ticket_id", "tickets"),
    Column("seq", Integer, nullable=False),
    Column("public_id", String(24), nullable=False),
    Column("client_id", String(64)),
    # Who wrote it, for the key below: "visitor", "agent:12" or "system".
    Column("author", String(30), nullable=False),
    _reference("agent_id", "agents", nullable=True),
    Column("author_name", String(100)),
    Column("text", Text, nullable=False),
    Column("event", Json),
    Column("at", Moment, nullable=False),
    UniqueConstraint("ticket_id", "seq"),
    # The id first: clients make ids in the order of time, so that the newest stand together at the index's end.
    UniqueConstraint("client_id", "ticket_id", "author"),
)

notes = Table(
    "notes",
    metadata,
    _id(),
    _reference("ticket_id", "tickets"),
    Column("note_seq", Integer, nullable=False),
    Column("after_seq", Integer, nullable=False),
    Column("public_id", String(24), nullable=False),
    Column("client_id", String(64), nullable=False),
    _reference("agent_id", "agents"),
    Column("author_name", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("ticket_id", "note_seq"),
    UniqueConstraint("ticket_id", "agent_id", "client_id"),
)

offers = Table(
    "offers",
    metadata,
    _id(),
    _reference("ticket_id", "tickets"),
    _reference("agent_id", "agents"),
    # Set when an agent hands the ticket over: they stay its owner until it is taken.
    _reference("giver_id", "agents", nullable=True),
    # Set while the hand over is to a department: who passes on it leaves it to the next one.
    _reference("department_id", "departments", nullable=True),
    Column("rule", String(30), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", String(12)),
    CheckConstraint("outcome IN ('taken', 'declined', 'missed', 'withdrawn')", name="outcome"),
    # A ticket rings on one console at a time.
    _index("uq_offers_ringing", "ticket_id", where="ended_at IS NULL", unique=True),
    _index("ix_offers_ringing", "agent_id", "expires_at", where="ended_at IS NULL"),
    _index("ix_offers_handed", "ticket_id", where="department_id IS NOT NULL"),
    Index("ix_offers_agent", "agent_id", "ended_at"),
    Index("ix_offers_ticket", "ticket_id", "agent_id"),
)

decisions = Table(
    "decisions",
    metadata,
    _id(),
    _reference("ticket_id", "tickets", index=True),
    Column("at", Moment, nullable=False),
    Column("rule", String(30), nullable=False),
    Column("chosen", String(24)),
    Column("candidates", Json, nullable=False),
)

"""field names: columns get the usual terms, and the unused priority goes"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WAITING = "status = 'live' AND assignee_id IS NULL"
LEFT = "(CASE WHEN (visitor_state = 'gone') THEN 1 ELSE 0 END)"
TICKETS = {
    "read_visitor": "visitor_read_seq",
    "read_agent": "agent_read_seq",
    "queue_place": "queue_position",
    "taken_at": "assigned_at",
    "waiting_since": "unanswered_since",
    "freed_at": "slot_released_at",
    "lost_agent_id": "previous_agent_id",
    "lost_until": "return_deadline",
    "due": "promise_due_at",
    "kept_at": "promise_kept_at",
}
HAS_AGENT = "assignee_id IS NOT NULL"
UNFINISHED = "status IN ('live', 'open', 'pending', 'on_hold')"
# Each index: name, columns (an expression in brackets), condition. All are dropped before SQLite makes a table anew,
# because Alembic reflects expressions and conditions only in part.
TICKET_INDEXES = (
    ("ix_tickets_updated", ["updated_at", "id"], None),
    ("ix_tickets_assigned", ["assigned_at"], None),
    ("ix_tickets_visitor_id", ["visitor_id"], None),
    ("uq_tickets_live_visitor", ["visitor_id"], "status = 'live'"),
    ("ix_tickets_queue", [LEFT, "queued_at", "id", "department_id", "visitor_state", "status", "assignee_id"], WAITING),
    ("ix_tickets_long_waits", ["form_offered_at", "queued_at"], WAITING),
    ("ix_tickets_department", ["department_id"], f"{WAITING} AND department_id IS NOT NULL"),
    ("ix_tickets_previous_agent", ["previous_agent_id"], "previous_agent_id IS NOT NULL"),
    ("ix_tickets_assignee", ["assignee_id", "status", "slot_released_at"], HAS_AGENT),
    ("ix_tickets_talking", ["id"], f"status = 'live' AND {HAS_AGENT}"),
    ("ix_tickets_due", ["(coalesce(promise_due_at, 9007199254740992))", "id"], "status = 'open'"),
    ("ix_tickets_unfinished", ["id"], UNFINISHED),
    ("ix_tickets_here", ["visitor_id", "status", "id"], f"{UNFINISHED} AND visitor_state <> 'gone'"),
)
OFFER_INDEXES = (
    ("uq_offers_ringing", ["ticket_id"], "ended_at IS NULL"),
    ("ix_offers_ringing", ["agent_id", "expires_at"], "ended_at IS NULL"),
    ("ix_offers_handed", ["ticket_id"], "department_id IS NOT NULL"),
    ("ix_offers_agent", ["agent_id", "ended_at"], None),
    ("ix_offers_ticket", ["ticket_id", "agent_id"], None),
)
FORMER_NAMES = {"ix_tickets_assigned": "ix_tickets_taken", "ix_tickets_previous_agent": "ix_tickets_lost"}


def upgrade() -> None:
    rename("agents", {"missed": "missed_offers", "away_why": "away_reason"})
    drop_indexes("tickets", TICKET_INDEXES)
    drop_indexes("offers", OFFER_INDEXES)
    rename("tickets", TICKETS)
    with op.batch_alter_table("tickets") as tickets:
        tickets.drop_column("priority")
        tickets.alter_column("preview", server_default="")  # reflected, it would come back in brackets
        tickets.drop_constraint("fk_tickets_lost_agent_id", type_="foreignkey")
        tickets.create_foreign_key("fk_tickets_previous_agent_id", "agents", ["previous_agent_id"], ["id"])
    rename("offers", {"giver_id": "from_agent_id"})
    with op.batch_alter_table("offers") as offers:
        offers.drop_constraint("fk_offers_giver_id", type_="foreignkey")
        offers.create_foreign_key("fk_offers_from_agent_id", "agents", ["from_agent_id"], ["id"])
    create_indexes("tickets", TICKET_INDEXES)
    create_indexes("offers", OFFER_INDEXES)


def rename(table: str, columns: dict[str, str]) -> None:
    for old, new in columns.items():
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
        rename_not_null(table, old, new)


def rename_not_null(table: str, old: str, new: str) -> None:
    """PostgreSQL 18 names these constraints after their column, and keeps the name when the column gets another."""
    if op.get_bind().dialect.name == "postgresql":
        found = sa.text("SELECT 1 FROM pg_constraint WHERE conname = :name")
        if op.get_bind().execute(found, {"name": f"{table}_{old}_not_null"}).first():
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {table}_{old}_not_null TO {table}_{new}_not_null")


def drop_indexes(table: str, indexes: tuple[tuple[str, list[str], str | None], ...]) -> None:
    for name, _, _ in indexes:
        op.drop_index(FORMER_NAMES.get(name, name), table)


def create_indexes(table: str, indexes: tuple[tuple[str, list[str], str | None], ...]) -> None:
    for name, columns, condition in indexes:
        parts = [sa.text(column) if column.startswith("(") else column for column in columns]
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, parts, unique=name.startswith("uq_"), sqlite_where=where, postgresql_where=where)

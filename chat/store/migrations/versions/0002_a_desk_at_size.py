"""a desk at size"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WAITING = "status = 'live' AND assignee_id IS NULL"
UNFINISHED = "status IN ('live', 'open', 'pending', 'on_hold')"
ORDER = ("(-priority)", "(CASE WHEN (visitor_state = 'gone') THEN 1 ELSE 0 END)", "queued_at", "id")
LOOKED_AT = ("department_id", "priority", "visitor_state", "status", "assignee_id")


def upgrade() -> None:
    with op.batch_alter_table("messages") as messages:
        messages.drop_constraint("uq_messages_ticket_id_author_client_id", type_="unique")
        messages.create_unique_constraint(
            "uq_messages_client_id_ticket_id_author", ["client_id", "ticket_id", "author"]
        )
    for name in ("ix_tickets_status_rev", "ix_tickets_status_updated", "ix_tickets_assignee"):
        op.drop_index(name, "tickets")
    op.create_index("ix_tickets_updated", "tickets", ["updated_at", "id"])
    create("ix_tickets_queue", "tickets", [*ORDER, *LOOKED_AT], WAITING)
    create("ix_tickets_long_waits", "tickets", ["form_offered_at", "queued_at"], WAITING)
    create("ix_tickets_department", "tickets", ["department_id"], f"{WAITING} AND department_id IS NOT NULL")
    create("ix_tickets_lost", "tickets", ["lost_agent_id"], "lost_agent_id IS NOT NULL")
    create("ix_tickets_assignee", "tickets", ["assignee_id", "status", "freed_at"], "assignee_id IS NOT NULL")
    create("ix_tickets_talking", "tickets", ["id"], "status = 'live' AND assignee_id IS NOT NULL")
    create("ix_tickets_due", "tickets", ["(coalesce(due, 9007199254740992))", "id"], "status = 'open'")
    create("ix_tickets_unfinished", "tickets", ["id"], UNFINISHED)
    here = f"{UNFINISHED} AND visitor_state <> 'gone'"
    create("ix_tickets_here", "tickets", ["visitor_id", "status", "id"], here)
    create("ix_offers_ringing", "offers", ["agent_id", "expires_at"], "ended_at IS NULL")
    create("ix_offers_handed", "offers", ["ticket_id"], "department_id IS NOT NULL")


def create(name: str, table: str, columns: list[str], where: str) -> None:
    parts = [sa.text(column) if column.startswith("(") else column for column in columns]
    op.create_index(name, table, parts, sqlite_where=sa.text(where), postgresql_where=sa.text(where))

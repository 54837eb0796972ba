"""promises: each is a row of its own, with how it ended"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# The promises that tickets owe now. The worker looks at them at once.
OWED = """
    INSERT INTO promises (ticket_id, made_at, due_at, broken_before, next_at)
    SELECT id, promised_at, promise_due_at, 0, promised_at FROM tickets
    WHERE promised_at IS NOT NULL AND promise_due_at IS NOT NULL AND promise_kept_at IS NULL
      AND status NOT IN ('solved', 'closed')
"""


def upgrade() -> None:
    op.create_table(
        "promises",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("ticket_id", KEY, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("broken_before", sa.Integer(), nullable=False),
        sa.Column("last_alert", sa.String(10)),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("outcome", sa.String(10)),
        sa.Column("department_id", KEY),
        sa.Column("agent_id", KEY),
        sa.Column("category", sa.String(40)),
        sa.CheckConstraint("last_alert IN ('soon', 'close', 'broken')", name=op.f("ck_promises_last_alert")),
        sa.CheckConstraint("outcome IN ('kept', 'broken', 'replaced', 'dropped')", name=op.f("ck_promises_outcome")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_promises_ticket_id"),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name="fk_promises_department_id"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_promises_agent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_promises"),
    )
    op.create_index("ix_promises_ticket", "promises", ["ticket_id", "id"])
    create_partial_index("ix_promises_next", "next_at", "ended_at IS NULL")
    create_partial_index("ix_promises_ended", "ended_at", "ended_at IS NOT NULL")
    op.execute(OWED)


def create_partial_index(name: str, column: str, where: str) -> None:
    op.create_index(name, "promises", [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))

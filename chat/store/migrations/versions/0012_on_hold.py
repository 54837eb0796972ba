"""tickets: until when they are on hold, and the reason that the customer was told"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tickets", recreate="never") as tickets:
        tickets.add_column(sa.Column("estimated_at", sa.BigInteger()))
        tickets.add_column(sa.Column("hold_reason", sa.Text()))
    # A ticket that was on hold without a date keeps the date of its promise.
    op.execute("UPDATE tickets SET estimated_at = promise_due_at WHERE status = 'on_hold' AND promise_kept_at IS NULL")

"""tickets: the list of those that have ended, the latest first"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FINISHED = sa.text("status IN ('solved', 'closed')")


def upgrade() -> None:
    columns = ["updated_at", "id"]
    op.create_index("ix_tickets_finished", "tickets", columns, sqlite_where=FINISHED, postgresql_where=FINISHED)

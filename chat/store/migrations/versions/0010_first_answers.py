"""tickets: the chats that were answered last"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ANSWERED = sa.text("channel = 'chat' AND answered_at IS NOT NULL")


def upgrade() -> None:
    columns = ["answered_at", "created_at"]
    op.create_index("ix_tickets_answered", "tickets", columns, sqlite_where=ANSWERED, postgresql_where=ANSWERED)

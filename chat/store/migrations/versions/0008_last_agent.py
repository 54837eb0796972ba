"""tickets: which agent wrote the last message, who need not be the owner after a hand-over"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FILL = """
    UPDATE tickets SET last_agent = (
        SELECT agents.public_id FROM messages JOIN agents ON agents.id = messages.agent_id
        WHERE messages.ticket_id = tickets.id ORDER BY messages.seq DESC LIMIT 1)
    WHERE last_from = 'agent'"""


def upgrade() -> None:
    op.add_column("tickets", sa.Column("last_agent", sa.String(24)))
    op.execute(FILL)

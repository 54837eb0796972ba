"""sessions: when each was last used"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("sessions", recreate="always" if is_sqlite else "never") as sessions:
        sessions.add_column(sa.Column("last_used_at", sa.BigInteger()))

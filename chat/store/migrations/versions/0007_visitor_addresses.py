"""visitors: a keyed hash of the address that each first wrote from"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("visitors", recreate="always" if is_sqlite else "never") as visitors:
        visitors.add_column(sa.Column("address_hash", sa.String(16)))

"""search: a function that folds the case of every alphabet, also in a database with the C locale"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Collations that know the case of all letters, the best first. Which of them exist depends on version and build.
COLLATIONS = ("pg_c_utf8", "und-x-icu", "C.utf8", "C.UTF-8", "en_US.utf8")
EXISTING = sa.text("SELECT collname FROM pg_collation WHERE collname = ANY(:names) AND collencoding IN (-1, 6)")


def upgrade() -> None:
    sql = op.get_bind()
    if sql.dialect.name == "postgresql":
        existing = sql.execute(EXISTING, {"names": list(COLLATIONS)}).scalars().all()
        best = next((f' COLLATE "{name}"' for name in COLLATIONS if name in existing), "")
        # Greek has two small letters for one capital.
        op.execute(
            "CREATE FUNCTION fold_case(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE "
            f"AS $$ SELECT replace(lower(given{best}), 'ς', 'σ') $$"
        )

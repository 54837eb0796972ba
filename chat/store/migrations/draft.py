"""Draft the next migration from what chat/store/tables has and the migrations have not; a developer then edits it.

python -m chat.store.migrations.draft "tickets have a colour"
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from chat.store.engines import Database
from chat.store.migrations import alembic_config, migrate


def draft(message: str) -> None:
    """Write a numbered file to the folder versions; its migration is empty when nothing differs."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/draft.db"
        migrate(url)
        database = Database(url)
        with database.writes.begin() as sql:
            number = len(list((Path(__file__).parent / "versions").glob("[0-9]*.py"))) + 1
            command.revision(alembic_config(sql), message, autogenerate=True, rev_id=f"{number:04}")
        database.close()


if __name__ == "__main__":
    draft(sys.argv[1])

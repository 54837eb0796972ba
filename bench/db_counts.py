"""What stands in the database of what the generator said."""

import sqlite3
from pathlib import Path

import psycopg

SAID = "SELECT count(*) FROM messages WHERE text LIKE '@@%'"


def in_sqlite(path: Path) -> int:
    """How many messages of the generator's are stored."""
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as sql:
        return int(sql.execute(SAID).fetchone()[0])


def in_postgres(url: str) -> int:
    """The same."""
    with psycopg.connect(url) as sql:
        found = sql.execute(SAID).fetchone()
    return int(found[0]) if found else 0

"""Counts in the database of the messages that the load generator sent."""

import sqlite3
from pathlib import Path

import psycopg

COUNT_GENERATED = "SELECT count(*) FROM messages WHERE text LIKE '@@%'"


def count_in_sqlite(path: Path) -> int:
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as sql:
        return int(sql.execute(COUNT_GENERATED).fetchone()[0])


def count_in_postgres(url: str) -> int:
    with psycopg.connect(url) as sql:
        row = sql.execute(COUNT_GENERATED).fetchone()
    return int(row[0]) if row else 0

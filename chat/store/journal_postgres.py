"""PostgreSQL's journal: words and their tickets' rows in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import starmap
from typing import Any, NamedTuple

import msgspec
import psycopg

from chat.store.journal import AGENT, LINE, OWN, SAID, STANDING, Fold, Journal, Key, Line, Said, Standing, Thread


class _Asked(NamedTuple):
    ticket: str
    author: str
    client_id: str


_LINE_TYPES = ("bigint", "int", "text", "text", "text", "bigint", "text", "text", "bigint")
_STANDING_TYPES = ("bigint", "bigint", "int", "int", "int", "int", "bigint", "text", "text", "bigint")


def _given(name: str, columns: Sequence[str], types: Sequence[str]) -> str:
    """A table that is one parameter: the driver takes longer to make an array for each column than the server to
    read the JSON."""
    shape = ", ".join(f"{column} {kind}" for column, kind in zip(columns, types, strict=True))
    return f"json_to_recordset(%s::json) AS {name} ({shape})"


def _json(rows: Iterable[NamedTuple]) -> str:
    return msgspec.json.encode([row._asdict() for row in rows]).decode()


_LOCK = f"""
    SELECT {OWN}, a.public_id, a.name, t.last_seq, {STANDING} FROM tickets t {AGENT}
    WHERE t.public_id = ANY(%s) ORDER BY t.id FOR NO KEY UPDATE OF t"""
_SAID = f"""
    SELECT {SAID} FROM {_given("asked", _Asked._fields, ("text",) * 3)}
    JOIN tickets t ON t.public_id = asked.ticket
    JOIN messages m ON m.ticket_id = t.id AND m.author = asked.author AND m.client_id = asked.client_id
    LEFT JOIN agents a ON a.id = m.agent_id"""
# One statement for both tables, and neither is touched when anything stands already.
_WRITE = f"""
    WITH line AS (SELECT {LINE} FROM {_given("line", Line._fields, _LINE_TYPES)}),
    repeated AS (SELECT 1 FROM line JOIN messages USING (ticket_id, author, client_id) LIMIT 1),
    written AS (
        INSERT INTO messages ({LINE}) SELECT * FROM line WHERE NOT EXISTS (SELECT 1 FROM repeated) RETURNING 1),
    followed AS (
        UPDATE tickets SET {", ".join(f"{name} = moved.{name}" for name in Standing._fields[1:])},
        updated_at = moved.last_at FROM {_given("moved", Standing._fields, _STANDING_TYPES)}
        WHERE tickets.id = moved.id AND NOT EXISTS (SELECT 1 FROM repeated))
    SELECT count(*) FROM written"""


class OnPostgres(Journal):
    """For one transaction: other nodes write too, so that nothing is remembered, and rows follow at once."""

    def __init__(self, driver: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._driver = driver
        self._standing: dict[int, Standing] = {}

    def threads(self, names: Iterable[str]) -> Mapping[str, Thread]:
        width = len(fields(Thread))
        rows = self._driver.execute(_LOCK, [list(set(names))]).fetchall()
        self._standing = {row[0]: Standing(*row[width:]) for row in rows}
        return {row[1]: Thread(*row[:width]) for row in rows}

    def said(self, keys: Sequence[Key]) -> dict[Key, Said]:
        rows = self._driver.execute(_SAID, [_json(starmap(_Asked, keys))]).fetchall()
        return {row[:3]: Said(*row[3:]) for row in rows}

    def write(self, lines: Sequence[Line], fold: Fold) -> bool:
        if not lines:
            return True
        told: dict[int, list[Line]] = {}
        for line in lines:
            told.setdefault(line.ticket_id, []).append(line)
        moved = [fold(self._standing[ticket_id], said) for ticket_id, said in told.items()]
        written = self._driver.execute(_WRITE, [_json(lines), _json(moved)]).fetchone()
        return written is not None and written[0] == len(lines)

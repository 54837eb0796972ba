"""The journal: a batch of words in the driver's own SQL. On SQLite the tickets' rows follow their messages later."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import psycopg

# Threads that are remembered; beyond it all are read again, which costs one statement.
REMEMBERED = 20_000

# What must not be said twice: ticket (its public id), author, client_id.
Key = tuple[str, str, str]


@dataclass(slots=True)
class Thread:
    """What a batch has to know of a ticket: who may speak in it, and `seq`, the number of its last message.

    The first columns are the row's own. Of its times only matters whether they are there.
    """

    id: int
    public_id: str
    visitor_id: int
    name: str | None
    status: str
    assignee_id: int | None
    taken_at: int | None
    answered_at: int | None
    freed_at: int | None
    form_offered_at: int | None
    lost_agent_id: int | None
    due: int | None
    kept_at: int | None
    agent_public_id: str | None
    agent_name: str | None
    seq: int


class Line(NamedTuple):
    """A message's row; `at` as the database has it."""

    ticket_id: int
    seq: int
    public_id: str
    client_id: str
    author: str
    agent_id: int | None
    author_name: str | None
    text: str
    at: int


class Standing(NamedTuple):
    """What a ticket's row says of its thread."""

    id: int
    rev: int
    last_seq: int
    read_visitor: int
    read_agent: int
    unread: int
    waiting_since: int | None
    last_from: str
    preview: str
    last_at: int


class Said(NamedTuple):
    """What stands under a key already."""

    seq: int
    public_id: str
    agent_public_id: str | None
    author_name: str | None
    text: str
    at: int


Fold = Callable[[Standing, Sequence[Line]], Standing]


class Journal:
    """Knows no thread, so that all words go the slow way: for a Work that was made by hand."""

    def threads(self, names: Iterable[str]) -> Mapping[str, Thread]:
        """Tickets by these public ids, and perhaps others; on PostgreSQL locked from now on, in the order of keys."""
        return {}

    def said(self, keys: Sequence[Key]) -> dict[Key, Said]:
        """Which of these stand already."""
        return {}

    def write(self, lines: Sequence[Line], fold: Fold) -> bool:
        """Stores messages, and, now or later, what `fold` makes of their tickets' rows. False: nothing was stored,
        for one of them stands already."""
        assert not lines, "there were no threads to write in"
        return True

    def settle(self) -> None:
        """The rows follow their messages now: before anybody else looks at them."""

    def forget(self) -> None:
        """Somebody else has written: what is remembered of threads may be false."""

    def mend(self, fold: Fold) -> None:
        """The rows that a crash left behind follow their messages."""


# -- SQLite ----------------------------------------------------------------------------------------------------

_OWN = ", ".join(f"t.{column.name}" for column in fields(Thread)[:-3])
_STANDING = ", ".join(f"t.{name}" for name in Standing._fields)
_LINE = ", ".join(Line._fields)
_SAID = "t.public_id, m.author, m.client_id, m.seq, m.public_id, a.public_id, m.author_name, m.text, m.at"
_AGENT = "LEFT JOIN agents a ON a.id = t.assignee_id AND a.removed_at IS NULL"

_THREADS_LITE = f"""
    SELECT {_OWN}, a.public_id, a.name, (SELECT max(seq) FROM messages WHERE ticket_id = t.id)
    FROM json_each(?) asked CROSS JOIN tickets t ON t.public_id = asked.value {_AGENT}"""
_SAID_LITE = f"""
    SELECT {_SAID} FROM json_each(?) asked CROSS JOIN tickets t ON t.public_id = asked.value ->> 0
    CROSS JOIN messages m ON m.ticket_id = t.id AND m.author = asked.value ->> 1 AND m.client_id = asked.value ->> 2
    LEFT JOIN agents a ON a.id = m.agent_id"""
_APPEND_LITE = f"INSERT INTO messages ({_LINE}) VALUES ({', '.join('?' * len(Line._fields))}) ON CONFLICT DO NOTHING"
_STANDING_LITE = f"SELECT {_STANDING} FROM json_each(?) asked CROSS JOIN tickets t ON t.id = asked.value"
_AFTER_LITE = f"SELECT {_LINE} FROM messages WHERE ticket_id = ? AND seq > ? ORDER BY seq"
_FOLLOW_LITE = f"""
    UPDATE tickets SET {", ".join(f"{name} = ?{at}" for at, name in enumerate(Standing._fields[1:], 2))},
    updated_at = ?{len(Standing._fields)} WHERE id = ?1"""
_TAKE_BACK_LITE = "DELETE FROM messages WHERE ticket_id = ? AND seq = ? AND public_id = ?"
_LEFT_BEHIND_LITE = """
    SELECT t.id FROM tickets t WHERE t.status = 'live'
    AND EXISTS (SELECT 1 FROM messages m WHERE m.ticket_id = t.id AND m.seq > t.last_seq)"""


class OnSqlite(Journal):
    """The one writer's. Words are appended at once; the rows follow by `settle`, which trusts nothing but rows and
    messages: after a failure or a crash it is the same work, and twice does no harm."""

    def __init__(self) -> None:
        self._driver: sqlite3.Connection | None = None
        self._fold: Fold | None = None
        self._threads: dict[str, Thread] = {}
        # By ticket, what its row does not know of yet; maybe with lines missing before those that are here.
        self._behind: dict[int, list[Line]] = {}
        # Those of them whose rows the open transaction has brought up.
        self._settled: set[int] = set()

    @property
    def behind(self) -> bool:
        """Whether rows are behind committed messages; may be asked on any thread."""
        return bool(self._behind)

    def threads(self, names: Iterable[str]) -> Mapping[str, Thread]:
        unknown = set(names) - self._threads.keys()
        if unknown:
            if len(self._threads) + len(unknown) > REMEMBERED:
                self._threads.clear()
            for row in self._rows(_THREADS_LITE, json.dumps(list(unknown))):
                self._threads[row[1]] = Thread(*row)
        return self._threads

    def said(self, keys: Sequence[Key]) -> dict[Key, Said]:
        return {row[:3]: Said(*row[3:]) for row in self._rows(_SAID_LITE, json.dumps(keys))}

    def write(self, lines: Sequence[Line], fold: Fold) -> bool:
        if not lines:
            return True
        assert self._driver
        if self._driver.executemany(_APPEND_LITE, lines).rowcount < len(lines):
            # By the ids that were drawn for them, so that nobody else's is meant.
            self._driver.executemany(_TAKE_BACK_LITE, [line[:3] for line in lines])
            return False
        self._fold = fold
        for line in lines:
            self._behind.setdefault(line.ticket_id, []).append(line)
        self._settled -= self._settled and {line.ticket_id for line in lines}
        return True

    def settle(self) -> None:
        owed = self._behind.keys() - self._settled
        if owed:
            assert self._driver and self._fold
            rows = (Standing(*row) for row in self._rows(_STANDING_LITE, json.dumps(list(owed))))
            moved = [self._fold(row, lines) for row in rows if (lines := self._after(row))]
            self._driver.executemany(_FOLLOW_LITE, moved)
            self._settled |= owed

    def forget(self) -> None:
        self._threads.clear()

    def mend(self, fold: Fold) -> None:
        # Only live tickets can be behind: what moves one on settles it first.
        self._fold = fold
        self._behind |= {row[0]: [] for row in self._rows(_LEFT_BEHIND_LITE)}
        self.settle()

    def on(self, driver: sqlite3.Connection) -> None:
        """A transaction has begun here."""
        self._driver = driver

    def committed(self) -> None:
        """What was settled is so for good."""
        for ticket_id in self._settled:
            del self._behind[ticket_id]
        self._settled.clear()

    def undone(self) -> None:
        """A savepoint or the whole transaction was rolled back: which lines still stand is to be asked again."""
        self._threads.clear()
        self._settled.clear()
        self._behind = {ticket_id: [] for ticket_id in self._behind}

    def _after(self, row: Standing) -> Sequence[Line]:
        """The lines that a row does not know of: those remembered, if they follow it, or else those that stand."""
        lines = self._behind[row.id]
        if lines and lines[0].seq == row.last_seq + 1:
            return lines
        return [Line(*line) for line in self._rows(_AFTER_LITE, row.id, row.last_seq)]

    def _rows(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        assert self._driver
        return self._driver.execute(query, values).fetchall()


# -- PostgreSQL ------------------------------------------------------------------------------------------------

_LINE_TYPES = ("bigint", "int", "text", "text", "text", "bigint", "text", "text", "bigint")
_STANDING_TYPES = ("bigint", "bigint", "int", "int", "int", "int", "bigint", "text", "text", "bigint")


def _unnested(name: str, columns: Sequence[str], types: Sequence[str]) -> str:
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    return f"unnest({arrays}) AS {name} ({', '.join(columns)})"


_LOCK_PG = f"""
    SELECT {_OWN}, a.public_id, a.name, t.last_seq, {_STANDING} FROM tickets t {_AGENT}
    WHERE t.public_id = ANY(%s) ORDER BY t.id FOR NO KEY UPDATE OF t"""
_SAID_PG = f"""
    SELECT {_SAID} FROM {_unnested("asked", ("ticket", "author", "client_id"), ("text",) * 3)}
    JOIN tickets t ON t.public_id = asked.ticket
    JOIN messages m ON m.ticket_id = t.id AND m.author = asked.author AND m.client_id = asked.client_id
    LEFT JOIN agents a ON a.id = m.agent_id"""
# One statement for both tables, and neither is touched when anything stands already.
_WRITE_PG = f"""
    WITH line AS (SELECT * FROM {_unnested("line", Line._fields, _LINE_TYPES)}),
    repeated AS (SELECT 1 FROM line JOIN messages USING (ticket_id, author, client_id) LIMIT 1),
    written AS (
        INSERT INTO messages ({_LINE}) SELECT * FROM line WHERE NOT EXISTS (SELECT 1 FROM repeated) RETURNING 1),
    followed AS (
        UPDATE tickets SET {", ".join(f"{name} = moved.{name}" for name in Standing._fields[1:])},
        updated_at = moved.last_at FROM {_unnested("moved", Standing._fields, _STANDING_TYPES)}
        WHERE tickets.id = moved.id AND NOT EXISTS (SELECT 1 FROM repeated))
    SELECT count(*) FROM written"""


class OnPostgres(Journal):
    """For one transaction: other nodes write too, so that nothing is remembered, and rows follow at once."""

    def __init__(self, driver: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._driver = driver
        self._standing: dict[int, Standing] = {}

    def threads(self, names: Iterable[str]) -> Mapping[str, Thread]:
        width = len(fields(Thread))
        rows = self._driver.execute(_LOCK_PG, [list(set(names))]).fetchall()
        self._standing = {row[0]: Standing(*row[width:]) for row in rows}
        return {row[1]: Thread(*row[:width]) for row in rows}

    def said(self, keys: Sequence[Key]) -> dict[Key, Said]:
        rows = self._driver.execute(_SAID_PG, list(map(list, zip(*keys, strict=True)))).fetchall()
        return {row[:3]: Said(*row[3:]) for row in rows}

    def write(self, lines: Sequence[Line], fold: Fold) -> bool:
        if not lines:
            return True
        told: dict[int, list[Line]] = {}
        for line in lines:
            told.setdefault(line.ticket_id, []).append(line)
        moved = [fold(self._standing[ticket_id], said) for ticket_id, said in told.items()]
        columns = [list(column) for rows in (lines, moved) for column in zip(*rows, strict=True)]
        written = self._driver.execute(_WRITE_PG, columns).fetchone()
        return written is not None and written[0] == len(lines)

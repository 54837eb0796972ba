"""SQLite's journal: words are appended at once, the tickets' rows follow."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from chat.store.engine import BEGIN
from chat.store.journal import AGENT, LINE, OWN, SAID, STANDING, Fold, Journal, Key, Line, Said, Standing, Thread

Row = TypeVar("Row", bound=tuple[Any, ...])

# Threads that are remembered; beyond it all are read again, which costs one statement.
REMEMBERED = 20_000


_THREADS = f"""
    SELECT {OWN}, a.public_id, a.name, (SELECT max(seq) FROM messages WHERE ticket_id = t.id)
    FROM json_each(?) asked CROSS JOIN tickets t ON t.public_id = asked.value {AGENT}"""
_SAID = f"""
    SELECT {SAID} FROM json_each(?) asked CROSS JOIN tickets t ON t.public_id = asked.value ->> 0
    CROSS JOIN messages m ON m.ticket_id = t.id AND m.author = asked.value ->> 1 AND m.client_id = asked.value ->> 2
    LEFT JOIN agents a ON a.id = m.agent_id"""
# Rows that are written in one statement, at most. The driver keeps the statements that it has parsed (STATEMENTS in
# engine.py), one for each number of rows. It lets go of the interpreter at each statement, and at each row that is
# read; to have it back from a loop that is busy takes up to 5 ms.
AT_ONCE = 64
_A_LINE = f"({', '.join('?' * len(Line._fields))})"
_APPEND = [f"INSERT INTO messages ({LINE}) VALUES {', '.join([_A_LINE] * number)}" for number in range(AT_ONCE + 1)]
_APPEND_NEW = [f"{append} ON CONFLICT DO NOTHING" for append in _APPEND]
# All in one row.
_STANDING = f"""
    SELECT json_group_array(json_array({STANDING}))
    FROM json_each(?) asked CROSS JOIN tickets t ON t.id = asked.value"""
_AFTER = f"SELECT {LINE} FROM messages WHERE ticket_id = ? AND seq > ? ORDER BY seq"
_A_ROW = f"({', '.join('?' * len(Standing._fields))})"
_FOLLOW = [
    f"""
    WITH now({", ".join(Standing._fields)}) AS (VALUES {", ".join([_A_ROW] * number)})
    UPDATE tickets SET {", ".join(f"{name} = now.{name}" for name in Standing._fields[1:])}, updated_at = now.last_at
    FROM now WHERE tickets.id = now.id"""
    for number in range(AT_ONCE + 1)
]
_TAKE_BACK = """
    DELETE FROM messages WHERE id IN (
        SELECT m.id FROM json_each(?) mine CROSS JOIN messages m ON m.ticket_id = mine.value ->> 0
        AND m.seq = mine.value ->> 1 AND m.public_id = mine.value ->> 2)"""
_LEFT_BEHIND = """
    SELECT t.id FROM tickets t WHERE t.status = 'live'
    AND EXISTS (SELECT 1 FROM messages m WHERE m.ticket_id = t.id AND m.seq > t.last_seq)"""


class OnSqlite(Journal):
    """The one writer's. Words are appended at once; the rows follow by `settle`, which trusts nothing but rows and
    messages: after a failure or a crash it is the same work, and twice does no harm."""

    def __init__(self) -> None:
        self._driver: sqlite3.Connection | None = None
        # Whether a transaction is open. Not asked of SQLite, which may have ended it: nothing else may take its place.
        self.begun = False
        # Words that are stored by the statement that commits them, unless a transaction is begun before.
        self._waiting: Sequence[Line] = ()
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

    def begin(self) -> None:
        if not self.begun:
            assert self._driver
            self._driver.execute(BEGIN)
            self.begun = True
            self.store()

    def store(self) -> None:
        """The words that wait, in one statement; where no transaction was begun it is one by itself."""
        lines, self._waiting = self._waiting, ()
        if lines:
            assert self._driver
            self._driver.execute(_APPEND[len(lines)], [*chain.from_iterable(lines)])

    def threads(self, names: Iterable[str]) -> Mapping[str, Thread]:
        asked = set(names)
        unknown = [name for name in asked if name not in self._threads]
        if unknown:
            if len(self._threads) + len(unknown) > REMEMBERED:
                self._threads.clear()
                unknown = [*asked]
            for row in self._rows(_THREADS, json.dumps(unknown)):
                self._threads[row[1]] = Thread(*row)
        return self._threads

    def said(self, keys: Sequence[Key]) -> dict[Key, Said]:
        return {row[:3]: Said(*row[3:]) for row in self._rows(_SAID, json.dumps(keys))}

    def write(self, lines: Sequence[Line], fold: Fold) -> bool:
        """As Journal's, but words that stand already may be found later, by an IntegrityError."""
        if not lines:
            return True
        if not self.begun and not self._waiting and len(lines) <= AT_ONCE:
            self._waiting = lines
        elif not self._append(lines):
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
            ((standing,),) = self._rows(_STANDING, json.dumps(list(owed)))
            rows = (Standing(*row) for row in json.loads(standing))
            moved = [self._fold(row, lines) for row in rows if (lines := self._after(row))]
            for some in portions(moved):
                self._driver.execute(_FOLLOW[len(some)], [*chain.from_iterable(some)])
            self._settled |= owed

    def forget(self) -> None:
        self._threads.clear()

    def mend(self, fold: Fold) -> None:
        # Only live tickets can be behind: what moves one on settles it first.
        self._fold = fold
        self._behind |= {row[0]: [] for row in self._rows(_LEFT_BEHIND)}
        self.settle()

    def on(self, driver: sqlite3.Connection) -> None:
        """The connection from now on."""
        self._driver = driver

    def committed(self) -> None:
        """What was settled is so for good."""
        self.begun = False
        for ticket_id in self._settled:
            del self._behind[ticket_id]
        self._settled.clear()

    def undone(self) -> None:
        """A savepoint was rolled back: which lines still stand is to be asked again."""
        self._threads.clear()
        self._settled.clear()
        self._behind = {ticket_id: [] for ticket_id in self._behind}

    def over(self) -> None:
        """The whole transaction was rolled back."""
        self.undone()
        self.begun, self._waiting = False, ()

    def _append(self, lines: Sequence[Line]) -> bool:
        self.begin()
        assert self._driver
        flat = ((_APPEND_NEW[len(some)], [*chain.from_iterable(some)]) for some in portions(lines))
        if sum(self._driver.execute(append, values).rowcount for append, values in flat) == len(lines):
            return True
        # By the ids that were drawn for them, so that nobody else's is meant.
        self._driver.execute(_TAKE_BACK, [json.dumps([line[:3] for line in lines])])
        return False

    def _after(self, row: Standing) -> Sequence[Line]:
        """The lines that a row does not know of: those remembered, if they follow it, or else those that stand."""
        lines = self._behind[row.id]
        if lines and lines[0].seq == row.last_seq + 1:
            return lines
        return [Line(*line) for line in self._rows(_AFTER, row.id, row.last_seq)]

    def _rows(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        self.begin()
        assert self._driver
        return self._driver.execute(query, values).fetchall()


def portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Of AT_ONCE at most."""
    return (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE))

"""SQLite's journal: words are appended at once, the tickets' rows follow."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from chat.store.engines import BEGIN
from chat.store.message_writers.base import (
    AGENT_JOIN,
    COUNTER_COLUMNS,
    EXISTING_COLUMNS,
    MESSAGE_COLUMNS,
    STATE_COLUMNS,
    ApplyMessages,
    ClientMessageKey,
    ExistingMessage,
    MessageWriter,
    NewMessageRow,
    TicketCounters,
    TicketState,
)

Row = TypeVar("Row", bound=tuple[Any, ...])

# Threads that are remembered; beyond it all are read again, which costs one statement.
MAX_STATES = 20_000
_STATES = f"""
    SELECT {STATE_COLUMNS}, a.public_id, a.name, (SELECT max(seq) FROM messages WHERE ticket_id = t.id)
    FROM json_each(?) asked CROSS JOIN tickets t ON t.public_id = asked.value {AGENT_JOIN}"""
_EXISTING = f"""
    SELECT {EXISTING_COLUMNS} FROM json_each(?) asked CROSS JOIN tickets t ON t.public_id = asked.value ->> 0
    CROSS JOIN messages m ON m.ticket_id = t.id AND m.author = asked.value ->> 1 AND m.client_id = asked.value ->> 2
    LEFT JOIN agents a ON a.id = m.agent_id"""
# Rows that are written in one statement, at most. The driver keeps the statements that it has parsed (STATEMENTS in
# engine.py), one for each number of rows. It lets go of the interpreter at each statement, and at each row that is
# read; to have it back from a loop that is busy takes up to 5 ms.
MAX_ROWS = 64
_MESSAGE_VALUES = f"({', '.join('?' * len(NewMessageRow._fields))})"
_APPEND = [
    f"INSERT INTO messages ({MESSAGE_COLUMNS}) VALUES {', '.join([_MESSAGE_VALUES] * number)}"
    for number in range(MAX_ROWS + 1)
]
_APPEND_NEW = [f"{append} ON CONFLICT DO NOTHING" for append in _APPEND]
# All in one row.
_COUNTERS = f"""
    SELECT json_group_array(json_array({COUNTER_COLUMNS}))
    FROM json_each(?) asked CROSS JOIN tickets t ON t.id = asked.value"""
_AFTER = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE ticket_id = ? AND seq > ? ORDER BY seq"
_COUNTER_VALUES = f"({', '.join('?' * len(TicketCounters._fields))})"
_UPDATE_ROWS = [
    f"""
    WITH now({", ".join(TicketCounters._fields)}) AS (VALUES {", ".join([_COUNTER_VALUES] * number)})
    UPDATE tickets
    SET {", ".join(f"{name} = now.{name}" for name in TicketCounters._fields[1:])}, updated_at = now.last_at
    FROM now WHERE tickets.id = now.id"""
    for number in range(MAX_ROWS + 1)
]
_DELETE_OWN = """
    DELETE FROM messages WHERE id IN (
        SELECT m.id FROM json_each(?) mine CROSS JOIN messages m ON m.ticket_id = mine.value ->> 0
        AND m.seq = mine.value ->> 1 AND m.public_id = mine.value ->> 2)"""
_PENDING_ROWS = """
    SELECT t.id FROM tickets t WHERE t.status = 'live'
    AND EXISTS (SELECT 1 FROM messages m WHERE m.ticket_id = t.id AND m.seq > t.last_seq)"""


class SqliteMessageWriter(MessageWriter):
    """The one writer's. Words are appended at once; the rows follow by `settle`, which trusts nothing but rows and
    messages: after a failure or a crash it is the same work, and twice does no harm."""

    def __init__(self) -> None:
        self._driver: sqlite3.Connection | None = None
        # Whether a transaction is open. Not asked of SQLite, which may have ended it: nothing else may take its place.
        self.in_transaction = False
        # Words that are stored by the statement that commits them, unless a transaction is begun before.
        self._waiting: Sequence[NewMessageRow] = ()
        self._apply: ApplyMessages | None = None
        self._states: dict[str, TicketState] = {}
        # By ticket, what its row does not know of yet; maybe with lines missing before those that are here.
        self._pending: dict[int, list[NewMessageRow]] = {}
        # Those of them whose rows the open transaction has brought up.
        self._flushed: set[int] = set()

    @property
    def rows_pending(self) -> bool:
        """Whether rows are behind committed messages; may be asked on any thread."""
        return bool(self._pending)

    def begin(self) -> None:
        if not self.in_transaction:
            assert self._driver
            self._driver.execute(BEGIN)
            self.in_transaction = True
            self.insert_waiting()

    def insert_waiting(self) -> None:
        """The words that wait, in one statement; where no transaction was begun it is one by itself."""
        lines, self._waiting = self._waiting, ()
        if lines:
            assert self._driver
            self._driver.execute(_APPEND[len(lines)], [*chain.from_iterable(lines)])

    def ticket_states(self, names: Iterable[str]) -> Mapping[str, TicketState]:
        asked = set(names)
        unknown = [name for name in asked if name not in self._states]
        if unknown:
            if len(self._states) + len(unknown) > MAX_STATES:
                self._states.clear()
                unknown = [*asked]
            for row in self._rows(_STATES, json.dumps(unknown)):
                self._states[row[1]] = TicketState(*row)
        return self._states

    def existing(self, keys: Sequence[ClientMessageKey]) -> dict[ClientMessageKey, ExistingMessage]:
        return {row[:3]: ExistingMessage(*row[3:]) for row in self._rows(_EXISTING, json.dumps(keys))}

    def write(self, lines: Sequence[NewMessageRow], fold: ApplyMessages) -> bool:
        """As Journal's, but words that stand already may be found later, by an IntegrityError."""
        if not lines:
            return True
        if not self.in_transaction and not self._waiting and len(lines) <= MAX_ROWS:
            self._waiting = lines
        elif not self._append(lines):
            return False
        self._apply = fold
        for line in lines:
            self._pending.setdefault(line.ticket_id, []).append(line)
        self._flushed -= self._flushed and {line.ticket_id for line in lines}
        return True

    def flush_rows(self) -> None:
        owed = self._pending.keys() - self._flushed
        if owed:
            assert self._driver and self._apply
            ((standing,),) = self._rows(_COUNTERS, json.dumps(list(owed)))
            rows = (TicketCounters(*row) for row in json.loads(standing))
            moved = [self._apply(row, lines) for row in rows if (lines := self._after(row))]
            for some in chunks(moved):
                self._driver.execute(_UPDATE_ROWS[len(some)], [*chain.from_iterable(some)])
            self._flushed |= owed

    def invalidate(self) -> None:
        self._states.clear()

    def repair(self, fold: ApplyMessages) -> None:
        # Only live tickets can be behind: what moves one on settles it first.
        self._apply = fold
        self._pending |= {row[0]: [] for row in self._rows(_PENDING_ROWS)}
        self.flush_rows()

    def use_connection(self, driver: sqlite3.Connection) -> None:
        """The connection from now on."""
        self._driver = driver

    def committed(self) -> None:
        """What was settled is so for good."""
        self.in_transaction = False
        for ticket_id in self._flushed:
            del self._pending[ticket_id]
        self._flushed.clear()

    def savepoint_rolled_back(self) -> None:
        """A savepoint was rolled back: which lines still stand is to be asked again."""
        self._states.clear()
        self._flushed.clear()
        self._pending = {ticket_id: [] for ticket_id in self._pending}

    def rolled_back(self) -> None:
        """The whole transaction was rolled back."""
        self.savepoint_rolled_back()
        self.in_transaction, self._waiting = False, ()

    def _append(self, lines: Sequence[NewMessageRow]) -> bool:
        self.begin()
        assert self._driver
        flat = ((_APPEND_NEW[len(some)], [*chain.from_iterable(some)]) for some in chunks(lines))
        if sum(self._driver.execute(append, values).rowcount for append, values in flat) == len(lines):
            return True
        # By the ids that were drawn for them, so that nobody else's is meant.
        self._driver.execute(_DELETE_OWN, [json.dumps([line[:3] for line in lines])])
        return False

    def _after(self, row: TicketCounters) -> Sequence[NewMessageRow]:
        """The lines that a row does not know of: those remembered, if they follow it, or else those that stand."""
        lines = self._pending[row.id]
        if lines and lines[0].seq == row.last_seq + 1:
            return lines
        return [NewMessageRow(*line) for line in self._rows(_AFTER, row.id, row.last_seq)]

    def _rows(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        self.begin()
        assert self._driver
        return self._driver.execute(query, values).fetchall()


def chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Of AT_ONCE at most."""
    return (rows[at : at + MAX_ROWS] for at in range(0, len(rows), MAX_ROWS))

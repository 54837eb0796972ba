"""Messages and their tickets' rows on SQLite: one statement for each table and batch."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from chat.store.message_writers.base import (
    AGENT_JOIN,
    EXISTING_COLUMNS,
    MESSAGE_COLUMNS,
    STATE_COLUMNS,
    ClientMessageKey,
    MessageWriter,
    NewMessageRow,
    TicketCounters,
    TicketState,
    existing_messages,
    ticket_state,
)
from chat.store.rows import MessageRow

Row = TypeVar("Row", bound=tuple[Any, ...])

# Ticket states in memory. Beyond it all are dropped and those of the batch are read again, in one statement.
MAX_STATES = 20_000
# Rows in one statement. The driver keeps parsed statements (STATEMENTS in engines.py), one for each number of rows. It
# releases the interpreter lock at each statement and at each row that it reads; a busy event loop takes up to 5 ms to
# give it back.
MAX_ROWS = 64
# One row with one column, for the same reason.
_STATES = f"""
    SELECT json_group_array(json_array({STATE_COLUMNS}))
    FROM json_each(?) wanted CROSS JOIN tickets t ON t.public_id = wanted.value {AGENT_JOIN}"""
_EXISTING = f"""
    SELECT {EXISTING_COLUMNS} FROM json_each(?) wanted CROSS JOIN tickets t ON t.public_id = wanted.value ->> 0
    CROSS JOIN messages m ON m.ticket_id = t.id AND m.author = wanted.value ->> 1 AND m.client_id = wanted.value ->> 2
    LEFT JOIN agents a ON a.id = m.agent_id"""
_MESSAGE_VALUES = f"({', '.join('?' * len(NewMessageRow._fields))})"
_INSERT = [
    f"INSERT INTO messages ({MESSAGE_COLUMNS}) VALUES {', '.join([_MESSAGE_VALUES] * number)} ON CONFLICT DO NOTHING"
    for number in range(MAX_ROWS + 1)
]
_COUNTER_VALUES = f"({', '.join('?' * len(TicketCounters._fields))})"
_UPDATE_ROWS = [
    f"""
    WITH new({", ".join(TicketCounters._fields)}) AS (VALUES {", ".join([_COUNTER_VALUES] * number)})
    UPDATE tickets
    SET {", ".join(f"{name} = new.{name}" for name in TicketCounters._fields[1:])}, updated_at = new.last_at
    FROM new WHERE tickets.id = new.id"""
    for number in range(MAX_ROWS + 1)
]
_DELETE_OWN = """
    DELETE FROM messages WHERE id IN (
        SELECT m.id FROM json_each(?) own CROSS JOIN messages m ON m.ticket_id = own.value ->> 0
        AND m.seq = own.value ->> 1 AND m.public_id = own.value ->> 2)"""


class SqliteMessageWriter(MessageWriter):
    """For the one writer of the file, inside its transaction. Ticket states stay in memory between transactions, so
    whoever else changes a ticket's row, or rolls back, must call `invalidate`."""

    def __init__(self) -> None:
        self._driver: sqlite3.Connection | None = None
        self._states: dict[str, TicketState] = {}

    def use_connection(self, driver: sqlite3.Connection) -> None:
        """The writer's connection from now on."""
        self._driver = driver

    def ticket_states(self, public_ids: Iterable[str]) -> Mapping[str, TicketState]:
        wanted = set(public_ids)
        missing = [public_id for public_id in wanted if public_id not in self._states]
        if missing:
            if len(self._states) + len(missing) > MAX_STATES:
                self._states.clear()
                missing = [*wanted]
            [(found,)] = self._execute(_STATES, json.dumps(missing))
            for state in map(ticket_state, json.loads(found)):
                self._states[state.public_id] = state
        return self._states

    def existing(self, keys: Sequence[ClientMessageKey]) -> dict[ClientMessageKey, MessageRow]:
        return existing_messages(self._execute(_EXISTING, json.dumps(keys)))

    def write(self, new: Sequence[NewMessageRow], counters: Sequence[TicketCounters]) -> bool:
        inserted = sum(self._execute_many(_INSERT, new))
        if inserted < len(new):
            # By the public ids that were drawn for them, so that no other message is meant.
            self._execute(_DELETE_OWN, json.dumps([message[:3] for message in new]))
            return False
        sum(self._execute_many(_UPDATE_ROWS, counters))
        return True

    def invalidate(self, public_ids: Collection[str] | None = None) -> None:
        if public_ids is None:
            self._states.clear()
        else:
            for public_id in public_ids:
                self._states.pop(public_id, None)

    def _execute_many(self, statements: Sequence[str], rows: Sequence[Row]) -> Iterator[int]:
        """How many rows each statement changed."""
        assert self._driver
        for at in range(0, len(rows), MAX_ROWS):
            some = rows[at : at + MAX_ROWS]
            yield self._driver.execute(statements[len(some)], [*chain.from_iterable(some)]).rowcount

    def _execute(self, statement: str, value: str) -> list[tuple[Any, ...]]:
        assert self._driver
        return self._driver.execute(statement, (value,)).fetchall()

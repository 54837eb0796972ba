"""Messages and their tickets' rows on PostgreSQL: one statement for both tables and the whole batch."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import starmap
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Column, Text
from sqlalchemy.dialects import postgresql

from chat.store.libpq import Libpq
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
from chat.store.tables import messages, tickets


class _Key(NamedTuple):
    ticket: str
    author: str
    client_id: str


_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy does not annotate it


def _recordset(value: str, name: str, columns: Iterable[Column[Any]]) -> str:
    """A table from one JSON parameter: building an array for each column costs more here than parsing JSON costs the
    server. Answers come back as JSON too."""
    shape = ", ".join(f"{column.name} {column.type.compile(_DIALECT)}" for column in columns)
    return f"json_to_recordset({value}::json) AS {name} ({shape})"


_MESSAGE_COLUMNS = [messages.c[name] for name in NewMessageRow._fields]
_COUNTER_COLUMNS = [tickets.c[name] for name in TicketCounters._fields]
_KEY_COLUMNS = [Column(name, Text) for name in _Key._fields]


def _json(rows: Iterable[NamedTuple]) -> str:
    return msgspec.json.encode([row._asdict() for row in rows]).decode()


_LOCK = f"""
    SELECT json_agg(state) FROM (
        SELECT json_build_array({STATE_COLUMNS}) AS state
        FROM tickets t {AGENT_JOIN}
        WHERE t.public_id = ANY(ARRAY(SELECT json_array_elements_text($1::json)))
        ORDER BY t.id FOR NO KEY UPDATE OF t) locked"""
_EXISTING = f"""
    SELECT json_agg(json_build_array({EXISTING_COLUMNS}))
    FROM {_recordset("$1", "wanted", _KEY_COLUMNS)}
    JOIN tickets t ON t.public_id = wanted.ticket
    JOIN messages m ON m.ticket_id = t.id AND m.author = wanted.author AND m.client_id = wanted.client_id
    LEFT JOIN agents a ON a.id = m.agent_id"""
# Neither table is changed when one of the messages is stored already.
_WRITE = f"""
    WITH new AS (SELECT {MESSAGE_COLUMNS} FROM {_recordset("$1", "new", _MESSAGE_COLUMNS)}),
    repeated AS (SELECT 1 FROM new JOIN messages USING (ticket_id, author, client_id) LIMIT 1),
    inserted AS (
        INSERT INTO messages ({MESSAGE_COLUMNS})
        SELECT * FROM new WHERE NOT EXISTS (SELECT 1 FROM repeated) RETURNING 1),
    updated AS (
        UPDATE tickets SET {", ".join(f"{name} = counters.{name}" for name in TicketCounters._fields[1:])},
        updated_at = counters.last_at FROM {_recordset("$2", "counters", _COUNTER_COLUMNS)}
        WHERE tickets.id = counters.id AND NOT EXISTS (SELECT 1 FROM repeated))
    SELECT count(*) FROM inserted"""


class PostgresMessageWriter(MessageWriter):
    """For one transaction. It remembers nothing, because other nodes write too."""

    def __init__(self, library: Libpq) -> None:
        self._library = library

    def ticket_states(self, public_ids: Iterable[str]) -> Mapping[str, TicketState]:
        states = map(ticket_state, self._rows(_LOCK, msgspec.json.encode(list(set(public_ids))).decode()))
        return {state.public_id: state for state in states}

    def existing(self, keys: Sequence[ClientMessageKey]) -> dict[ClientMessageKey, MessageRow]:
        return existing_messages(self._rows(_EXISTING, _json(starmap(_Key, keys))))

    def write(self, new: Sequence[NewMessageRow], counters: Sequence[TicketCounters]) -> bool:
        return not new or int(self._library.query(_WRITE, _json(new), _json(counters))) == len(new)

    def _rows(self, statement: str, value: str) -> list[list[Any]]:
        return msgspec.json.decode(self._library.query(statement, value) or b"[]", type=list[list[Any]])

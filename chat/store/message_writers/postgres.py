"""PostgreSQL's journal: words and their tickets' rows in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import starmap
from typing import Any, NamedTuple

import msgspec

from chat.store.libpq import Libpq
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


class _Lookup(NamedTuple):
    ticket: str
    author: str
    client_id: str


_MESSAGE_TYPES = ("bigint", "int", "text", "text", "text", "bigint", "text", "text", "bigint")
_COUNTER_TYPES = ("bigint", "bigint", "int", "int", "int", "int", "bigint", "text", "text", "bigint")


def _recordset(value: str, name: str, columns: Sequence[str], types: Sequence[str]) -> str:
    """A table that is one parameter: an array for each column takes longer to make than the server takes to read the
    JSON. Answers come in the same way."""
    shape = ", ".join(f"{column} {kind}" for column, kind in zip(columns, types, strict=True))
    return f"json_to_recordset({value}::json) AS {name} ({shape})"


def _json(rows: Iterable[NamedTuple]) -> str:
    return msgspec.json.encode([row._asdict() for row in rows]).decode()


_LOCK = f"""
    SELECT json_agg(line) FROM (
        SELECT json_build_array({STATE_COLUMNS}, a.public_id, a.name, t.last_seq, {COUNTER_COLUMNS}) AS line
        FROM tickets t {AGENT_JOIN}
        WHERE t.public_id = ANY(ARRAY(SELECT json_array_elements_text($1::json)))
        ORDER BY t.id FOR NO KEY UPDATE OF t) found"""
_EXISTING = f"""
    SELECT json_agg(json_build_array({EXISTING_COLUMNS}))
    FROM {_recordset("$1", "asked", _Lookup._fields, ("text",) * 3)}
    JOIN tickets t ON t.public_id = asked.ticket
    JOIN messages m ON m.ticket_id = t.id AND m.author = asked.author AND m.client_id = asked.client_id
    LEFT JOIN agents a ON a.id = m.agent_id"""
# One statement for both tables, and neither is touched when anything stands already.
_WRITE = f"""
    WITH line AS (SELECT {MESSAGE_COLUMNS} FROM {_recordset("$1", "line", NewMessageRow._fields, _MESSAGE_TYPES)}),
    repeated AS (SELECT 1 FROM line JOIN messages USING (ticket_id, author, client_id) LIMIT 1),
    written AS (
        INSERT INTO messages ({MESSAGE_COLUMNS})
        SELECT * FROM line WHERE NOT EXISTS (SELECT 1 FROM repeated) RETURNING 1),
    followed AS (
        UPDATE tickets SET {", ".join(f"{name} = moved.{name}" for name in TicketCounters._fields[1:])},
        updated_at = moved.last_at FROM {_recordset("$2", "moved", TicketCounters._fields, _COUNTER_TYPES)}
        WHERE tickets.id = moved.id AND NOT EXISTS (SELECT 1 FROM repeated))
    SELECT count(*) FROM written"""
_WIDTH = len(fields(TicketState))


class PostgresMessageWriter(MessageWriter):
    """For one transaction: other nodes write too, so that nothing is remembered, and rows follow at once."""

    def __init__(self, library: Libpq) -> None:
        self._library = library
        self._counters: dict[int, TicketCounters] = {}

    def ticket_states(self, names: Iterable[str]) -> Mapping[str, TicketState]:
        rows = self._rows(_LOCK, msgspec.json.encode(list(set(names))).decode())
        self._counters = {row[0]: TicketCounters(*row[_WIDTH:]) for row in rows}
        return {row[1]: TicketState(*row[:_WIDTH]) for row in rows}

    def existing(self, keys: Sequence[ClientMessageKey]) -> dict[ClientMessageKey, ExistingMessage]:
        rows = self._rows(_EXISTING, _json(starmap(_Lookup, keys)))
        return {(row[0], row[1], row[2]): ExistingMessage(*row[3:]) for row in rows}

    def write(self, lines: Sequence[NewMessageRow], fold: ApplyMessages) -> bool:
        if not lines:
            return True
        told: dict[int, list[NewMessageRow]] = {}
        for line in lines:
            told.setdefault(line.ticket_id, []).append(line)
        moved = [fold(self._counters[ticket_id], said) for ticket_id, said in told.items()]
        return int(self._library.query(_WRITE, _json(lines), _json(moved))) == len(lines)

    def _rows(self, statement: str, value: str) -> list[list[Any]]:
        return msgspec.json.decode(self._library.query(statement, value) or b"[]", type=list[list[Any]])

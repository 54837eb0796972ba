"""What the message writers of both databases share: the rows that they read and write, and the base writer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, cast

from chat.store.rows import MessageRow
from chat.store.tables import from_millis

# What identifies a message to its sender: the ticket's public id, the author and the client_id.
ClientMessageKey = tuple[str, str, str]


class NewMessageRow(NamedTuple):
    """The columns of a message that a person wrote, in the database's own types: `at` is in milliseconds."""

    ticket_id: int
    seq: int
    public_id: str
    client_id: str
    author: str
    agent_id: int | None
    author_name: str | None
    text: str
    at: int


class TicketCounters(NamedTuple):
    """The columns of a ticket's row that follow from its messages; times are in milliseconds."""

    id: int
    rev: int
    last_seq: int
    visitor_read_seq: int
    agent_read_seq: int
    unread: int
    unanswered_since: int | None
    last_from: str
    preview: str
    last_at: int
    last_agent: str | None


@dataclass(slots=True)
class TicketState:
    """What a batch of posts must know of a ticket: who may write in it, and its counters.

    The first fields are columns of `tickets`; of the times only None or not None matters. `seq` is the last number
    that was given to a message, and runs ahead of `counters` while a batch is planned.
    """

    id: int
    public_id: str
    visitor_id: int
    name: str | None
    status: str
    assignee_id: int | None
    assigned_at: int | None
    answered_at: int | None
    slot_released_at: int | None
    form_offered_at: int | None
    previous_agent_id: int | None
    promise_due_at: int | None
    promise_kept_at: int | None
    agent_public_id: str | None
    agent_name: str | None
    seq: int
    counters: TicketCounters


# Column lists for statements that call the tickets t, the messages m and the agents a.
_STATE_FIELDS = [field.name for field in fields(TicketState)]
_TICKET_COLUMNS = _STATE_FIELDS[: _STATE_FIELDS.index("agent_public_id")]
_COUNTERS_AT = _STATE_FIELDS.index("counters")
STATE_COLUMNS = ", ".join(
    [
        *(f"t.{name}" for name in _TICKET_COLUMNS),
        *("a.public_id", "a.name", "t.last_seq"),
        *(f"t.{name}" for name in TicketCounters._fields),
    ]
)
MESSAGE_COLUMNS = ", ".join(NewMessageRow._fields)
_JOINED = {"ticket": "t.public_id", "author_id": "a.public_id"}
EXISTING_COLUMNS = ", ".join(_JOINED.get(name, f"m.{name}") for name in MessageRow._fields)
AGENT_JOIN = "LEFT JOIN agents a ON a.id = t.assignee_id AND a.removed_at IS NULL"


def ticket_state(row: Sequence[Any]) -> TicketState:
    """A row of STATE_COLUMNS."""
    return TicketState(*[*row[:_COUNTERS_AT], TicketCounters(*row[_COUNTERS_AT:])])


def existing_messages(rows: Iterable[Sequence[Any]]) -> dict[ClientMessageKey, MessageRow]:
    """Rows of EXISTING_COLUMNS; persons wrote these messages, so each has a `client_id` and no event."""
    found = (MessageRow(*row) for row in rows)
    return {
        (row.ticket, row.author, row.client_id or ""): row._replace(at=from_millis(cast(int, row.at))) for row in found
    }


class MessageWriter:
    """The base writer has no fast path: it finds no ticket state, so every post goes through `post_one`. Actions and
    tests get this one."""

    def ticket_states(self, public_ids: Iterable[str]) -> Mapping[str, TicketState]:
        """At least the tickets of these public ids, by public id. On PostgreSQL they stay locked until COMMIT."""
        return {}

    def existing(self, keys: Sequence[ClientMessageKey]) -> dict[ClientMessageKey, MessageRow]:
        """Which of these messages are stored already."""
        return {}

    def write(self, new: Sequence[NewMessageRow], counters: Sequence[TicketCounters]) -> bool:
        """Insert messages and update their tickets' rows. False if one of the messages is stored already: then
        nothing was written."""
        assert not new, "a post without a ticket state takes the slow path"
        return True

    def invalidate(self, public_ids: Collection[str] | None = None) -> None:
        """Forget the states of these tickets, or of all: another statement has changed their rows."""

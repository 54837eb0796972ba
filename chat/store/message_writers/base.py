"""The journal: a batch of words in the driver's own SQL. On SQLite the tickets' rows follow their messages later.

Each database has its own, in journal_sqlite.py and journal_postgres.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

# What must not be said twice: ticket (its public id), author, client_id.
ClientMessageKey = tuple[str, str, str]


@dataclass(slots=True)
class TicketState:
    """What a batch has to know of a ticket: who may speak in it, and `seq`, the number of its last message.

    The first columns are the row's own. Of its times only matters whether they are there.
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


class NewMessageRow(NamedTuple):
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


class TicketCounters(NamedTuple):
    """What a ticket's row says of its thread."""

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


class ExistingMessage(NamedTuple):
    """What stands under a key already."""

    seq: int
    public_id: str
    agent_public_id: str | None
    author_name: str | None
    text: str
    at: int


ApplyMessages = Callable[[TicketCounters, Sequence[NewMessageRow]], TicketCounters]

# The columns of these, as statements name them: of tickets t, of messages m by agents a.
STATE_COLUMNS = ", ".join(f"t.{column.name}" for column in fields(TicketState)[:-3])
COUNTER_COLUMNS = ", ".join(f"t.{name}" for name in TicketCounters._fields)
MESSAGE_COLUMNS = ", ".join(NewMessageRow._fields)
EXISTING_COLUMNS = "t.public_id, m.author, m.client_id, m.seq, m.public_id, a.public_id, m.author_name, m.text, m.at"
AGENT_JOIN = "LEFT JOIN agents a ON a.id = t.assignee_id AND a.removed_at IS NULL"


class MessageWriter:
    """Knows no thread, so that all words go the slow way: for a Work that was made by hand."""

    def ticket_states(self, names: Iterable[str]) -> Mapping[str, TicketState]:
        """Tickets by these public ids, and perhaps others; on PostgreSQL locked from now on, in the order of keys."""
        return {}

    def existing(self, keys: Sequence[ClientMessageKey]) -> dict[ClientMessageKey, ExistingMessage]:
        """Which of these stand already."""
        return {}

    def begin(self) -> None:
        """From now on what is asked and stored is one transaction; twice is once."""

    def write(self, lines: Sequence[NewMessageRow], fold: ApplyMessages) -> bool:
        """Stores messages, and, now or later, what `fold` makes of their tickets' rows. False: nothing was stored,
        for one of them stands already."""
        assert not lines, "there were no threads to write in"
        return True

    def flush_rows(self) -> None:
        """The rows follow their messages now: before anybody else looks at them."""

    def invalidate(self) -> None:
        """Somebody else has written: what is remembered of threads may be false."""

    def repair(self, fold: ApplyMessages) -> None:
        """The rows that a crash left behind follow their messages."""

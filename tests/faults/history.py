"""Histories: timestamped records of what each client sent, received and showed, and the final database contents."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

Payload = Mapping[str, Any]
Side = Literal["visitor", "agent"]


class MessageRecord(NamedTuple):
    """One message as a screen shows it or the database stores it."""

    seq: int
    id: str
    text: str


@dataclass(frozen=True)
class Submitted:
    """The user pressed Enter."""

    text: str


@dataclass(frozen=True)
class Acked:
    """The server acknowledged the message as stored."""

    ticket: str
    text: str
    seq: int
    id: str


@dataclass(frozen=True)
class Refused:
    """The server refused the message, and the client showed the error."""

    text: str
    code: str


@dataclass(frozen=True)
class Screen:
    """One ticket on one screen, after a change. `unsent` are the texts shown as not sent (yet), with their state."""

    ticket: str
    messages: tuple[MessageRecord, ...]
    unsent: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CaughtUp:
    """The result of a `catch_up` command."""

    ticket: str
    after: int
    seqs: tuple[int, ...]
    restart: bool = False


@dataclass(frozen=True)
class Received:
    """Any other frame that came over the wire. `kind` is "event:NAME" or "ack:COMMAND"."""

    kind: str
    payload: Payload


Entry = Submitted | Acked | Refused | Screen | CaughtUp | Received
E = TypeVar("E", bound=Entry)


@dataclass
class History:
    """The history of one screen. Two tabs of one visitor are two histories with the same `user`."""

    name: str
    side: Side
    user: str = ""
    entries: list[tuple[float, Entry]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.user = self.user or self.name

    def record(self, entry: Entry) -> None:
        self.entries.append((time.monotonic(), entry))

    def entries_of(self, kind: type[E]) -> Iterator[E]:
        return (entry for _, entry in self.entries if isinstance(entry, kind))

    def last_screens(self) -> dict[str, Screen]:
        """The last screen of each ticket; a visitor has one ticket on screen, a console has many."""
        screens = {screen.ticket: screen for screen in self.entries_of(Screen)}
        if self.side == "agent":
            return screens
        last = next((entry for _, entry in reversed(self.entries) if isinstance(entry, Screen)), None)
        return {last.ticket: last} if last else {}


@dataclass(frozen=True)
class DatabaseState:
    """The database contents: messages of each ticket in the order of `seq`, client keys, and all notes."""

    messages: Mapping[str, Sequence[MessageRecord]]
    keys: Sequence[tuple[str, str, str]] = ()
    notes: Sequence[str] = ()

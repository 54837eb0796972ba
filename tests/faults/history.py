"""Histories: what each person did and saw, written down as it happened, and what the database holds in the end."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

Payload = Mapping[str, Any]
Side = Literal["visitor", "agent"]


class Shown(NamedTuple):
    """One message as a screen or the database has it."""

    seq: int
    id: str
    text: str


@dataclass(frozen=True)
class Said:
    """Somebody pressed Enter."""

    text: str


@dataclass(frozen=True)
class Acked:
    """The server told them that it is stored."""

    ticket: str
    text: str
    seq: int
    id: str


@dataclass(frozen=True)
class Refused:
    """The server said no, and they were told."""

    text: str
    code: str


@dataclass(frozen=True)
class Screen:
    """One ticket on one screen, after a change. `unsent` are the texts that are shown as not sent (yet)."""

    ticket: str
    messages: tuple[Shown, ...]
    unsent: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CaughtUp:
    """What a `catch_up` brought."""

    ticket: str
    after: int
    seqs: tuple[int, ...]
    restart: bool = False


@dataclass(frozen=True)
class Heard:
    """Whatever else came over the wire: an event, or an ack under its command's name."""

    what: str
    payload: Payload


Entry = Said | Acked | Refused | Screen | CaughtUp | Heard
E = TypeVar("E", bound=Entry)


@dataclass
class History:
    """One screen's story. Two tabs of one visitor are two histories with one `person`."""

    who: str
    side: Side
    person: str = ""
    entries: list[tuple[float, Entry]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.person = self.person or self.who

    def note(self, entry: Entry) -> None:
        self.entries.append((time.monotonic(), entry))

    def of(self, kind: type[E]) -> Iterator[E]:
        return (entry for _, entry in self.entries if isinstance(entry, kind))

    def last_screens(self) -> dict[str, Screen]:
        """By ticket: a console has many open, a visitor's page shows one."""
        shown = {screen.ticket: screen for screen in self.of(Screen)}
        if self.side == "agent":
            return shown
        last = next((entry for _, entry in reversed(self.entries) if isinstance(entry, Screen)), None)
        return {last.ticket: last} if last else {}


@dataclass(frozen=True)
class Truth:
    """The database: each ticket's messages in the order of `seq`, the keys they were sent under, and all notes."""

    messages: Mapping[str, Sequence[Shown]]
    keys: Sequence[tuple[str, str, str]] = ()
    notes: Sequence[str] = ()

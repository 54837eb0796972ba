"""What this node's sockets have been told of a ticket, to see what they miss."""

from dataclasses import dataclass, field

import msgspec

from chat import present, wire
from chat.desk.held import Mark
from chat.store.rows import TicketRow

# These move with every message, which tells them by itself; the link is its visitor's only.
NOT_COMPARED = ("rev", "head", "link", "updated_at")


@dataclass(slots=True)
class Cursor:
    """Which numbered lines were told: all up to `at` (None: not known yet), and those that came before their turn,
    for what was said here is told at once and what was said elsewhere comes by the bus."""

    at: int | None = None
    early: set[int] = field(default_factory=set)

    def hear(self, number: int) -> None:
        """This line is being told."""
        if self.at is None or number == self.at + 1:
            self.at = number
        elif number > self.at:
            self.early.add(number)
        if self.early:
            self._close_up()

    def know(self, number: int) -> None:
        """All up to here needs no telling any more."""
        self.at = max(number, self.at or 0)
        self.early = {line for line in self.early if line > number}
        self._close_up()

    def _close_up(self) -> None:
        assert self.at is not None
        while self.at + 1 in self.early:
            self.at += 1
            self.early.discard(self.at)

    def begin(self, number: int) -> int:
        """Where it stands; `number` when that is not known yet."""
        self.at = number if self.at is None else self.at
        return self.at

    def has(self, number: int) -> bool:
        """Whether this line was told."""
        return number in self.early or (self.at is not None and number <= self.at)


@dataclass(slots=True)
class Known:
    """Up to where a ticket has been told. None: nothing of this kind was told since the mark was taken.

    `rest` is what its rev counts beside lines and notes; `read` is how far each side has read, by what was told
    since `ticket` was; `looked_at` the told rev at the last look that found nothing missing.
    """

    rest: int | None
    lines: Cursor = field(default_factory=Cursor)
    notes: Cursor = field(default_factory=Cursor)
    ticket: wire.Ticket | None = None
    card: wire.Card | None = None
    read: dict[str, int] = field(default_factory=dict)
    shown_rev: int = 0
    looked_at: int = 0

    @classmethod
    def of(cls, row: TicketRow) -> "Known":
        """As whoever has just read this row knows it."""
        cursors = Cursor(row.last_seq), Cursor(row.last_note_seq)
        known = cls(row.rev - row.last_seq - row.last_note_seq, *cursors, present.ticket(row), present.card(row))
        known.shown_rev = row.told_rev
        return known

    @classmethod
    def at(cls, mark: Mark) -> "Known":
        """As an inbox that has just been read knows it."""
        return cls(mark.rest, Cursor(mark.seq), Cursor(mark.note_seq), shown_rev=mark.told_rev)

    def hear_line(self, line: wire.Message) -> None:
        """A message of this ticket is being told to this node's sockets. Writing is reading up to there."""
        self.lines.hear(line.seq)
        self._read_by(line.author.kind, line.seq)

    def hear(self, told: wire.Shape) -> None:
        """Any other event of this ticket is."""
        match told:
            case wire.Note(note_seq=note_seq):
                self.notes.hear(note_seq)
            case wire.ReadEvent(by=by, seq=seq):
                self._read_by(by, seq)
            case wire.Ticket() | wire.Card():
                self._show(told)

    def opened(self, row: TicketRow) -> None:
        """The first socket here that has the ticket open has read this row."""
        self.lines.know(row.last_seq)
        self.notes.know(row.last_note_seq)
        if row.told_rev >= self.shown_rev:
            self.ticket, self.read = present.ticket(row), {}

    def left(self, mark: Mark) -> None:
        """Nobody here has it open, so the bus does not bring its lines, and nobody misses them."""
        self.lines.know(mark.seq)
        self.notes.know(mark.note_seq)
        self.ticket = None

    def flows(self, mark: Mark) -> bool:
        """Nothing but lines has come since the last look, all of them were told, and so was a card since then."""
        told = self.lines.begin(mark.seq) >= mark.seq and self.notes.begin(mark.note_seq) >= mark.note_seq
        return told and mark.rest == self.rest and self.shown_rev >= self.looked_at

    def found_whole(self, mark: Mark) -> None:
        """A look has found nothing missing, or what was missing has been told."""
        self.rest, self.looked_at = mark.rest, mark.told_rev

    def misses(self, row: TicketRow) -> bool:
        """Whether the row shows something else than was told; news older than what was told is none."""
        if row.told_rev < self.shown_rev:
            return False
        return self.card is None or differ(self.card, present.card(row)) or self._misses_ticket(present.ticket(row))

    def _misses_ticket(self, now: wire.Ticket) -> bool:
        if self.ticket is None:
            return False
        sides = msgspec.structs.asdict(self.ticket.read)
        read = wire.Read(**{side: max(seq, self.read.get(side, 0)) for side, seq in sides.items()})
        return differ(msgspec.structs.replace(self.ticket, read=read), now)

    def _show(self, told: wire.Ticket | wire.Card) -> None:
        if told.rev >= self.shown_rev:
            self.shown_rev = told.rev
            if isinstance(told, wire.Ticket):
                self.ticket, self.read = told, {}
            else:
                self.card = told

    def _read_by(self, side: str, seq: int) -> None:
        if seq > self.read.get(side, 0):
            self.read[side] = seq


def differ(told: wire.Shape, now: wire.Shape) -> bool:
    """Whether somebody who was told the one should be told the other."""
    before, after = wire.plain(told), wire.plain(now)
    return any(before.get(name) != after.get(name) for name in before.keys() | after.keys() if name not in NOT_COMPARED)

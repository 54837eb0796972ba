"""What this node's sockets have been told of a ticket, to see what they miss."""

from dataclasses import dataclass, field

from chat import present, wire
from chat.desk.held import Mark
from chat.store.rows import TicketRow

Told = dict[str, object]
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
        if self.at is None:
            self.at = number
        elif number > self.at:
            self.early.add(number)
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
    """Up to where a ticket has been told. None: nothing of this kind was told since the mark was taken."""

    rev: int
    lines: Cursor = field(default_factory=Cursor)
    notes: Cursor = field(default_factory=Cursor)
    ticket: Told | None = None
    card: Told | None = None
    shown_rev: int = 0

    @classmethod
    def of(cls, row: TicketRow) -> "Known":
        """As whoever has just read this row knows it."""
        cursors = Cursor(row.last_seq), Cursor(row.last_note_seq)
        return cls(row.rev, *cursors, shown(row), carded(row), row.told_rev)

    @classmethod
    def at(cls, mark: Mark) -> "Known":
        """As an inbox that has just been read knows it."""
        return cls(mark.rev, Cursor(mark.seq), Cursor(mark.note_seq), shown_rev=mark.rev - mark.note_seq)

    def hear(self, told: wire.Shape) -> None:
        """An event of this ticket is being told to this node's sockets."""
        match told:
            case wire.Message(seq=seq, author=author):
                self.lines.hear(seq)
                self._read_by(author.kind, seq)
            case wire.Note(note_seq=note_seq):
                self.notes.hear(note_seq)
            case wire.ReadEvent(by=by, seq=seq):
                self._read_by(by, seq)
            case wire.Ticket() | wire.Card():
                self._show(told)

    def read(self, row: TicketRow) -> None:
        """The first socket here that has the ticket open has read this row."""
        self.lines.know(row.last_seq)
        self.notes.know(row.last_note_seq)
        if row.told_rev >= self.shown_rev:
            self.ticket = shown(row)

    def unread(self, mark: Mark) -> None:
        """Nobody here has it open, so the bus does not bring its lines, and nobody misses them."""
        self.lines.know(mark.seq)
        self.notes.know(mark.note_seq)
        self.ticket = None

    def misses(self, row: TicketRow) -> bool:
        """Whether the row shows something else than was told; news older than what was told is none."""
        if row.told_rev < self.shown_rev:
            return False
        return self.card != carded(row) or self.ticket not in (None, shown(row))

    def _show(self, told: wire.Ticket | wire.Card) -> None:
        if told.rev >= self.shown_rev:
            self.shown_rev, plain = told.rev, compared(told)
            self.ticket, self.card = (plain, self.card) if isinstance(told, wire.Ticket) else (self.ticket, plain)

    def _read_by(self, side: str, seq: int) -> None:
        """Writing is reading up to there."""
        read = self.ticket["read"] if self.ticket else None
        if isinstance(read, dict) and side in read:
            read[side] = max(read[side], seq)


def compared(shape: wire.Shape) -> Told:
    return {name: value for name, value in wire.plain(shape).items() if name not in NOT_COMPARED}


def shown(row: TicketRow) -> Told:
    """What a `ticket` event says of this row."""
    return compared(present.ticket(row))


def carded(row: TicketRow) -> Told:
    """What a `card` event says of this row."""
    return compared(present.card(row))

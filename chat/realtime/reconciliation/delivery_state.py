"""What this node's sockets have been told of a ticket, to see what they miss."""

from dataclasses import dataclass, field

import msgspec

from chat import presenters, protocol
from chat.domain.queries.node_sync import TicketRevision
from chat.store.rows import TicketRow

# These move with every message, which tells them by itself; the link is its visitor's only.
NOT_COMPARED = ("rev", "head", "link", "updated_at")


@dataclass(slots=True)
class SeqTracker:
    """Which numbered lines were told: all up to `at` (None: not known yet), and those that came before their turn,
    for what was said here is told at once and what was said elsewhere comes by the bus."""

    at: int | None = None
    early: set[int] = field(default_factory=set)

    def add(self, number: int) -> None:
        """This line is being told."""
        if self.at is None or number == self.at + 1:
            self.at = number
        elif number > self.at:
            self.early.add(number)
        if self.early:
            self._absorb_early()

    def advance_to(self, number: int) -> None:
        """All up to here needs no telling any more."""
        self.at = max(number, self.at or 0)
        self.early = {line for line in self.early if line > number}
        self._absorb_early()

    def _absorb_early(self) -> None:
        assert self.at is not None
        while self.at + 1 in self.early:
            self.at += 1
            self.early.discard(self.at)

    def start_at(self, number: int) -> int:
        """Where it stands; `number` when that is not known yet."""
        self.at = number if self.at is None else self.at
        return self.at

    def has(self, number: int) -> bool:
        """Whether this line was told."""
        return number in self.early or (self.at is not None and number <= self.at)


@dataclass(slots=True)
class DeliveredState:
    """Up to where a ticket has been told. None: nothing of this kind was told since the mark was taken.

    `rest` is what its rev counts beside lines and notes; `read` is how far each side has read, by what was told
    since `ticket` was; `looked_at` the told rev at the last look that found nothing missing.
    """

    other_changes: int | None
    messages: SeqTracker = field(default_factory=SeqTracker)
    notes: SeqTracker = field(default_factory=SeqTracker)
    ticket: protocol.Ticket | None = None
    card: protocol.Card | None = None
    read: dict[str, int] = field(default_factory=dict)
    delivered_rev: int = 0
    checked_rev: int = 0

    @classmethod
    def from_row(cls, row: TicketRow) -> "DeliveredState":
        """As whoever has just read this row knows it."""
        cursors = SeqTracker(row.last_seq), SeqTracker(row.last_note_seq)
        known = cls(row.rev - row.last_seq - row.last_note_seq, *cursors, presenters.ticket(row), presenters.card(row))
        known.delivered_rev = row.public_rev
        return known

    @classmethod
    def from_revision(cls, mark: TicketRevision) -> "DeliveredState":
        """As an inbox that has just been read knows it."""
        return cls(mark.other_changes, SeqTracker(mark.seq), SeqTracker(mark.note_seq), delivered_rev=mark.public_rev)

    def on_message(self, line: protocol.Message) -> None:
        """A message of this ticket is being told to this node's sockets. Writing is reading up to there."""
        self.messages.add(line.seq)
        self._mark_read(line.author.kind, line.seq)

    def on_event(self, told: protocol.Shape) -> None:
        """Any other event of this ticket is."""
        match told:
            case protocol.Note(note_seq=note_seq):
                self.notes.add(note_seq)
            case protocol.ReadEvent(by=by, seq=seq):
                self._mark_read(by, seq)
            case protocol.Ticket() | protocol.Card():
                self._apply(told)

    def on_opened(self, row: TicketRow) -> None:
        """The first socket here that has the ticket open has read this row."""
        self.messages.advance_to(row.last_seq)
        self.notes.advance_to(row.last_note_seq)
        if row.public_rev >= self.delivered_rev:
            self.ticket, self.read = presenters.ticket(row), {}

    def on_left(self, mark: TicketRevision) -> None:
        """Nobody here has it open, so the bus does not bring its lines, and nobody misses them."""
        self.messages.advance_to(mark.seq)
        self.notes.advance_to(mark.note_seq)
        self.ticket = None

    def is_up_to_date(self, mark: TicketRevision) -> bool:
        """Nothing but lines has come since the last look, all of them were told, and so was a card since then."""
        told = self.messages.start_at(mark.seq) >= mark.seq and self.notes.start_at(mark.note_seq) >= mark.note_seq
        return told and mark.other_changes == self.other_changes and self.delivered_rev >= self.checked_rev

    def mark_complete(self, mark: TicketRevision) -> None:
        """A look has found nothing missing, or what was missing has been told."""
        self.other_changes, self.checked_rev = mark.other_changes, mark.public_rev

    def missing(self, row: TicketRow) -> bool:
        """Whether the row shows something else than was told; news older than what was told is none."""
        if row.public_rev < self.delivered_rev:
            return False
        return (
            self.card is None
            or visible_difference(self.card, presenters.card(row))
            or self._missing_ticket(presenters.ticket(row))
        )

    def _missing_ticket(self, now: protocol.Ticket) -> bool:
        if self.ticket is None:
            return False
        sides = msgspec.structs.asdict(self.ticket.read)
        read = protocol.Read(**{side: max(seq, self.read.get(side, 0)) for side, seq in sides.items()})
        return visible_difference(msgspec.structs.replace(self.ticket, read=read), now)

    def _apply(self, told: protocol.Ticket | protocol.Card) -> None:
        if told.rev >= self.delivered_rev:
            self.delivered_rev = told.rev
            if isinstance(told, protocol.Ticket):
                self.ticket, self.read = told, {}
            else:
                self.card = told

    def _mark_read(self, side: str, seq: int) -> None:
        if seq > self.read.get(side, 0):
            self.read[side] = seq


def visible_difference(told: protocol.Shape, now: protocol.Shape) -> bool:
    """Whether somebody who was told the one should be told the other."""
    before, after = protocol.to_plain(told), protocol.to_plain(now)
    return any(before.get(name) != after.get(name) for name in before.keys() | after.keys() if name not in NOT_COMPARED)

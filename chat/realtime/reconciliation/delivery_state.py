"""What this node has sent of a ticket, to find what its sockets miss."""

from dataclasses import dataclass, field

import msgspec

from chat import presenters, protocol
from chat.domain.queries.node_sync import TicketRevision
from chat.store.rows import TicketRow

# Every message moves these, and announces that by itself; the link goes to the visitor only.
NOT_COMPARED = ("rev", "head", "link", "updated_at")


@dataclass(slots=True)
class SeqTracker:
    """Which numbers were sent: all up to `at` (None: unknown yet), and some `early` ones beyond a gap. Numbers arrive
    out of order because this node's own messages are sent at once and others come by the bus."""

    at: int | None = None
    early: set[int] = field(default_factory=set)

    def add(self, number: int) -> None:
        """This number is being sent."""
        if self.at is None or number == self.at + 1:
            self.at = number
        elif number > self.at:
            self.early.add(number)
        if self.early:
            self._absorb_early()

    def advance_to(self, number: int) -> None:
        """All numbers up to this one need not be sent any more."""
        self.at = max(number, self.at or 0)
        self.early = {early for early in self.early if early > number}
        self._absorb_early()

    def _absorb_early(self) -> None:
        assert self.at is not None
        while self.at + 1 in self.early:
            self.at += 1
            self.early.discard(self.at)

    def start_at(self, number: int) -> int:
        """Up to where all were sent; from now on `number` when that was unknown."""
        self.at = number if self.at is None else self.at
        return self.at

    def has(self, number: int) -> bool:
        """Whether this number was sent."""
        return number in self.early or (self.at is not None and number <= self.at)


@dataclass(slots=True)
class DeliveredState:
    """What was sent of one ticket.

    `other_changes` is the revision's count of changes beside messages and notes, as of the last check; None before the
    first one. `read` is how far each side has read according to read events after `ticket`. `delivered_rev` is the rev
    of the newest card or ticket that was sent, `checked_rev` that of the last check that found nothing missing.
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
        """The state for a client that has just read this row."""
        trackers = SeqTracker(row.last_seq), SeqTracker(row.last_note_seq)
        state = cls(row.rev - row.last_seq - row.last_note_seq, *trackers, presenters.ticket(row), presenters.card(row))
        state.delivered_rev = row.public_rev
        return state

    @classmethod
    def from_revision(cls, revision: TicketRevision) -> "DeliveredState":
        """The state for an inbox that was just read."""
        trackers = SeqTracker(revision.seq), SeqTracker(revision.note_seq)
        return cls(revision.other_changes, *trackers, delivered_rev=revision.public_rev)

    def on_message(self, message: protocol.Message) -> None:
        """A message of this ticket is being sent to this node's sockets. Its author has read up to it."""
        self.messages.add(message.seq)
        self._mark_read(message.author.kind, message.seq)

    def on_event(self, shape: protocol.Shape) -> None:
        """Any other event of this ticket is being sent."""
        match shape:
            case protocol.Note(note_seq=note_seq):
                self.notes.add(note_seq)
            case protocol.ReadEvent(by=by, seq=seq):
                self._mark_read(by, seq)
            case protocol.Ticket() | protocol.Card():
                self._apply(shape)

    def on_opened(self, row: TicketRow) -> None:
        """The first socket here that opens the ticket has read this row."""
        self.messages.advance_to(row.last_seq)
        self.notes.advance_to(row.last_note_seq)
        if row.public_rev >= self.delivered_rev:
            self.ticket, self.read = presenters.ticket(row), {}

    def on_closed(self, revision: TicketRevision) -> None:
        """No socket here has the ticket open, so the bus does not bring its messages, and nobody misses them."""
        self.messages.advance_to(revision.seq)
        self.notes.advance_to(revision.note_seq)
        self.ticket = None

    def is_up_to_date(self, revision: TicketRevision) -> bool:
        """Whether only messages and notes have changed since the last check, all of them were sent, and a card was sent
        since what that check saw."""
        messages_sent = self.messages.start_at(revision.seq) >= revision.seq
        notes_sent = self.notes.start_at(revision.note_seq) >= revision.note_seq
        unchanged = revision.other_changes == self.other_changes and self.delivered_rev >= self.checked_rev
        return messages_sent and notes_sent and unchanged

    def mark_complete(self, revision: TicketRevision) -> None:
        """A check has found nothing missing, or what was missing has been sent."""
        self.other_changes, self.checked_rev = revision.other_changes, revision.public_rev

    def missing(self, row: TicketRow) -> bool:
        """Whether the row shows something that was not sent; a row older than what was sent does not."""
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

    def _apply(self, shape: protocol.Ticket | protocol.Card) -> None:
        if shape.rev >= self.delivered_rev:
            self.delivered_rev = shape.rev
            if isinstance(shape, protocol.Ticket):
                self.ticket, self.read = shape, {}
            else:
                self.card = shape

    def _mark_read(self, side: str, seq: int) -> None:
        if seq > self.read.get(side, 0):
            self.read[side] = seq


def visible_difference(sent: protocol.Shape, now: protocol.Shape) -> bool:
    """Whether a client that has the one should get the other."""
    before, after = protocol.to_plain(sent), protocol.to_plain(now)
    return any(before.get(name) != after.get(name) for name in before.keys() | after.keys() if name not in NOT_COMPARED)

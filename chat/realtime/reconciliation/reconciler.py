"""The net under Redis: what the bus did not bring is found in SQL and told to this node's sockets."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from chat import protocol
from chat.domain.facts import MessagePosted, NotePosted, TicketChanged
from chat.domain.queries import node_sync
from chat.domain.queries.messages import messages_after, notes_after
from chat.domain.queries.node_sync import TicketRevision
from chat.domain.queries.tickets import tickets_by_ids
from chat.protocol import Emission
from chat.realtime.connections import ClientSocket
from chat.realtime.context import Services
from chat.realtime.reconciliation.delivery_state import DeliveredState
from chat.store.rows import MessageRow, NoteRow, TicketRow
from chat.store.transaction import RecordedFact

# What was committed a moment ago is still on its way to this node's sockets.
SETTLE_S = 0.25
FOLLOWED = (protocol.Note, protocol.ReadEvent, protocol.Ticket, protocol.Card)


class StaleTicket(NamedTuple):
    """A ticket that has come further than its sockets were told, and from where on they miss something."""

    revision: TicketRevision
    seq: int
    note_seq: int


class MissingEvents(NamedTuple):
    """A ticket as it is now, and the lines after a suspect's cursors."""

    revision: TicketRevision
    ticket: TicketRow
    messages: list[MessageRow]
    notes: list[NoteRow]


class Reconciler:
    """Follows, by `rev`, the tickets of this node's sockets and, while agents are here, every unfinished one.

    `sockets` are those that have a ticket open: most of many thousands have none. `announce_locally` announces
    facts on this node only: what it has brought twice, clients drop by seq and rev.
    """

    def __init__(
        self,
        behind: Services,
        sockets: Callable[[], Iterable[ClientSocket]],
        announce_locally: Callable[[Sequence[RecordedFact]], None],
    ) -> None:
        self._store = behind.store
        self._sockets = sockets
        self._announce_locally = announce_locally
        self._delivered: dict[str, DeliveredState] = {}
        # The tickets that sockets here have open, or had at the last look: only their lines come by the bus.
        self._open: set[str] = set()
        self._inbox: dict[str, int] | None = None
        self._inbox_lock = asyncio.Lock()

    def follow(self, ticket: TicketRow) -> None:
        """A socket has read this row after it entered the room: all that comes after it is to reach it."""
        known = self._delivered.setdefault(ticket.public_id, DeliveredState.from_row(ticket))
        if ticket.public_id not in self._open:
            self._open.add(ticket.public_id)
            known.on_opened(ticket)

    def follow_from(self, ticket: str, seq: int) -> None:
        """A socket has no row of this ticket: all lines after `seq` are to reach it."""
        known = self._delivered.setdefault(ticket, DeliveredState(None))
        if ticket not in self._open:
            self._open.add(ticket)
            known.messages.advance_to(seq)

    async def follow_inbox(self) -> None:
        """An agent is about to read the inbox: all that comes after is to reach them."""
        async with self._inbox_lock:
            if self._inbox is None:
                marks = await self._store.read(node_sync.ticket_revisions, [], True)
                self._inbox = {mark.ticket: mark.key for mark in marks}
                for mark in marks:
                    self._delivered.setdefault(mark.ticket, DeliveredState.from_revision(mark))

    def leave_inbox(self) -> None:
        """The last agent has gone from this node."""
        self._inbox = None

    def on_event(self, told: Emission) -> None:
        """Something is being told to this node's sockets."""
        shape = told.shape
        assert isinstance(shape, FOLLOWED)
        ticket = shape.id if isinstance(shape, protocol.Ticket) else shape.ticket
        if known := self._delivered.get(ticket) or self._new_inbox_state(ticket):
            known.on_event(shape)

    def on_message(self, told: Emission) -> None:
        """As `hear`, for a message: most of what is told."""
        line = told.shape
        assert isinstance(line, protocol.Message)
        if known := self._delivered.get(line.ticket) or self._new_inbox_state(line.ticket):
            known.on_message(line)

    def _new_inbox_state(self, ticket: str) -> DeliveredState | None:
        if self._inbox is None:
            return None
        known = self._delivered[ticket] = DeliveredState(None)
        return known

    def is_delivered(self, ticket: TicketRow) -> bool:
        """Whether this row says nothing that was not told."""
        known = self._delivered.get(ticket.public_id)
        return known is not None and not known.missing(ticket)

    async def reconcile(self) -> None:
        """Ask SQL what moved on, and tell what is still missing a moment later."""
        keys = {joined.key for socket in self._sockets() for joined in socket.tickets.values()}
        asked = keys or self._inbox is not None
        marks = (
            await self._store.read(node_sync.ticket_revisions, sorted(keys), self._inbox is not None) if asked else []
        )
        suspects = self._stale_tickets(marks + await self._no_longer_unfinished(marks))
        self._remove_all_but(marks)
        if suspects:
            await asyncio.sleep(SETTLE_S)
        if suspects := [suspect for suspect in suspects if not self._has_caught_up(suspect.revision)]:
            for missing in await self._store.read(_missing_events, suspects):
                self._deliver(missing)

    def _has_caught_up(self, mark: TicketRevision) -> bool:
        """Most of what was on its way at the look has come meanwhile."""
        known = self._delivered.get(mark.ticket)
        if come := known is not None and known.is_up_to_date(mark):
            known.mark_complete(mark)
        return come

    async def _no_longer_unfinished(self, marks: Sequence[TicketRevision]) -> list[TicketRevision]:
        """What left the inbox since the last look: its going is news too."""
        if self._inbox is None:
            return []
        now = {mark.ticket: mark.key for mark in marks}
        left = [key for ticket, key in self._inbox.items() if ticket not in now]
        self._inbox = now
        return await self._store.read(node_sync.ticket_revisions, left, False) if left else []

    def _stale_tickets(self, marks: Sequence[TicketRevision]) -> list[StaleTicket]:
        self._open = {ticket for socket in self._sockets() for ticket in socket.tickets}
        suspects = []
        for mark in marks:
            known = self._delivered.setdefault(mark.ticket, DeliveredState(None))
            if mark.ticket not in self._open:
                known.on_left(mark)
            seq, note_seq = known.messages.start_at(mark.seq), known.notes.start_at(mark.note_seq)
            if known.is_up_to_date(mark):
                known.mark_complete(mark)
            else:
                suspects.append(StaleTicket(mark, seq, note_seq))
        return suspects

    def _remove_all_but(self, marks: Sequence[TicketRevision]) -> None:
        # A ticket of a socket that joined while SQL was asked is asked for next time.
        kept = self._open.union(mark.ticket for mark in marks)
        self._delivered = {ticket: known for ticket, known in self._delivered.items() if ticket in kept}

    def _deliver(self, missing: MissingEvents) -> None:
        """Looks at what is known once more: most of what was missing has come by itself meanwhile."""
        mark, ticket = missing.revision, missing.ticket
        known = self._delivered.setdefault(mark.ticket, DeliveredState.from_revision(mark))
        for message in missing.messages:
            if message.seq <= mark.seq and not known.messages.has(message.seq):
                self._announce_locally([RecordedFact(MessagePosted(message, ticket), None)])
        for note in missing.notes:
            if note.note_seq <= mark.note_seq and not known.notes.has(note.note_seq):
                self._announce_locally([RecordedFact(NotePosted(note, ticket), None)])
        if ticket.rev != mark.rev:
            return  # it has moved on meanwhile: that news is on its way, and the next look sees to the rest
        if known.missing(ticket):
            self._announce_locally([RecordedFact(TicketChanged(ticket), None)])
        # A page holds 200 lines; what is beyond it is told at the next look.
        if known.messages.start_at(0) >= mark.seq and known.notes.start_at(0) >= mark.note_seq:
            known.mark_complete(mark)


def _missing_events(sql: Connection, suspects: Sequence[StaleTicket]) -> list[MissingEvents]:
    rows = {row.id: row for row in tickets_by_ids(sql, [suspect.revision.key for suspect in suspects])}
    return [
        MissingEvents(mark, rows[mark.key], _messages(sql, mark, seq), _notes(sql, mark, note_seq))
        for mark, seq, note_seq in suspects
    ]


def _messages(sql: Connection, mark: TicketRevision, seq: int) -> list[MessageRow]:
    return messages_after(sql, mark.key, seq) if seq < mark.seq else []


def _notes(sql: Connection, mark: TicketRevision, note_seq: int) -> list[NoteRow]:
    return notes_after(sql, mark.key, note_seq) if note_seq < mark.note_seq else []

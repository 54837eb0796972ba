"""The reconciler: finds in SQL the events that the bus did not bring, and sends them to this node's sockets."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from chat import protocol
from chat.domain.facts import MessagePosted, NotePosted, TicketChanged
from chat.domain.queries import node_sync
from chat.domain.queries.messages import messages_after, notes_after
from chat.domain.queries.node_sync import TicketRevision
from chat.domain.queries.tickets import tickets_by_ids
from chat.domain.rules.hours.availability import QueuePosition
from chat.protocol import Emission
from chat.realtime.connections import ClientSocket
from chat.realtime.context import Services
from chat.realtime.reconciliation.delivery_state import DeliveredState
from chat.realtime.reconciliation.followed_inbox import FollowedInbox, InboxRevisions
from chat.store.rows import MessageRow, NoteRow, TicketRow
from chat.store.transaction import RecordedFact

# What was committed a moment ago is still on its way to this node's sockets.
SETTLE_S = 0.25
STATE_EVENTS = (protocol.Note, protocol.ReadEvent, protocol.Ticket, protocol.Card)


class StaleTicket(NamedTuple):
    """A ticket of which this node's sockets may have missed something, and the numbers after which they miss it."""

    revision: TicketRevision
    seq: int
    note_seq: int


class MissingEvents(NamedTuple):
    """A stale ticket as it is now, with its messages and notes after those numbers."""

    revision: TicketRevision
    ticket: TicketRow
    messages: list[MessageRow]
    notes: list[NoteRow]


class Revisions(NamedTuple):
    """What one check has read in one snapshot: the open tickets of sockets, and a part of the inbox if it is
    followed."""

    open: list[TicketRevision]
    inbox: InboxRevisions | None


class Reconciler:
    """Compares `rev` of the tickets of this node's sockets, and while agents are here of every unfinished one, with
    what it has sent.

    `sockets` returns those that have a ticket open: most of many thousands have none. `announce_locally` publishes
    facts on this node only. A client drops by seq and rev what it gets twice.
    """

    def __init__(
        self,
        services: Services,
        sockets: Callable[[], Iterable[ClientSocket]],
        announce_locally: Callable[[Sequence[RecordedFact]], None],
    ) -> None:
        self._store = services.store
        self._clock = services.clock
        self._sockets = sockets
        self._announce_locally = announce_locally
        self._delivered: dict[str, DeliveredState] = {}
        # The tickets that sockets here have open, or had at the last check: the bus brings messages of these only.
        self._open: set[str] = set()
        # The tickets whose state an event has made since the last check, which did not see them.
        self._new: set[str] = set()
        # The tickets that were closed here or left the inbox: their state is dropped after the next check.
        self._leaving: set[str] = set()
        self._inbox: FollowedInbox | None = None
        self._inbox_lock = asyncio.Lock()

    def follow(self, ticket: TicketRow) -> None:
        """A socket has read this row after it entered the room: everything later must reach it."""
        state = self._delivered.setdefault(ticket.public_id, DeliveredState.from_row(ticket))
        if ticket.public_id not in self._open:
            self._open.add(ticket.public_id)
            state.on_opened(ticket)

    def follow_from(self, ticket: str, seq: int) -> None:
        """A socket has no row of this ticket: all messages after `seq` must reach it."""
        state = self._delivered.setdefault(ticket, DeliveredState(None))
        if ticket not in self._open:
            self._open.add(ticket)
            state.messages.advance_to(seq)

    async def follow_inbox(self) -> None:
        """An agent is about to read the inbox: all later changes of its tickets must reach them. The first agent of a
        node waits for a read of all unfinished tickets, page by page."""
        async with self._inbox_lock:
            if self._inbox is not None:
                return
            inbox, after, more = FollowedInbox(self._clock()), 0, True
            while more:
                page = await self._store.read(node_sync.next_unfinished_revisions, after)
                inbox.add(page)
                for revision in page:
                    self._delivered.setdefault(revision.ticket, DeliveredState.from_revision(revision))
                more = len(page) >= node_sync.SYNC_PAGE_SIZE
                after = page[-1].key if page else 0
            self._inbox = inbox

    def leave_inbox(self) -> None:
        """This node has no agents: follow the open tickets of its sockets only."""
        if self._inbox is not None:
            self._inbox = None
            self._delivered = {ticket: state for ticket, state in self._delivered.items() if ticket in self._open}

    def on_event(self, emission: Emission) -> None:
        """Called with each event of a ticket for this node's sockets, but for messages and typing."""
        shape = emission.shape
        assert isinstance(shape, STATE_EVENTS)
        ticket = shape.id if isinstance(shape, protocol.Ticket) else shape.ticket
        if state := self._delivered.get(ticket) or self._new_inbox_state(ticket):
            state.on_event(shape)

    def on_message(self, emission: Emission) -> None:
        """The same for a message, which most events are."""
        message = emission.shape
        assert isinstance(message, protocol.Message)
        if state := self._delivered.get(message.ticket) or self._new_inbox_state(message.ticket):
            state.on_message(message)

    def _new_inbox_state(self, ticket: str) -> DeliveredState | None:
        if self._inbox is None:
            return None
        self._new.add(ticket)
        state = self._delivered[ticket] = DeliveredState(None)
        return state

    def is_delivered(self, ticket: TicketRow) -> bool:
        """Whether this row shows nothing that was not sent."""
        state = self._delivered.get(ticket.public_id)
        return state is not None and not state.missing(ticket)

    def shown_position(self, ticket: str) -> QueuePosition | None:
        """The queue position that the visitor of this ticket was shown last."""
        state = self._delivered.get(ticket)
        queue = state.ticket.queue if state and state.ticket else None
        return None if queue is None else QueuePosition(queue.position, queue.wait_s)

    async def reconcile(self) -> None:
        """Check the open tickets of sockets and a part of the inbox, and send what a moment later is still missing.
        When it raises, the next call checks the same again."""
        began, inbox, new = self._clock(), self._inbox, self._new.copy()
        keys = sorted({ticket.key for socket in self._sockets() for ticket in socket.tickets.values()})
        found = Revisions([], None)
        if keys or inbox:
            found = await self._store.read(_read_revisions, keys, inbox, began)
        before, self._open = self._open, {ticket for socket in self._sockets() for ticket in socket.tickets}
        self._leaving |= before - self._open
        of_inbox = inbox.relevant(found.inbox) if inbox and found.inbox else []
        await self._deliver_missing([*of_inbox, *found.open])
        if inbox and found.inbox:
            self._leaving |= inbox.finish_check(began, found.inbox)
        self._new -= new
        self._forget(self._leaving | new)
        self._leaving.clear()

    def _forget(self, tickets: Iterable[str]) -> None:
        for ticket in tickets:
            if ticket not in self._open and ticket not in self._new and ticket not in (self._inbox or ()):
                self._delivered.pop(ticket, None)

    async def _deliver_missing(self, revisions: Iterable[TicketRevision]) -> None:
        stale = self._stale_tickets({revision.key: revision for revision in revisions}.values())
        if stale:
            await asyncio.sleep(SETTLE_S)
        if stale := [ticket for ticket in stale if not self._has_caught_up(ticket.revision)]:
            for missing in await self._store.read(_missing_events, stale):
                self._deliver(missing)

    def _stale_tickets(self, revisions: Iterable[TicketRevision]) -> list[StaleTicket]:
        stale = []
        for revision in revisions:
            state = self._delivered.setdefault(revision.ticket, DeliveredState(None))
            if revision.ticket not in self._open:
                state.on_closed(revision)
            seq, note_seq = state.messages.start_at(revision.seq), state.notes.start_at(revision.note_seq)
            if not self._has_caught_up(revision):
                stale.append(StaleTicket(revision, seq, note_seq))
        return stale

    def _has_caught_up(self, revision: TicketRevision) -> bool:
        """Whether all of it was sent: after the pause, most of what was on its way has come."""
        state = self._delivered.get(revision.ticket)
        if up_to_date := state is not None and state.is_up_to_date(revision):
            state.mark_complete(revision)
        return up_to_date

    def _deliver(self, missing: MissingEvents) -> None:
        """Compare once more before sending: events may have come while the rows were read."""
        revision, ticket = missing.revision, missing.ticket
        state = self._delivered.setdefault(revision.ticket, DeliveredState.from_revision(revision))
        for message in missing.messages:
            if message.seq <= revision.seq and not state.messages.has(message.seq):
                self._announce_locally([RecordedFact(MessagePosted(message, ticket), None)])
        for note in missing.notes:
            if note.note_seq <= revision.note_seq and not state.notes.has(note.note_seq):
                self._announce_locally([RecordedFact(NotePosted(note, ticket), None)])
        if ticket.rev != revision.rev:
            return  # it has changed meanwhile: that event is on its way, and the next check does the rest
        if state.missing(ticket):
            self._announce_locally([RecordedFact(TicketChanged(ticket), None)])
        # A read returns 200 messages: the next check sends those after them.
        if state.messages.start_at(0) >= revision.seq and state.notes.start_at(0) >= revision.note_seq:
            state.mark_complete(revision)


def _read_revisions(sql: Connection, keys: Sequence[int], inbox: FollowedInbox | None, now: datetime) -> Revisions:
    return Revisions(node_sync.ticket_revisions(sql, keys) if keys else [], inbox.read(sql, now) if inbox else None)


def _missing_events(sql: Connection, stale: Sequence[StaleTicket]) -> list[MissingEvents]:
    rows = {row.id: row for row in tickets_by_ids(sql, [ticket.revision.key for ticket in stale])}
    return [
        MissingEvents(revision, rows[revision.key], _messages(sql, revision, seq), _notes(sql, revision, note_seq))
        for revision, seq, note_seq in stale
    ]


def _messages(sql: Connection, revision: TicketRevision, seq: int) -> list[MessageRow]:
    return messages_after(sql, revision.key, seq) if seq < revision.seq else []


def _notes(sql: Connection, revision: TicketRevision, note_seq: int) -> list[NoteRow]:
    return notes_after(sql, revision.key, note_seq) if note_seq < revision.note_seq else []

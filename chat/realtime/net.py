"""The net under Redis: what the bus did not bring is found in SQL and told to this node's sockets."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from chat import wire
from chat.desk import held
from chat.desk.facts import MessagePosted, NotePosted, TicketChanged
from chat.desk.held import Mark
from chat.desk.records import messages_after, notes_after
from chat.realtime.behind import Behind
from chat.realtime.known import Known
from chat.realtime.sockets import Socket
from chat.store.rows import MessageRow, NoteRow, TicketRow
from chat.store.works import Told
from chat.wire import Emission

# What was committed a moment ago is still on its way to this node's sockets.
SETTLE_S = 0.25
FOLLOWED = (wire.Note, wire.ReadEvent, wire.Ticket, wire.Card)


class Suspect(NamedTuple):
    """A ticket that has come further than its sockets were told, and from where on they miss something."""

    mark: Mark
    seq: int
    note_seq: int


class Missing(NamedTuple):
    """A ticket as it is now, and the lines after a suspect's cursors."""

    mark: Mark
    ticket: TicketRow
    messages: list[MessageRow]
    notes: list[NoteRow]


class Net:
    """Follows, by `rev`, the tickets of this node's sockets and, while agents are here, every unfinished one.

    `sockets` are those that have a ticket open: most of many thousands have none. `again` announces facts on this
    node only: what it has brought twice, clients drop by seq and rev.
    """

    def __init__(
        self, behind: Behind, sockets: Callable[[], Iterable[Socket]], again: Callable[[Sequence[Told]], None]
    ) -> None:
        self._works = behind.works
        self._sockets = sockets
        self._again = again
        self._known: dict[str, Known] = {}
        # The tickets that sockets here have open, or had at the last look: only their lines come by the bus.
        self._open: set[str] = set()
        self._inbox: dict[str, int] | None = None
        self._beginning = asyncio.Lock()

    def follow(self, ticket: TicketRow) -> None:
        """A socket has read this row after it entered the room: all that comes after it is to reach it."""
        known = self._known.setdefault(ticket.public_id, Known.of(ticket))
        if ticket.public_id not in self._open:
            self._open.add(ticket.public_id)
            known.opened(ticket)

    def follow_from(self, ticket: str, seq: int) -> None:
        """A socket has no row of this ticket: all lines after `seq` are to reach it."""
        known = self._known.setdefault(ticket, Known(None))
        if ticket not in self._open:
            self._open.add(ticket)
            known.lines.know(seq)

    async def follow_inbox(self) -> None:
        """An agent is about to read the inbox: all that comes after is to reach them."""
        async with self._beginning:
            if self._inbox is None:
                marks = await self._works.read(held.marks, [], True)
                self._inbox = {mark.ticket: mark.key for mark in marks}
                for mark in marks:
                    self._known.setdefault(mark.ticket, Known.at(mark))

    def leave_inbox(self) -> None:
        """The last agent has gone from this node."""
        self._inbox = None

    def hear(self, told: Emission) -> None:
        """Something is being told to this node's sockets."""
        shape = told.shape
        assert isinstance(shape, FOLLOWED)
        ticket = shape.id if isinstance(shape, wire.Ticket) else shape.ticket
        if known := self._known.get(ticket) or self._in_the_inbox(ticket):
            known.hear(shape)

    def hear_line(self, told: Emission) -> None:
        """As `hear`, for a message: most of what is told."""
        line = told.shape
        assert isinstance(line, wire.Message)
        if known := self._known.get(line.ticket) or self._in_the_inbox(line.ticket):
            known.hear_line(line)

    def _in_the_inbox(self, ticket: str) -> Known | None:
        if self._inbox is None:
            return None
        known = self._known[ticket] = Known(None)
        return known

    def knows(self, ticket: TicketRow) -> bool:
        """Whether this row says nothing that was not told."""
        known = self._known.get(ticket.public_id)
        return known is not None and not known.misses(ticket)

    async def look(self) -> None:
        """Ask SQL what moved on, and tell what is still missing a moment later."""
        keys = {joined.key for socket in self._sockets() for joined in socket.tickets.values()}
        asked = keys or self._inbox is not None
        marks = await self._works.read(held.marks, sorted(keys), self._inbox is not None) if asked else []
        suspects = self._suspects(marks + await self._finished(marks))
        self._forget_all_but(marks)
        if suspects:
            await asyncio.sleep(SETTLE_S)
        if suspects := [suspect for suspect in suspects if not self._has_come(suspect.mark)]:
            for missing in await self._works.read(_missing, suspects):
                self._tell(missing)

    def _has_come(self, mark: Mark) -> bool:
        """Most of what was on its way at the look has come meanwhile."""
        known = self._known.get(mark.ticket)
        if come := known is not None and known.flows(mark):
            known.found_whole(mark)
        return come

    async def _finished(self, marks: Sequence[Mark]) -> list[Mark]:
        """What left the inbox since the last look: its going is news too."""
        if self._inbox is None:
            return []
        now = {mark.ticket: mark.key for mark in marks}
        left = [key for ticket, key in self._inbox.items() if ticket not in now]
        self._inbox = now
        return await self._works.read(held.marks, left, False) if left else []

    def _suspects(self, marks: Sequence[Mark]) -> list[Suspect]:
        self._open = {ticket for socket in self._sockets() for ticket in socket.tickets}
        suspects = []
        for mark in marks:
            known = self._known.setdefault(mark.ticket, Known(None))
            if mark.ticket not in self._open:
                known.left(mark)
            seq, note_seq = known.lines.begin(mark.seq), known.notes.begin(mark.note_seq)
            if known.flows(mark):
                known.found_whole(mark)
            else:
                suspects.append(Suspect(mark, seq, note_seq))
        return suspects

    def _forget_all_but(self, marks: Sequence[Mark]) -> None:
        # A ticket of a socket that joined while SQL was asked is asked for next time.
        kept = self._open.union(mark.ticket for mark in marks)
        self._known = {ticket: known for ticket, known in self._known.items() if ticket in kept}

    def _tell(self, missing: Missing) -> None:
        """Looks at what is known once more: most of what was missing has come by itself meanwhile."""
        mark, ticket = missing.mark, missing.ticket
        known = self._known.setdefault(mark.ticket, Known.at(mark))
        for message in missing.messages:
            if message.seq <= mark.seq and not known.lines.has(message.seq):
                self._again([Told(MessagePosted(message, ticket), None)])
        for note in missing.notes:
            if note.note_seq <= mark.note_seq and not known.notes.has(note.note_seq):
                self._again([Told(NotePosted(note, ticket), None)])
        if ticket.rev != mark.rev:
            return  # it has moved on meanwhile: that news is on its way, and the next look sees to the rest
        if known.misses(ticket):
            self._again([Told(TicketChanged(ticket), None)])
        # A page holds 200 lines; what is beyond it is told at the next look.
        if known.lines.begin(0) >= mark.seq and known.notes.begin(0) >= mark.note_seq:
            known.found_whole(mark)


def _missing(sql: Connection, suspects: Sequence[Suspect]) -> list[Missing]:
    rows = {row.id: row for row in held.by_keys(sql, [suspect.mark.key for suspect in suspects])}
    return [
        Missing(mark, rows[mark.key], _messages(sql, mark, seq), _notes(sql, mark, note_seq))
        for mark, seq, note_seq in suspects
    ]


def _messages(sql: Connection, mark: Mark, seq: int) -> list[MessageRow]:
    return messages_after(sql, mark.key, seq) if seq < mark.seq else []


def _notes(sql: Connection, mark: Mark, note_seq: int) -> list[NoteRow]:
    return notes_after(sql, mark.key, note_seq) if note_seq < mark.note_seq else []

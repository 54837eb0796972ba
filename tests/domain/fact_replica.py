"""What somebody knows who has only heard the facts, and what is true: they must be the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection

from chat.domain import facts
from chat.domain.queries.agents import agents_where
from chat.domain.queries.messages import messages_after, notes_after
from chat.domain.queries.offers import ringing_offers
from chat.domain.queries.tickets import ticket_query
from chat.store.rows import AgentRow, MessageRow, NoteRow, TicketRow

ThreadKey = tuple[str, int]


class ThreadEnds(NamedTuple):
    """How far a ticket's threads have been looked at."""

    seq: int = 0
    note_seq: int = 0


class DatabaseState(NamedTuple):
    """All that a desk's facts speak of, as the database has it; of the threads what is new."""

    tickets: dict[int, TicketRow]
    messages: list[MessageRow]
    notes: list[NoteRow]
    agents: list[AgentRow]
    ringing: set[tuple[int, int]]


def read_state(sql: Connection, seen: Mapping[int, ThreadEnds]) -> DatabaseState:
    """Read it in one snapshot."""
    rows = [TicketRow(*row) for row in sql.execute(ticket_query())]
    said, noted = [], []
    for row in rows:
        seq, note_seq = seen.get(row.id, ThreadEnds())
        while seq < row.last_seq:
            said += messages_after(sql, row.id, seq)
            assert said[-1].seq > seq, "a hole in the thread"
            seq = said[-1].seq
        noted += notes_after(sql, row.id, note_seq) if note_seq < row.last_note_seq else []
    ringing = {(offer.ticket_id, offer.agent_id) for offer in ringing_offers(sql)}
    return DatabaseState({row.id: row for row in rows}, said, noted, agents_where(sql), ringing)


def without_position(row: TicketRow) -> TicketRow:
    """Places move with other people's tickets: each node tells them by itself."""
    return row._replace(position=None, wait_s=None)


def with_message(row: TicketRow, message: MessageRow) -> TicketRow:
    """What whoever hears of words in a dialogue may conclude of its ticket."""
    assert message.seq == row.last_seq + 1, "words overtook others"
    ours = message.author_id is not None
    return row._replace(
        rev=row.rev + 1,
        last_seq=message.seq,
        preview=" ".join(message.text.split())[:140],
        last_from="agent" if ours else "visitor",
        updated_at=message.at,
        visitor_read_seq=row.visitor_read_seq if ours else message.seq,
        agent_read_seq=message.seq if ours else row.agent_read_seq,
        unread=0 if ours else row.unread + 1,
        unanswered_since=None if ours else row.unanswered_since or message.at,
    )


@dataclass
class FactReplica:
    """A copy that nothing but facts have changed."""

    tickets: dict[int, TicketRow] = field(default_factory=dict)
    messages: dict[ThreadKey, MessageRow] = field(default_factory=dict)
    notes: dict[ThreadKey, NoteRow] = field(default_factory=dict)
    agents: dict[int, AgentRow] = field(default_factory=dict)
    ringing: set[tuple[int, int]] = field(default_factory=set)
    seen: dict[int, ThreadEnds] = field(default_factory=dict)
    applied: int = 0

    def apply_new(self, told: Sequence[object]) -> None:
        """Take in the facts since last time."""
        for fact in told[self.applied :]:
            self._apply(fact)
        self.applied = len(told)

    def _apply(self, fact: object) -> None:
        ticket = getattr(fact, "ticket", None)
        if isinstance(ticket, TicketRow):
            self._apply_ticket(ticket)
        match fact:
            case facts.MessagePosted(message, _):
                assert (message.ticket, message.seq) not in self.messages, "told twice"
                self.messages[message.ticket, message.seq] = message
            case facts.PlainMessagePosted(message, ticket_id, _, _):
                assert (message.ticket, message.seq) not in self.messages, "told twice"
                self.messages[message.ticket, message.seq] = message
                self.tickets[ticket_id] = with_message(self.tickets[ticket_id], message)
            case facts.NotePosted(note, _):
                assert (note.ticket, note.note_seq) not in self.notes, "told twice"
                self.notes[note.ticket, note.note_seq] = note
            case facts.OfferMade(offer, about, _):
                self.ringing.add((about.id, offer.agent_id))
            case facts.OfferEnded(about, offer, _):
                self.ringing.discard((about.id, offer.agent_id))
            case facts.AgentChanged(agent):
                self.agents[agent.id] = agent

    def _apply_ticket(self, row: TicketRow) -> None:
        known = self.tickets.get(row.id)
        assert known is None or row.rev >= known.rev, "a fact brought an older row than the one before"
        assert known is None or row.rev > known.rev or without_position(row) == known, "the row moved and rev did not"
        self.tickets[row.id] = without_position(row)

    def check(self, truth: DatabaseState) -> None:
        """Each part by itself, so that a failure names the row."""
        assert self.tickets.keys() == truth.tickets.keys()
        for key, row in truth.tickets.items():
            assert self.tickets[key] == row, f"heard {self.tickets[key]}, true is {row}"
        for agent in truth.agents:
            assert self.agents.get(agent.id) == agent, f"heard {self.agents.get(agent.id)}, true is {agent}"
        assert self.ringing == truth.ringing
        self._check_threads(truth)

    def _check_threads(self, truth: DatabaseState) -> None:
        assert all(self.messages[row.ticket, row.seq] == row for row in truth.messages)
        assert all(self.notes[row.ticket, row.note_seq] == row for row in truth.notes)
        self.seen = {row.id: ThreadEnds(row.last_seq, row.last_note_seq) for row in truth.tickets.values()}
        assert len(self.messages) == sum(heads.seq for heads in self.seen.values()), "numbered without gaps"
        assert len(self.notes) == sum(heads.note_seq for heads in self.seen.values())

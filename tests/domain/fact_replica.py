"""A replica that only facts have changed must equal the database."""

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
    """The last message and the last note of a ticket that were compared."""

    seq: int = 0
    note_seq: int = 0


class DatabaseState(NamedTuple):
    """All that facts describe, as the database has it; only the messages and notes after `seen`."""

    tickets: dict[int, TicketRow]
    messages: list[MessageRow]
    notes: list[NoteRow]
    agents: list[AgentRow]
    ringing: set[tuple[int, int]]


def read_state(sql: Connection, seen: Mapping[int, ThreadEnds]) -> DatabaseState:
    """The state in one snapshot."""
    rows = [TicketRow(*row) for row in sql.execute(ticket_query())]
    new_messages, new_notes = [], []
    for row in rows:
        seq, note_seq = seen.get(row.id, ThreadEnds())
        while seq < row.last_seq:
            new_messages += messages_after(sql, row.id, seq)
            assert new_messages[-1].seq > seq, "a missing seq"
            seq = new_messages[-1].seq
        new_notes += notes_after(sql, row.id, note_seq) if note_seq < row.last_note_seq else []
    ringing = {(offer.ticket_id, offer.agent_id) for offer in ringing_offers(sql)}
    return DatabaseState({row.id: row for row in rows}, new_messages, new_notes, agents_where(sql), ringing)


def without_position(row: TicketRow) -> TicketRow:
    """The row without queue position: other tickets change it without a fact, and each node announces it itself."""
    return row._replace(position=None, wait_s=None)


def with_message(row: TicketRow, message: MessageRow) -> TicketRow:
    """The ticket's row as a client derives it from a message of the fast path."""
    assert message.seq == row.last_seq + 1, "a message overtook others"
    by_agent = message.author_id is not None
    return row._replace(
        rev=row.rev + 1,
        last_seq=message.seq,
        preview=" ".join(message.text.split())[:140],
        last_from="agent" if by_agent else "visitor",
        last_agent=message.author_id,
        updated_at=message.at,
        visitor_read_seq=row.visitor_read_seq if by_agent else message.seq,
        agent_read_seq=message.seq if by_agent else row.agent_read_seq,
        unread=0 if by_agent else row.unread + 1,
        unanswered_since=None if by_agent else row.unanswered_since or message.at,
    )


@dataclass
class FactReplica:
    """A copy of the domain's state that only facts have changed."""

    tickets: dict[int, TicketRow] = field(default_factory=dict)
    messages: dict[ThreadKey, MessageRow] = field(default_factory=dict)
    notes: dict[ThreadKey, NoteRow] = field(default_factory=dict)
    agents: dict[int, AgentRow] = field(default_factory=dict)
    ringing: set[tuple[int, int]] = field(default_factory=set)
    seen: dict[int, ThreadEnds] = field(default_factory=dict)
    applied: int = 0

    def apply_new(self, all_facts: Sequence[object]) -> None:
        """Apply the facts since the last call."""
        for fact in all_facts[self.applied :]:
            self._apply(fact)
        self.applied = len(all_facts)

    def _apply(self, fact: object) -> None:
        ticket = getattr(fact, "ticket", None)
        if isinstance(ticket, TicketRow):
            self._apply_ticket(ticket)
        match fact:
            case facts.MessagePosted(message, _):
                assert (message.ticket, message.seq) not in self.messages, "announced twice"
                self.messages[message.ticket, message.seq] = message
            case facts.PlainMessagePosted(message, ticket_id, _, _):
                assert (message.ticket, message.seq) not in self.messages, "announced twice"
                self.messages[message.ticket, message.seq] = message
                self.tickets[ticket_id] = with_message(self.tickets[ticket_id], message)
            case facts.NotePosted(note, _):
                assert (note.ticket, note.note_seq) not in self.notes, "announced twice"
                self.notes[note.ticket, note.note_seq] = note
            case facts.OfferMade(offer, about, _):
                self.ringing.add((about.id, offer.agent_id))
            case facts.OfferEnded(about, offer, _):
                self.ringing.discard((about.id, offer.agent_id))
            case facts.AgentChanged(agent):
                self.agents[agent.id] = agent

    def _apply_ticket(self, row: TicketRow) -> None:
        before = self.tickets.get(row.id)
        assert before is None or row.rev >= before.rev, "a fact brought an older row than the one before"
        assert before is None or row.rev > before.rev or without_position(row) == before, "the row changed, rev did not"
        self.tickets[row.id] = without_position(row)

    def check(self, state: DatabaseState) -> None:
        """Compares each part by itself, so that a failure names the row."""
        assert self.tickets.keys() == state.tickets.keys()
        for key, row in state.tickets.items():
            assert self.tickets[key] == row, f"replica has {self.tickets[key]}, database {row}"
        for agent in state.agents:
            assert self.agents.get(agent.id) == agent, f"replica has {self.agents.get(agent.id)}, database {agent}"
        assert self.ringing == state.ringing
        self._check_threads(state)

    def _check_threads(self, state: DatabaseState) -> None:
        assert all(self.messages[row.ticket, row.seq] == row for row in state.messages)
        assert all(self.notes[row.ticket, row.note_seq] == row for row in state.notes)
        self.seen = {row.id: ThreadEnds(row.last_seq, row.last_note_seq) for row in state.tickets.values()}
        assert len(self.messages) == sum(heads.seq for heads in self.seen.values()), "seq has gaps"
        assert len(self.notes) == sum(heads.note_seq for heads in self.seen.values())

"""Notes: what agents write to each other on a ticket, with numbers of their own: the numbers that a visitor sees must
not show how many notes there are."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, update

from chat.domain.facts import NotePosted
from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.messages import notes_where
from chat.domain.queries.tickets import ticket_by_key
from chat.domain.refusals import Conflict
from chat.domain.text import clean_text
from chat.domain.tickets.locks import lock_ticket
from chat.store.rows import NoteRow
from chat.store.tables import new_id, notes, tickets
from chat.store.transaction import Transaction


class NewNote(NamedTuple):
    """A note to add; its client id makes it once."""

    client_id: str
    text: str


def add_note(tx: Transaction, agent_id: int, ticket: str, new: NewNote, now: datetime) -> NoteRow:
    """Add a note, or return the one with this client id. Conflict when that one has another text."""
    text = clean_text(new.text)
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    same = (notes.c.ticket_id == row.id, notes.c.agent_id == agent.id, notes.c.client_id == new.client_id)
    if repeated := notes_where(tx.sql, *same):
        if repeated[0].text != text:
            raise Conflict("this client_id was used for another note")
        return repeated[0]
    note_seq, after_seq = _allocate_note_seq(tx.sql, row.id)
    tx.sql.execute(
        insert(notes).values(
            ticket_id=row.id,
            note_seq=note_seq,
            after_seq=after_seq,
            public_id=new_id("n"),
            client_id=new.client_id,
            agent_id=agent.id,
            author_name=agent.name,
            text=text,
            at=now,
        )
    )
    note = notes_where(tx.sql, *same)[0]
    tx.record(NotePosted(note, ticket_by_key(tx.sql, row.id)))
    return note


def _allocate_note_seq(sql: Connection, ticket_id: int) -> tuple[int, int]:
    """The ticket's next note number, and the number of the message that the note follows."""
    changed = update(tickets).where(tickets.c.id == ticket_id)
    numbered = changed.values(last_note_seq=tickets.c.last_note_seq + 1, rev=tickets.c.rev + 1)
    note_seq, after_seq = sql.execute(numbered.returning(tickets.c.last_note_seq, tickets.c.last_seq)).one()
    return note_seq, after_seq

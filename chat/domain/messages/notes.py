"""Notes: what agents say among themselves on a ticket, numbered apart so that nothing of it shows outside."""

from datetime import datetime

from sqlalchemy import insert, update

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


def add_note(tx: Transaction, agent_id: int, ticket: str, sent: tuple[str, str], now: datetime) -> NoteRow:
    """Write a note; `said` is its client_id and text. The same id again: the first answer; other text: Conflict."""
    client_id, text = sent[0], clean_text(sent[1])
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    numbers = (
        update(tickets)
        .where(tickets.c.id == row.id)
        .values(last_note_seq=tickets.c.last_note_seq + 1, rev=tickets.c.rev + 1)
        .returning(tickets.c.last_note_seq, tickets.c.last_seq)
    )
    own = (notes.c.ticket_id == row.id, notes.c.agent_id == agent.id, notes.c.client_id == client_id)
    if repeated := notes_where(tx.sql, *own):
        if repeated[0].text != text:
            raise Conflict("this client_id has said something else")
        return repeated[0]
    note_seq, after_seq = tx.sql.execute(numbers).one()
    values = {"ticket_id": row.id, "agent_id": agent.id, "client_id": client_id, "author_name": agent.name}
    values |= {
        "note_seq": note_seq,
        "after_seq": after_seq,
        "public_id": new_id("n"),
        "text": text,
        "at": now,
    }
    tx.sql.execute(insert(notes).values(**values))
    note = notes_where(tx.sql, *own)[0]
    tx.record(NotePosted(note, ticket_by_key(tx.sql, row.id)))
    return note

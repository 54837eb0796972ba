"""Notes: what agents say among themselves on a ticket, numbered apart so that nothing of it shows outside."""

from datetime import datetime

from sqlalchemy import insert, update

from chat.desk.changes import hold_ticket
from chat.desk.facts import NotePosted
from chat.desk.records import agent_by_key, notes_where, ticket_by_key
from chat.desk.refusals import Conflict
from chat.desk.words import clean
from chat.store.rows import NoteRow
from chat.store.tables import new_id, notes, tickets
from chat.store.works import Work


def add_note(work: Work, agent_id: int, ticket: str, said: tuple[str, str], now: datetime) -> NoteRow:
    """Write a note; `said` is its client_id and text. The same id again: the first answer; other text: Conflict."""
    client_id, text = said[0], clean(said[1])
    row, agent = hold_ticket(work.sql, ticket), agent_by_key(work.sql, agent_id)
    numbers = (
        update(tickets)
        .where(tickets.c.id == row.id)
        .values(last_note_seq=tickets.c.last_note_seq + 1, rev=tickets.c.rev + 1)
        .returning(tickets.c.last_note_seq, tickets.c.last_seq)
    )
    own = (notes.c.ticket_id == row.id, notes.c.agent_id == agent.id, notes.c.client_id == client_id)
    if repeated := notes_where(work.sql, *own):
        if repeated[0].text != text:
            raise Conflict("this client_id has said something else")
        return repeated[0]
    note_seq, after_seq = work.sql.execute(numbers).one()
    values = {"ticket_id": row.id, "agent_id": agent.id, "client_id": client_id, "author_name": agent.name}
    values |= {
        "note_seq": note_seq,
        "after_seq": after_seq,
        "public_id": new_id("n"),
        "text": text,
        "at": now,
    }
    work.sql.execute(insert(notes).values(**values))
    note = notes_where(work.sql, *own)[0]
    work.happened(NotePosted(note, ticket_by_key(work.sql, row.id)))
    return note

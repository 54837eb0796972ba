"""Messages and notes as payloads."""

from collections.abc import Mapping
from typing import cast

from msgspec import UNSET

from chat import protocol
from chat.store.rows import MessageRow, NoteRow
from chat.vocabulary import EventName


def message(row: MessageRow) -> protocol.Message:
    """A message from its row."""
    ticket, seq, public_id, client_id, author, author_id, author_name, text, event, at = row
    return protocol.Message(
        ticket=ticket,
        seq=seq,
        id=public_id,
        client_id=client_id,
        kind="text" if event is None else "event",
        author=_author(author, author_id, author_name),
        text=text,
        at=at,
        event=UNSET if event is None else _event(event),
    )


def _author(author: str, author_id: str | None, name: str | None) -> protocol.Author:
    if author_id is not None:
        return protocol.Author(kind="agent", name=name, id=author_id)
    return protocol.Author(kind="visitor" if author == "visitor" else "system", name=name)


def _event(event: Mapping[str, object]) -> protocol.TicketEvent:
    args = event["args"]
    assert isinstance(args, dict)
    return protocol.TicketEvent(name=cast(EventName, event["name"]), args=args)


def note(row: NoteRow) -> protocol.Note:
    """A note from its row."""
    return protocol.Note(
        ticket=row.ticket,
        note_seq=row.note_seq,
        after=row.after_seq,
        id=row.public_id,
        client_id=row.client_id,
        author=protocol.Author(kind="agent", name=row.author_name, id=row.author_id),
        text=row.text,
        at=row.at,
    )

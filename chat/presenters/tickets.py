"""Tickets and cards as payloads."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET

from chat import protocol
from chat.domain.rules.status import REOPENS_FOR
from chat.links import TicketLinks
from chat.store.rows import TicketRow


def ticket(row: TicketRow, links: TicketLinks | None = None) -> protocol.Ticket:
    """A ticket from its row. Pass `links` only in a payload for its visitor: nobody else gets the link of its page."""
    return protocol.Ticket(
        id=row.public_id,
        number=row.id,
        status=row.status,
        channel=row.channel,
        category=row.category,
        agent=_agent_of(row),
        queue=protocol.Queue(position=row.position, wait_s=row.wait_s) if row.position is not None else None,
        promise=protocol.AnswerPromise(due=due) if (due := owed_by(row)) else None,
        hold=protocol.HoldState(until=row.estimated_at, reason=row.hold_reason) if row.estimated_at else None,
        read=protocol.Read(visitor=row.visitor_read_seq, agent=row.agent_read_seq),
        head=row.last_seq,
        rev=row.public_rev,
        form_offered=row.form_offered_at is not None,
        reachable=row.email is not None,
        reply_until=row.solved_at + REOPENS_FOR if row.status == "solved" and row.solved_at else None,
        link=links.url(row.public_id) if links else UNSET,
    )


def owed_by(row: TicketRow) -> datetime | None:
    """The due time of our answer, or None once we have answered and after the end. No status hides a promise."""
    return row.promise_due_at if row.owes_answer else None


def _agent_of(row: TicketRow) -> protocol.Person | None:
    if row.agent_public_id is None or row.agent_name is None:
        return None
    return protocol.Person(id=row.agent_public_id, name=row.agent_name, photo=row.agent_photo)


def card(row: TicketRow) -> protocol.Card:
    """A ticket in the inbox."""
    return protocol.Card(
        ticket=row.public_id,
        number=row.id,
        status=row.status,
        channel=row.channel,
        category=row.category,
        name=row.name,
        preview=row.preview,
        agent=_agent_of(row),
        visitor=row.visitor_state,
        unread=row.unread,
        waiting_since=row.unanswered_since,
        due=owed_by(row),
        updated_at=row.updated_at,
        rev=row.public_rev,
        last_from="agent" if row.last_from == "agent" else "visitor",
        last_by=row.last_agent,
        queued_at=row.queued_at,
    )


def cards(rows: Sequence[TicketRow]) -> list[protocol.Card]:
    """Tickets in the inbox, in the same order."""
    return [card(row) for row in rows]

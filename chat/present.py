"""A row as a wire payload: the only place where the database's words become the client's."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec import UNSET

from chat import wire
from chat.desk.queue import DecisionRow
from chat.desk.refusals import Conflict, Holder, Refused, TooMany
from chat.desk.rules.status import REOPENS_FOR
from chat.desk.service import Service
from chat.store.rows import AgentRow, DepartmentRow, MessageRow, NoteRow, OfferRow, TicketRow, VisitorRow

SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Links:
    """The address of a ticket's own page: its id and 128 bits that only this server can make."""

    secret: bytes
    public_url: str

    def path(self, ticket: str) -> str:
        return f"/t/{ticket}.{self._signature(ticket)}"

    def address(self, ticket: str) -> str:
        return self.public_url.rstrip("/") + self.path(ticket)

    def ticket_of(self, link: str) -> str | None:
        """The ticket that this link opens, or None when it was not made here."""
        ticket, _, signature = link.rpartition(".")
        made_here = hmac.compare_digest(signature.encode(), self._signature(ticket).encode())
        return ticket if made_here else None

    def _signature(self, ticket: str) -> str:
        made = hmac.digest(self.secret, b"ticket page\0" + ticket.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made[:SIGNATURE_BYTES]).decode().rstrip("=")


def ticket(row: TicketRow, links: Links | None = None) -> wire.Ticket:
    """A ticket; with `links` for its visitor, who alone is told the address of its page."""
    return wire.Ticket(
        id=row.public_id,
        number=row.id,
        status=row.status,
        channel=row.channel,
        category=row.category,
        agent=_agent_of(row),
        queue=wire.Queue(position=row.position, wait_s=row.wait_s) if row.position is not None else None,
        promise=wire.Promise(due=due) if (due := _owed(row)) else None,
        read=wire.Read(visitor=row.read_visitor, agent=row.read_agent),
        head=row.last_seq,
        rev=row.told_rev,
        form_offered=row.form_offered_at is not None,
        reachable=row.email is not None,
        reply_until=row.solved_at + REOPENS_FOR if row.status == "solved" and row.solved_at else None,
        link=links.address(row.public_id) if links else UNSET,
    )


def _owed(row: TicketRow) -> datetime | None:
    """By when we answer; nothing once we have, while the customer owes the next word, and on what has ended."""
    return None if row.kept_at or row.status in ("pending", "solved", "closed") else row.due


def _agent_of(row: TicketRow) -> wire.Person | None:
    if row.agent_public_id is None or row.agent_name is None:
        return None
    return wire.Person(id=row.agent_public_id, name=row.agent_name, photo=row.agent_photo)


def card(row: TicketRow) -> wire.Card:
    """A line of the inbox."""
    return wire.Card(
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
        waiting_since=row.waiting_since,
        due=_owed(row),
        updated_at=row.updated_at,
        rev=row.told_rev,
        last_from="agent" if row.last_from == "agent" else "visitor",
        queued_at=row.queued_at,
    )


def cards(rows: Sequence[TicketRow]) -> list[wire.Card]:
    """Lines of the inbox."""
    return [card(row) for row in rows]


def message(row: MessageRow) -> wire.Message:
    """A line of the thread."""
    ticket, seq, public_id, client_id, author, author_id, author_name, text, event, at = row
    return wire.Message(
        ticket=ticket,
        seq=seq,
        id=public_id,
        client_id=client_id,
        kind="text" if event is None else "event",
        author=_author(author, author_id, author_name),
        text=text,
        at=at,
        event=UNSET if event is None else _happening(event),
    )


def _author(author: str, author_id: str | None, name: str | None) -> wire.Author:
    if author_id is not None:
        return wire.Author(kind="agent", name=name, id=author_id)
    return wire.Author(kind="visitor" if author == "visitor" else "system", name=name)


def _happening(event: Mapping[str, object]) -> wire.Happening:
    args = event["args"]
    assert isinstance(args, dict)
    return wire.Happening(name=str(event["name"]), args=args)


def note(row: NoteRow) -> wire.Note:
    """A line for the team."""
    return wire.Note(
        ticket=row.ticket,
        note_seq=row.note_seq,
        after=row.after_seq,
        id=row.public_id,
        client_id=row.client_id,
        author=wire.Author(kind="agent", name=row.author_name, id=row.author_id),
        text=row.text,
        at=row.at,
    )


def agent(row: AgentRow, connected: bool) -> wire.Agent:
    """A member of the team; what they chose counts only while they are connected."""
    return wire.Agent(
        id=row.public_id,
        name=row.name,
        photo=row.photo,
        role=row.role,
        state=row.state if connected else "offline",
        since=row.state_since,
        chats=row.chats,
        capacity=row.capacity,
        departments=list(row.departments),
        why="missed" if row.away_why == "missed" and row.state == "away" else None,
    )


def department(row: DepartmentRow) -> wire.Department:
    """A part of the team."""
    return wire.Department(id=row.public_id, name=row.name)


def offer(row: OfferRow, rung: TicketRow, giver: Holder | None) -> wire.Offer:
    """What rings on a console."""
    by = person(giver) if giver else None
    return wire.Offer(card=card(rung), expires_at=row.expires_at, why=row.rule, by=by)


def person(holder: Holder) -> wire.Person:
    """An agent by name."""
    return wire.Person(id=holder.id, name=holder.name, photo=holder.photo)


def page(found: Mapping[str, str] | None) -> wire.Page | None:
    """The page a visitor is on."""
    if found is None:
        return None
    return wire.Page(url=found.get("url", ""), title=found.get("title", ""), referrer=found.get("referrer", ""))


def visitor(row: VisitorRow, earlier: Sequence[TicketRow]) -> wire.Visitor:
    """The person behind a ticket."""
    return wire.Visitor(
        id=row.public_id,
        name=row.name,
        email=row.email,
        verified=row.verified,
        locale=row.locale,
        page=page(row.page),
        timezone=row.timezone,
        tickets=cards(earlier),
    )


def service(found: Service) -> wire.Service:
    """What is to be had."""
    return wire.Service(
        state=found.state,
        mode=found.mode,
        until=found.until,
        next_open=found.next_open,
        promise=wire.Promise(due=found.due) if found.due else None,
    )


def decision(row: DecisionRow) -> wire.Decision:
    """Why a ticket rang where it did."""
    seen = msgspec.convert(row.candidates, list[wire.Excluded])
    return wire.Decision(at=row.at, rule=row.rule, chosen=row.chosen, candidates=seen)


def refusal(refused: Refused, available: Service | None = None) -> wire.Refusal:
    """Why a command was not done; `available` where a form is to be had instead."""
    error = wire.Error(
        code=refused.code,
        message=refused.message,
        field=refused.field or UNSET,
        reason=refused.reason or UNSET,
        by=person(refused.by) if isinstance(refused, Conflict) and refused.by else UNSET,
        retry_after=refused.retry_after if isinstance(refused, TooMany) else UNSET,
        service=service(available) if available else UNSET,
    )
    return wire.Refusal(error=error)

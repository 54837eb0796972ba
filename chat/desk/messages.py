"""Messages: posted once, numbered without gaps, caught up by cursor."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, ScalarSelect, func, insert, select, update

from chat.desk import reopening
from chat.desk.changes import Situation, agents_changed, changed, end_offers, next_seq, posted, tell
from chat.desk.facts import MessagePosted, ReadMoved
from chat.desk.records import (
    agent_by_key,
    messages_after,
    messages_where,
    newest_messages,
    newest_notes,
    notes_after,
    plain,
    ticket_by_key,
    ticket_by_public_id,
    ticket_of_visitor,
)
from chat.desk.refusals import BadRequest, Conflict, Empty, Holder, Refused, TicketEnded, TooLong
from chat.desk.rules import status as statuses
from chat.store.rows import AgentRow, MessageRow, NoteRow, Status, TicketRow
from chat.store.tables import agents, messages, new_id, tickets
from chat.store.works import Work

LONGEST_TEXT = 4000
PREVIEW = 140

# No language writes more marks in a row than Unicode's own bound of 30, and to put n of them in order takes n * n
# steps: a second for one message, in which nobody else is served. The first pattern is only the quick one of two.
_MARKS = "".join(sign for sign in map(chr, range(0x300, 0x1E950)) if unicodedata.category(sign).startswith("M"))
_BEYOND_LATIN = re.compile("[\u0300-\U0001e94f]{31}")
_TOO_MANY_MARKS = re.compile(f"[{_MARKS}]{{31}}")


@dataclass(frozen=True, slots=True)
class Post:
    """Words on their way into a ticket, from exactly one of its visitor and an agent."""

    ticket: str
    client_id: str
    text: str
    situation: Situation
    visitor_id: int | None = None
    agent_id: int | None = None

    @property
    def author(self) -> str:
        return "visitor" if self.agent_id is None else f"agent:{self.agent_id}"


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What came after a cursor. `restart`: the cursor was newer than the data (a restored backup)."""

    ticket: TicketRow
    messages: list[MessageRow]
    restart: bool
    notes: list[NoteRow]


def composed(text: str, field: str = "text") -> str:
    """NFC and trimmed; BadRequest for NUL, which no database keeps, and for marks without end."""
    if "\0" in text:
        raise BadRequest("NUL can't be stored", field=field)
    if _BEYOND_LATIN.search(text) and _TOO_MANY_MARKS.search(text):
        raise BadRequest("more than 30 combining marks in a row", field=field)
    return unicodedata.normalize("NFC", text).strip()


def clean(text: str, field: str = "text", longest: int = LONGEST_TEXT) -> str:
    """As `composed`, and Empty, or TooLong (code points)."""
    text = composed(text, field)
    if not text:
        raise Empty("nothing is left after trimming", field=field)
    if len(text) > longest:
        raise TooLong(f"at most {longest} code points", field=field)
    return text


def preview(text: str) -> str:
    """One line of it, for the inbox."""
    return " ".join(text.split())[:PREVIEW]


def post_batch(works: Sequence[Work], posts: Sequence[Post]) -> list[MessageRow | Exception]:
    """Store many callers' words in one transaction; a refusal is the result of its own caller only."""
    _lock_in_order(works[0].sql, posts)
    return [_outcome(work, post) for work, post in zip(works, posts, strict=True)]


def _lock_in_order(sql: Connection, posts: Sequence[Post]) -> None:
    """By id, whatever the order of arrival: two nodes whose batches share tickets would deadlock otherwise."""
    named = {plain(post.ticket) for post in posts}
    locked = select(tickets.c.id).where(tickets.c.public_id.in_(named)).order_by(tickets.c.id)
    sql.execute(locked.with_for_update(key_share=True)).all()


def _outcome(work: Work, post: Post) -> MessageRow | Exception:
    try:
        return post_one(work, post)
    except Refused as refused:
        return refused


def post_one(work: Work, post: Post) -> MessageRow:
    """Store the words, or give the first answer again. Everything that can refuse comes before any write."""
    ticket = _ticket_of(work.sql, post)
    text = clean(post.text)
    if repeated := said_before(work.sql, ticket.id, post.author, post.client_id):
        return same_words(repeated, text)
    if post.agent_id is None:
        return _from_visitor(work, ticket, post, text)
    return _from_agent(work, ticket, post, text)


def _ticket_of(sql: Connection, post: Post) -> TicketRow:
    if post.visitor_id is not None:
        return ticket_of_visitor(sql, post.visitor_id, post.ticket)
    return ticket_by_public_id(sql, post.ticket)


def said_before(sql: Connection, ticket_id: int, author: str, client_id: str) -> MessageRow | None:
    """The message that this author sent under this id, if they did."""
    found = messages_where(
        sql,
        messages.c.ticket_id == ticket_id,
        messages.c.author == author,
        messages.c.client_id == client_id,
    )
    return found[0] if found else None


def same_words(repeated: MessageRow, text: str) -> MessageRow:
    """The first answer again; Conflict when the same id now says something else."""
    if repeated.text != text:
        raise Conflict("this client_id has said something else")
    return repeated


def _from_visitor(work: Work, ticket: TicketRow, post: Post, text: str) -> MessageRow:
    status = reopening.status_after_visitor(work.sql, ticket, post.situation)
    if status is None:
        raise TicketEnded
    now = post.situation.now
    unanswered = ticket.waiting_since or now
    fact = _write(work, ticket, post, text, unread=tickets.c.unread + 1, waiting_since=unanswered, freed_at=None)
    if status != ticket.status:
        reopening.reopen(work, ticket, status, post.situation)
    elif ticket.waiting_since is None:
        changed(work, ticket.id)
    if fact.ticket.assignee_id and ticket.status == "live":
        _place_taken_again(work, ticket, now)
    return fact.message


def _place_taken_again(work: Work, ticket: TicketRow, now: datetime) -> None:
    if ticket.freed_at is not None:
        agents_changed(work, [ticket.assignee_id])


def _from_agent(work: Work, ticket: TicketRow, post: Post, text: str) -> MessageRow:
    assert post.agent_id is not None
    agent, now = agent_by_key(work.sql, post.agent_id), post.situation.now
    status = _status_after_answer(work.sql, ticket, agent, now)
    claimed = ticket.assignee_id is None
    if claimed:
        _join(work, ticket, agent, now)
    columns = {
        "assignee_id": agent.id,
        "status": status,
        "taken_at": ticket.taken_at or now,
        "kept_at": ticket.kept_at or (now if ticket.due else None),
        "answered_at": ticket.answered_at or now,
        "waiting_since": None,
        "lost_agent_id": None,
        "form_offered_at": None,
        "unread": 0,
    }
    fact = _write(work, ticket, post, text, agent_name=agent.name, **columns)
    _announce_answer(work, ticket, fact, claimed)
    return fact.message


def _join(work: Work, ticket: TicketRow, agent: AgentRow, now: datetime) -> None:
    """Nobody's ticket is claimed by an answer; their name is told before their first words."""
    end_offers(work, ticket.id, now, "taken")
    if ticket.status == "live":
        tell(work, ticket.id, now, "joined", {"agent": agent.name})
    work.sql.execute(update(agents).where(agents.c.id == agent.id).values(missed=0, idle_since=now))


def _status_after_answer(sql: Connection, ticket: TicketRow, agent: AgentRow, now: datetime) -> Status:
    status = statuses.after_agent_message(ticket.status, ticket.solved_at, now)
    if status == "ticket_ended":
        raise TicketEnded
    if ticket.assignee_id not in (None, agent.id):
        assert ticket.assignee_id is not None
        owner = Holder.of(agent_by_key(sql, ticket.assignee_id))
        raise Conflict("another agent has this ticket", by=owner, reason="taken")
    return status


def _announce_answer(work: Work, before: TicketRow, fact: MessagePosted, claimed: bool) -> None:
    """The message itself tells the hot path; the ticket is told only where more than the thread moved."""
    first = before.waiting_since is not None and before.answered_at is None
    if claimed or first or before.status != fact.ticket.status or before.form_offered_at:
        changed(work, before.id)
    if claimed:
        agents_changed(work, [fact.ticket.assignee_id])


def _write(
    work: Work, ticket: TicketRow, post: Post, text: str, agent_name: str | None = None, **columns: object
) -> MessagePosted:
    now = post.situation.now
    side = "visitor" if post.agent_id is None else "agent"
    columns |= {"last_from": side, "last_at": now, "updated_at": now, "preview": preview(text)}
    seq = next_seq(work.sql, ticket.id, **columns, **{f"read_{side}": tickets.c.last_seq + 1})
    work.sql.execute(
        insert(messages).values(
            ticket_id=ticket.id,
            seq=seq,
            public_id=new_id("m"),
            client_id=post.client_id,
            author=post.author,
            agent_id=post.agent_id,
            author_name=agent_name or ticket.name,
            text=text,
            at=now,
        )
    )
    return posted(work, ticket.id, seq)


def mark_read(work: Work, ticket: TicketRow, seq: int, by: Literal["visitor", "agent"], now: datetime) -> None:
    """Move a read mark forward, never back and never beyond the thread; `ticket` as its owner was shown it."""
    column = tickets.c.read_visitor if by == "visitor" else tickets.c.read_agent
    seq = min(seq, ticket.last_seq)
    moved = update(tickets).where(tickets.c.id == ticket.id, column < seq)
    values: dict[str, Any] = {column.name: seq, "rev": tickets.c.rev + 1}
    if by == "agent":
        values["unread"] = _unread_after(seq, ticket.id)
    if work.sql.execute(moved.values(**values)).rowcount:
        work.happened(ReadMoved(ticket_by_key(work.sql, ticket.id), seq, by))


def _unread_after(seq: int, ticket_id: int) -> ScalarSelect[int]:
    unread = select(func.count()).select_from(messages)
    return unread.where(
        messages.c.ticket_id == ticket_id, messages.c.seq > seq, messages.c.author == "visitor"
    ).scalar_subquery()


def read_by_visitor(work: Work, visitor_id: int, ticket: str, seq: int, now: datetime) -> None:
    """A visitor has read their own ticket up to `seq`; NotFound."""
    mark_read(work, ticket_of_visitor(work.sql, visitor_id, ticket), seq, "visitor", now)


def read_by_agent(work: Work, agent_id: int, ticket: str, seq: int, now: datetime) -> None:
    """An agent has read a ticket up to `seq`. Another agent's look changes nothing: the owner has yet to read it."""
    row = ticket_by_public_id(work.sql, ticket)
    if row.assignee_id in (None, agent_id):
        mark_read(work, row, seq, "agent", now)


def visitor_catch_up(sql: Connection, visitor_id: int, ticket: str, after: int) -> CaughtUp:
    """What a visitor missed of their ticket; NotFound."""
    return _caught_up(sql, ticket_of_visitor(sql, visitor_id, ticket), after, None)


def agent_catch_up(sql: Connection, ticket: str, after: int, notes_after: int) -> CaughtUp:
    """What an agent missed of a ticket, notes too; NotFound."""
    return _caught_up(sql, ticket_by_public_id(sql, ticket), after, notes_after)


def _caught_up(sql: Connection, ticket: TicketRow, after: int, note_cursor: int | None) -> CaughtUp:
    restart = after > ticket.last_seq or (note_cursor or 0) > ticket.last_note_seq
    if restart:
        notes = [] if note_cursor is None else newest_notes(sql, ticket)
        return CaughtUp(ticket, newest_messages(sql, ticket), True, notes)
    notes = [] if note_cursor is None else notes_after(sql, ticket.id, note_cursor)
    return CaughtUp(ticket, messages_after(sql, ticket.id, after), False, notes)

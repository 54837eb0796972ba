"""Messages: posted once, numbered without gaps, caught up by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, cast

from sqlalchemy import Connection, ScalarSelect, func, insert, select, update

from chat.desk import dialogue, reopening
from chat.desk.changes import agents_changed, change, changed, end_offers, next_seq, posted, tell
from chat.desk.facts import MessagePosted, ReadMoved
from chat.desk.records import (
    agent_by_key,
    messages_after,
    messages_where,
    newest_messages,
    newest_notes,
    notes_after,
    ticket_by_key,
    ticket_by_public_id,
    ticket_of_visitor,
    unplaced_tickets,
)
from chat.desk.refusals import Conflict, Holder, NotFound, Refused, TicketEnded
from chat.desk.rules import status as statuses
from chat.desk.words import Post as Post
from chat.desk.words import clean, preview, same_words
from chat.store.rows import AgentRow, MessageRow, NoteRow, Status, TicketRow
from chat.store.tables import agents, messages, new_id, tickets
from chat.store.works import Work


class Read(NamedTuple):
    """How far one side of a ticket (by its key) has read; `origin` is the socket whose ack is its copy of that."""

    key: int
    seq: int
    now: datetime
    origin: str
    visitor_id: int | None = None
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What came after a cursor. `restart`: the cursor was newer than the data (a restored backup)."""

    ticket: TicketRow
    messages: list[MessageRow]
    restart: bool
    notes: list[NoteRow]


def post_batch(works: Sequence[Work], posts: Sequence[Post]) -> list[MessageRow | Exception]:
    """Store many callers' words in one transaction; a refusal is the result of its own caller only.

    Where a dialogue goes on nothing is looked at twice; whatever else words may do is done one by one after it.
    """
    journal = works[0].journal
    answers = dialogue.go_on(works, posts)
    others = [index for index, answer in enumerate(answers) if answer is None]
    if others:
        journal.settle()
        for index in others:
            answers[index] = _outcome(works[index], posts[index])
        journal.forget()
    return cast(list[MessageRow | Exception], answers)


def _outcome(work: Work, post: Post) -> MessageRow | Refused:
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
        # With a rev of its own: who compares revs and lines must see that there was more than a line.
        change(work, before.id, fact.message.at)
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


def _mark(work: Work, ticket: TicketRow, seq: int, by: Literal["visitor", "agent"], now: datetime) -> None:
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


def read_all(work: Work, reads: Sequence[Read]) -> list[Refused | None]:
    """Many marks in one transaction; a refusal is its own sender's. Tickets are written to in the order of their keys,
    as everywhere, so that two who write to many do not wait for each other."""
    rows = {row.id: row for row in unplaced_tickets(work.sql, sorted({read.key for read in reads}))}
    answers: list[Refused | None] = [None] * len(reads)
    for index, read in sorted(enumerate(reads), key=lambda one: one[1].key):
        row = rows.get(read.key)
        if row is None or read.visitor_id not in (None, row.visitor_id):
            answers[index] = NotFound()
        elif read.agent_id is None:
            _mark(work.as_from(read.origin), row, read.seq, "visitor", read.now)
        elif row.assignee_id in (None, read.agent_id):
            _mark(work.as_from(read.origin), row, read.seq, "agent", read.now)
    return answers


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

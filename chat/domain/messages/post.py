"""Messages: posted once, numbered without gaps, caught up by cursor."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, insert, update

from chat.domain.facts import MessagePosted
from chat.domain.messages import fast_path
from chat.domain.messages.incoming import Post
from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.messages import (
    find_by_client_id,
)
from chat.domain.queries.tickets import ticket_by_public_id, ticket_of_visitor
from chat.domain.refusals import AgentRef, Conflict, Refused, TicketEnded
from chat.domain.rules import status as statuses
from chat.domain.text import clean_text, preview, require_same_text
from chat.domain.tickets import reopening
from chat.domain.tickets.mutations import (
    allocate_seq,
    announce_agents,
    announce_message,
    announce_ticket,
    append_event,
    end_ticket_offers,
    update_ticket,
)
from chat.store.rows import AgentRow, MessageRow, TicketRow
from chat.store.tables import agents, messages, new_id, tickets
from chat.store.transaction import Transaction
from chat.vocabulary import Status


def post_batch(txs: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
    """Store many callers' words in one transaction; a refusal is the result of its own caller only.

    Where a dialogue goes on nothing is looked at twice; whatever else words may do is done one by one after it.
    """
    writer = txs[0].writer
    answers = fast_path.post_fast(txs, posts)
    others = [index for index, answer in enumerate(answers) if answer is None]
    if others:
        writer.flush_rows()
        for index in others:
            answers[index] = _outcome(txs[index], posts[index])
        writer.invalidate()
    return cast(list[MessageRow | Exception], answers)


def _outcome(tx: Transaction, post: Post) -> MessageRow | Refused:
    try:
        return post_one(tx, post)
    except Refused as refused:
        return refused


def post_one(tx: Transaction, post: Post) -> MessageRow:
    """Store the words, or give the first answer again. Everything that can refuse comes before any write."""
    ticket = _ticket_of(tx.sql, post)
    text = clean_text(post.text)
    if repeated := find_by_client_id(tx.sql, ticket.id, post.author, post.client_id):
        return require_same_text(repeated, text)
    if post.agent_id is None:
        return _from_visitor(tx, ticket, post, text)
    return _from_agent(tx, ticket, post, text)


def _ticket_of(sql: Connection, post: Post) -> TicketRow:
    if post.visitor_id is not None:
        return ticket_of_visitor(sql, post.visitor_id, post.ticket)
    return ticket_by_public_id(sql, post.ticket)


def _from_visitor(tx: Transaction, ticket: TicketRow, post: Post, text: str) -> MessageRow:
    status = reopening.status_after_visitor(tx.sql, ticket, post.context)
    if status is None:
        raise TicketEnded
    now = post.context.now
    unanswered = ticket.unanswered_since or now
    fact = _insert_message(
        tx, ticket, post, text, unread=tickets.c.unread + 1, unanswered_since=unanswered, slot_released_at=None
    )
    if status != ticket.status:
        reopening.reopen(tx, ticket, status, post.context)
    elif ticket.unanswered_since is None:
        announce_ticket(tx, ticket.id)
    if fact.ticket.assignee_id and ticket.status == "live":
        _announce_slot_retaken(tx, ticket, now)
    return fact.message


def _announce_slot_retaken(tx: Transaction, ticket: TicketRow, now: datetime) -> None:
    if ticket.slot_released_at is not None:
        announce_agents(tx, [ticket.assignee_id])


def _from_agent(tx: Transaction, ticket: TicketRow, post: Post, text: str) -> MessageRow:
    assert post.agent_id is not None
    agent, now = agent_by_key(tx.sql, post.agent_id), post.context.now
    status = _status_after_answer(tx.sql, ticket, agent, now)
    claimed = ticket.assignee_id is None
    if claimed:
        _claim_by_answer(tx, ticket, agent, now)
    columns = {
        "assignee_id": agent.id,
        "status": status,
        "assigned_at": ticket.assigned_at or now,
        "promise_kept_at": ticket.promise_kept_at or (now if ticket.promise_due_at else None),
        "answered_at": ticket.answered_at or now,
        "unanswered_since": None,
        "previous_agent_id": None,
        "form_offered_at": None,
        "unread": 0,
    }
    fact = _insert_message(tx, ticket, post, text, agent_name=agent.name, **columns)
    _announce_answer(tx, ticket, fact, claimed)
    return fact.message


def _claim_by_answer(tx: Transaction, ticket: TicketRow, agent: AgentRow, now: datetime) -> None:
    """Nobody's ticket is claimed by an answer; their name is told before their first words."""
    end_ticket_offers(tx, ticket.id, now, "taken")
    if ticket.status == "live":
        append_event(tx, ticket.id, now, "joined", {"agent": agent.name})
    tx.sql.execute(update(agents).where(agents.c.id == agent.id).values(missed_offers=0, idle_since=now))


def _status_after_answer(sql: Connection, ticket: TicketRow, agent: AgentRow, now: datetime) -> Status:
    status = statuses.after_agent_message(ticket.status, ticket.solved_at, now)
    if status == "ticket_ended":
        raise TicketEnded
    if ticket.assignee_id not in (None, agent.id):
        assert ticket.assignee_id is not None
        owner = AgentRef.of(agent_by_key(sql, ticket.assignee_id))
        raise Conflict("another agent has this ticket", by=owner, reason="taken")
    return status


def _announce_answer(tx: Transaction, before: TicketRow, fact: MessagePosted, claimed: bool) -> None:
    """The message itself tells the hot path; the ticket is told only where more than the thread moved."""
    first = before.unanswered_since is not None and before.answered_at is None
    if claimed or first or before.status != fact.ticket.status or before.form_offered_at:
        # With a rev of its own: who compares revs and lines must see that there was more than a line.
        update_ticket(tx, before.id, fact.message.at)
    if claimed:
        announce_agents(tx, [fact.ticket.assignee_id])


def _insert_message(
    tx: Transaction, ticket: TicketRow, post: Post, text: str, agent_name: str | None = None, **columns: object
) -> MessagePosted:
    now = post.context.now
    side = "visitor" if post.agent_id is None else "agent"
    columns |= {"last_from": side, "last_at": now, "updated_at": now, "preview": preview(text)}
    seq = allocate_seq(tx.sql, ticket.id, **columns, **{f"{side}_read_seq": tickets.c.last_seq + 1})
    tx.sql.execute(
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
    return announce_message(tx, ticket.id, seq)

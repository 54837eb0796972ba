"""Posting messages: each is stored once, and its ticket numbers it without gaps."""

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import Connection

from chat.domain.facts import MessagePosted
from chat.domain.messages import fast_path
from chat.domain.messages.incoming import Post
from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.messages import find_by_client_id
from chat.domain.queries.tickets import ticket_by_public_id, ticket_of_visitor
from chat.domain.refusals import Refused, TicketEnded
from chat.domain.rules import status as statuses
from chat.domain.text import clean_text, preview, require_same_text
from chat.domain.tickets import reopening
from chat.domain.tickets.assignment import assign, lock_claimant, taken
from chat.domain.tickets.mutations import (
    NewMessage,
    allocate_seq,
    announce_agents,
    announce_message,
    announce_ticket,
    insert_message,
    update_ticket,
)
from chat.store.rows import AgentRow, MessageRow, TicketRow
from chat.store.tables import tickets
from chat.store.transaction import Transaction


def post_batch(txs: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
    """Store the messages of many callers in one transaction; the refusal of one message is the result of its caller
    only. The fast path takes all it can; the slow path then takes the others one by one."""
    writer = txs[0].writer
    answers = fast_path.post_fast(txs, posts)
    others = [index for index, answer in enumerate(answers) if answer is None]
    if others:
        for index in others:
            answers[index] = post_or_refusal(txs[index], posts[index])
        writer.invalidate()
    return cast(list[MessageRow | Exception], answers)


def post_or_refusal(tx: Transaction, post: Post) -> MessageRow | Refused:
    """`post_one` for a batch: returns the refusal instead of raising it."""
    try:
        return post_one(tx, post)
    except Refused as refused:
        return refused


def post_one(tx: Transaction, post: Post) -> MessageRow:
    """The slow path: store one message, or return the one with this client id. Everything that can refuse comes before
    any write, because a batch goes on in the same transaction."""
    ticket = _ticket_of(tx.sql, post)
    text = clean_text(post.text)
    if repeated := find_by_client_id(tx.sql, ticket.id, post.author, post.client_id):
        return require_same_text(repeated, text)
    if post.agent_id is None:
        return _post_from_visitor(tx, ticket, post, text)
    return _post_from_agent(tx, ticket, post, text)


def _ticket_of(sql: Connection, post: Post) -> TicketRow:
    if post.visitor_id is not None:
        return ticket_of_visitor(sql, post.visitor_id, post.ticket)
    return ticket_by_public_id(sql, post.ticket)


def _post_from_visitor(tx: Transaction, ticket: TicketRow, post: Post, text: str) -> MessageRow:
    status = reopening.status_after_visitor(tx.sql, ticket, post.context)
    if status is None:
        raise TicketEnded
    columns = {
        "unread": tickets.c.unread + 1,
        "unanswered_since": ticket.unanswered_since or post.context.now,
        "slot_released_at": None,
        "last_agent": None,
    }
    message = NewMessage("visitor", post.context.now, text, post.client_id, author_name=ticket.name)
    fact = _insert_post(tx, ticket.id, message, columns)
    if status != ticket.status:
        reopening.reopen(tx, ticket, status, post.context)
    elif ticket.unanswered_since is None:
        announce_ticket(tx, ticket.id)
    if ticket.status == "live" and ticket.slot_released_at is not None:
        # The chat uses its agent's slot again.
        announce_agents(tx, [ticket.assignee_id])
    return fact.message


def _post_from_agent(tx: Transaction, ticket: TicketRow, post: Post, text: str) -> MessageRow:
    now = post.context.now
    status = statuses.after_agent_message(ticket.status, ticket.solved_at, now)
    if status == "ticket_ended":
        raise TicketEnded
    agent, ticket = _require_owner(tx, ticket, post)
    # What an agent writes while the ticket is on hold is news; the promised answer is still to come.
    is_promised_answer = ticket.promise_due_at is not None and ticket.status != "on_hold"
    columns = {
        "status": status,
        "assigned_at": ticket.assigned_at or now,
        "promise_kept_at": ticket.promise_kept_at or (now if is_promised_answer else None),
        "answered_at": ticket.answered_at or now,
        "unanswered_since": None,
        "previous_agent_id": None,
        "form_offered_at": None,
        "unread": 0,
        "last_agent": agent.public_id,
    }
    message = NewMessage(post.author, now, text, post.client_id, agent.id, agent.name)
    fact = _insert_post(tx, ticket.id, message, columns)
    _announce_answer(tx, ticket, fact)
    return fact.message


def _require_owner(tx: Transaction, ticket: TicketRow, post: Post) -> tuple[AgentRow, TicketRow]:
    """The agent who answers, and their ticket: an answer claims a ticket that nobody has, by the rule of all claims.
    Visitors of a chat see who joins before they see the answer."""
    agent_id = post.agent_id
    assert agent_id is not None
    if ticket.assignee_id == agent_id:
        return agent_by_key(tx.sql, agent_id), ticket
    if ticket.assignee_id is not None:
        raise taken(ticket)
    agent = lock_claimant(tx.sql, ticket, agent_id, over_capacity=False)
    return agent, assign(tx, ticket, agent, post.context.now, event=ticket.status == "live")


def _announce_answer(tx: Transaction, before: TicketRow, fact: MessagePosted) -> None:
    """Announce the ticket too when the answer changed more than its messages."""
    first = before.unanswered_since is not None and before.answered_at is None
    if first or before.status != fact.ticket.status or before.form_offered_at:
        # With a rev of its own: a client that compares revs sees that more than its messages has changed.
        update_ticket(tx, before.id, fact.message.at)


def _insert_post(tx: Transaction, ticket_id: int, message: NewMessage, columns: Mapping[str, object]) -> MessagePosted:
    side = "visitor" if message.agent_id is None else "agent"
    counters: dict[str, object] = {
        "last_from": side,
        "last_at": message.at,
        "updated_at": message.at,
        "preview": preview(message.text),
    }
    counters[f"{side}_read_seq"] = tickets.c.last_seq + 1
    seq = allocate_seq(tx.sql, ticket_id, **counters, **columns)
    insert_message(tx.sql, ticket_id, seq, message)
    return announce_message(tx, ticket_id, seq)

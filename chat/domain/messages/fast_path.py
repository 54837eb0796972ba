"""The fast path of posts: messages that change only the message columns of their ticket, many in one statement."""

from collections.abc import Sequence
from datetime import datetime

from chat.domain.facts import PlainMessagePosted
from chat.domain.messages.incoming import Post
from chat.domain.refusals import Refused
from chat.domain.text import clean_text, preview, require_same_text, strip_nul
from chat.store.message_writers.base import (
    ClientMessageKey,
    MessageWriter,
    NewMessageRow,
    TicketCounters,
    TicketState,
)
from chat.store.rows import MessageRow
from chat.store.tables import from_millis, new_ids, to_millis
from chat.store.transaction import Transaction

PostResult = MessageRow | Refused | None


class BatchPlan:
    """What a batch of posts will insert, answer and record. `existing` are stored messages that it may repeat."""

    def __init__(self, existing: dict[ClientMessageKey, MessageRow]) -> None:
        self.rows: list[NewMessageRow] = []
        self.answers: list[PostResult] = []
        self.facts: list[tuple[int, PlainMessagePosted]] = []
        self._by_ticket: dict[int, tuple[TicketState, list[NewMessageRow]]] = {}
        self._existing = existing
        # The time of the last post, as the database has it and as it reads back: many posts share one.
        self._now: datetime | None = None
        self._at, self._stored_at = 0, from_millis(0)

    def add(self, state: TicketState, post: Post, public_id: str) -> None:
        """Give the post the next seq of its ticket; a repeated client_id gets the first answer again."""
        try:
            text = clean_text(post.text)
            if existing := self._existing.get((state.public_id, post.author, post.client_id)):
                self.answers.append(require_same_text(existing, text))
                return
        except Refused as refused:
            self.answers.append(refused)
            return
        row = self._message(state, post, public_id, text)
        self._existing[row.ticket, row.author, post.client_id] = row
        self.facts.append((len(self.answers), PlainMessagePosted(row, state.id, state.visitor_id, state.assignee_id)))
        self.answers.append(row)

    def add_slow(self) -> None:
        """Leave a post to the slow path."""
        self.answers.append(None)

    def counters(self) -> list[TicketCounters]:
        """The new counters of the tickets, which their states get too."""
        for state, rows in self._by_ticket.values():
            state.counters = apply_messages(state.counters, rows, state.agent_public_id)
        return [state.counters for state, _ in self._by_ticket.values()]

    def _message(self, state: TicketState, post: Post, public_id: str, text: str) -> MessageRow:
        _, client_id, _, context, _, agent_id = post
        state.seq = seq = state.seq + 1
        if context.now is not self._now:
            self._now, self._at = context.now, to_millis(context.now)
            self._stored_at = from_millis(self._at)
        author = post.author
        name, agent = (state.name, None) if agent_id is None else (state.agent_name, state.agent_public_id)
        new = NewMessageRow(state.id, seq, public_id, client_id, author, agent_id, name, text, self._at)
        self.rows.append(new)
        if state.id in self._by_ticket:
            self._by_ticket[state.id][1].append(new)
        else:
            self._by_ticket[state.id] = state, [new]
        return MessageRow(state.public_id, seq, public_id, client_id, author, agent, name, text, None, self._stored_at)


def post_fast(txs: Sequence[Transaction], posts: Sequence[Post]) -> list[PostResult]:
    """Insert the posts that change only message columns of their ticket. Answer i is None if post i needs the slow
    path; then all later posts to the same ticket are None too, which keeps their order."""
    writer = txs[0].writer
    plan = _plan_batch(writer, posts, {})
    if not writer.write(plan.rows, plan.counters()):
        # A client_id is repeated. Only such a batch is planned twice.
        writer.invalidate()
        keys = [(strip_nul(post.ticket), post.author, post.client_id) for post in posts]
        plan = _plan_batch(writer, posts, writer.existing(keys))
        if not writer.write(plan.rows, plan.counters()):
            return [None] * len(posts)
    for index, fact in plan.facts:
        txs[index].record(fact)
    return plan.answers


def can_use_fast_path(state: TicketState, post: Post) -> bool:
    """Whether the post changes nothing of its ticket but what `apply_messages` returns: the chat is live, its visitor
    or its agent writes, no slot was released, no form is offered, no agent was lost; and an agent's post is not the
    first answer, which may keep a promise."""
    undisturbed = state.slot_released_at is None and state.form_offered_at is None and state.previous_agent_id is None
    if state.status != "live" or not undisturbed:
        return False
    if post.agent_id is None:
        return post.visitor_id == state.visitor_id
    is_agent = state.agent_public_id is not None and state.assigned_at is not None
    return (
        is_agent
        and post.agent_id == state.assignee_id
        and state.answered_at is not None
        and (state.promise_due_at is None or state.promise_kept_at is not None)
    )


def apply_messages(row: TicketCounters, messages: Sequence[NewMessageRow], agent: str | None) -> TicketCounters:
    """The counters of a live ticket after these messages of its visitor and its agent, whose public id is `agent`.
    There is at least one message."""
    visitor_read_seq, agent_read_seq = row.visitor_read_seq, row.agent_read_seq
    unread, unanswered_since = row.unread, row.unanswered_since
    for message in messages:
        if message.author == "visitor":
            visitor_read_seq, unread = message.seq, unread + 1
            unanswered_since = message.at if unanswered_since is None else unanswered_since
        else:
            agent_read_seq, unread, unanswered_since = message.seq, 0, None
    last = messages[-1]
    return TicketCounters(
        id=row.id,
        rev=row.rev + len(messages),
        last_seq=last.seq,
        visitor_read_seq=visitor_read_seq,
        agent_read_seq=agent_read_seq,
        unread=unread,
        unanswered_since=unanswered_since,
        last_from="visitor" if last.author == "visitor" else "agent",
        preview=preview(last.text),
        last_at=last.at,
        last_agent=None if last.author == "visitor" else agent,
    )


def _plan_batch(
    writer: MessageWriter, posts: Sequence[Post], existing: dict[ClientMessageKey, MessageRow]
) -> BatchPlan:
    public_ids = [strip_nul(post.ticket) for post in posts]
    states, plan = writer.ticket_states(public_ids), BatchPlan(existing)
    slow: set[str] = set()
    for post, ticket, public_id in zip(posts, public_ids, new_ids("m", len(posts)), strict=True):
        state = states.get(ticket)
        if state and ticket not in slow and can_use_fast_path(state, post):
            plan.add(state, post, public_id)
        else:
            slow.add(ticket)
            plan.add_slow()
    return plan

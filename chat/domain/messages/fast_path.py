"""The fast path of posts: messages that change only the message columns of their ticket, many in one statement."""

from collections.abc import Sequence
from datetime import datetime

from chat.domain.facts import PlainMessagePosted
from chat.domain.messages.incoming import Post
from chat.domain.refusals import Refused
from chat.domain.text import clean_text, preview, require_same_text, strip_nul
from chat.store.message_writers.base import (
    ClientMessageKey,
    ExistingMessage,
    MessageWriter,
    NewMessageRow,
    TicketCounters,
    TicketState,
)
from chat.store.rows import MessageRow
from chat.store.tables import from_millis, new_ids, to_millis
from chat.store.transaction import Transaction

Answer = MessageRow | Refused | None


class BatchPlan:
    """The rows to write, the answer to each post, and the facts to record."""

    def __init__(self, existing: dict[ClientMessageKey, MessageRow]) -> None:
        self.rows: list[NewMessageRow] = []
        self.answers: list[Answer] = []
        self.facts: list[tuple[int, PlainMessagePosted]] = []
        self._existing = existing
        # The time of the last post as the database has it and as a datetime: many posts of a batch share one.
        self._now: datetime | None = None
        self._millis, self._at = 0, from_millis(0)

    def add(self, ticket_state: TicketState, post: Post, public_id: str) -> None:
        """Give a post its ticket's next number, or the first answer again when its client id was used before."""
        _, client_id, text, context, _, agent_id = post
        ticket, author = ticket_state.public_id, post.author
        key = (ticket, author, client_id)
        try:
            text = clean_text(text)
            if repeated := self._existing.get(key):
                self.answers.append(require_same_text(repeated, text))
                return
        except Refused as refused:
            self.answers.append(refused)
            return
        ticket_state.seq = seq = ticket_state.seq + 1
        if context.now is not self._now:
            self._now, self._millis = context.now, to_millis(context.now)
            self._at = from_millis(self._millis)
        state = ticket_state
        name, agent = (state.name, None) if agent_id is None else (state.agent_name, state.agent_public_id)
        row = MessageRow(ticket, seq, public_id, client_id, author, agent, name, text, None, self._at)
        self._existing[key] = row
        self.rows.append(NewMessageRow(state.id, seq, public_id, client_id, author, agent_id, name, text, self._millis))
        self.facts.append((len(self.answers), PlainMessagePosted(row, state.id, state.visitor_id, state.assignee_id)))
        self.answers.append(row)

    def leave_to_slow_path(self) -> None:
        """The post may change more than messages."""
        self.answers.append(None)


def post_fast(txs: Sequence[Transaction], posts: Sequence[Post]) -> list[Answer]:
    """Insert the posts that change only message columns of their ticket. The answer is None for a post that needs the
    slow path, and then also for all later posts to its ticket, which would overtake it."""
    writer = txs[0].writer
    plan = _plan_batch(writer, posts, {})
    if not writer.write(plan.rows, apply_messages):
        # A client id was used before. Only now are the existing messages read: repeats cost the others nothing else.
        writer.invalidate()
        plan = _plan_batch(writer, posts, _existing_messages(writer, posts))
        if not writer.write(plan.rows, apply_messages):
            return [None] * len(posts)
    for index, fact in plan.facts:
        txs[index].record(fact)
    return plan.answers


def can_use_fast_path(ticket_state: TicketState, post: Post) -> bool:
    """Whether a post changes nothing of its ticket but what `apply_messages` computes. The ticket is live, its slot is
    in use, no form is offered and no agent was lost. The author is its visitor, or its agent after the first answer,
    which may keep a promise."""
    state = ticket_state
    quiet = state.slot_released_at is None and state.form_offered_at is None and state.previous_agent_id is None
    if state.status != "live" or not quiet:
        return False
    if post.agent_id is None:
        return post.visitor_id == state.visitor_id
    owns = state.agent_public_id is not None and state.assigned_at is not None and post.agent_id == state.assignee_id
    promise_pending = state.promise_due_at is not None and state.promise_kept_at is None
    return owns and state.answered_at is not None and not promise_pending


def apply_messages(row: TicketCounters, new: Sequence[NewMessageRow]) -> TicketCounters:
    """The message columns of a ticket's row after these messages."""
    visitor_read_seq, agent_read_seq, unread, unanswered_since = (
        row.visitor_read_seq,
        row.agent_read_seq,
        row.unread,
        row.unanswered_since,
    )
    for message in new:
        if message.author == "visitor":
            visitor_read_seq, unread = message.seq, unread + 1
            unanswered_since = message.at if unanswered_since is None else unanswered_since
        else:
            agent_read_seq, unread, unanswered_since = message.seq, 0, None
    last = new[-1]
    return TicketCounters(
        id=row.id,
        rev=row.rev + len(new),
        last_seq=last.seq,
        visitor_read_seq=visitor_read_seq,
        agent_read_seq=agent_read_seq,
        unread=unread,
        unanswered_since=unanswered_since,
        last_from="visitor" if last.author == "visitor" else "agent",
        preview=preview(last.text),
        last_at=last.at,
    )


def repair_ticket_rows(tx: Transaction) -> None:
    """Run before anything else at the start: a crash may have left tickets' rows behind their last messages."""
    tx.writer.repair(apply_messages)


def _plan_batch(
    writer: MessageWriter, posts: Sequence[Post], existing: dict[ClientMessageKey, MessageRow]
) -> BatchPlan:
    public_ids = [strip_nul(post.ticket) for post in posts]
    states, plan = writer.ticket_states(public_ids), BatchPlan(existing)
    on_slow_path: set[str] = set()
    for post, ticket, message_id in zip(posts, public_ids, new_ids("m", len(posts)), strict=True):
        state = states.get(ticket)
        if state and ticket not in on_slow_path and can_use_fast_path(state, post):
            plan.add(state, post, message_id)
        else:
            on_slow_path.add(ticket)
            plan.leave_to_slow_path()
    return plan


def _existing_messages(writer: MessageWriter, posts: Sequence[Post]) -> dict[ClientMessageKey, MessageRow]:
    found = writer.existing([(strip_nul(post.ticket), post.author, post.client_id) for post in posts])
    return {key: _existing_row(key, message) for key, message in found.items()}


def _existing_row(key: ClientMessageKey, message: ExistingMessage) -> MessageRow:
    ticket, author, client_id = key
    seq, public_id, agent, name, text, at = message
    return MessageRow(ticket, seq, public_id, client_id, author, agent, name, text, None, from_millis(at))

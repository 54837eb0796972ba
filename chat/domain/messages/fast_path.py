"""A dialogue that goes on: words that change nothing but their thread, many at a time."""

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
    """What is to be written, what each post is answered, and what is told of it."""

    def __init__(self, said: dict[ClientMessageKey, MessageRow]) -> None:
        self.rows: list[NewMessageRow] = []
        self.answers: list[Answer] = []
        self.facts: list[tuple[int, PlainMessagePosted]] = []
        self._said = said
        # The moment of the last words, as the database and as people have it: many come in one.
        self._moment: datetime | None = None
        self._at, self._told_at = 0, from_millis(0)

    def take(self, thread: TicketState, post: Post, public_id: str) -> None:
        """Give these words the thread's next number; the first answer again when they were said before."""
        _, client_id, text, context, _, agent_id = post
        ticket, author = thread.public_id, post.author
        key = (ticket, author, client_id)
        try:
            text = clean_text(text)
            if repeated := self._said.get(key):
                self.answers.append(require_same_text(repeated, text))
                return
        except Refused as refused:
            self.answers.append(refused)
            return
        thread.seq = seq = thread.seq + 1
        if context.now is not self._moment:
            self._moment, self._at = context.now, to_millis(context.now)
            self._told_at = from_millis(self._at)
        name, agent = (thread.name, None) if agent_id is None else (thread.agent_name, thread.agent_public_id)
        row = MessageRow(ticket, seq, public_id, client_id, author, agent, name, text, None, self._told_at)
        self._said[key] = row
        self.rows.append(NewMessageRow(thread.id, seq, public_id, client_id, author, agent_id, name, text, self._at))
        self.facts.append(
            (len(self.answers), PlainMessagePosted(row, thread.id, thread.visitor_id, thread.assignee_id))
        )
        self.answers.append(row)

    def leave(self) -> None:
        """More may happen by these words."""
        self.answers.append(None)


def post_fast(txs: Sequence[Transaction], posts: Sequence[Post]) -> list[Answer]:
    """Store what only carries a dialogue on. None where more may happen: nothing was done, nor for any later words
    in the same ticket, which would overtake them."""
    writer = txs[0].writer
    plan = _plan_batch(writer, posts, {})
    if not writer.write(plan.rows, apply_messages):
        # Something was said before. Whoever repeats themselves costs the others this second go and no more.
        writer.invalidate()
        plan = _plan_batch(writer, posts, _existing_messages(writer, posts))
        if not writer.write(plan.rows, apply_messages):
            return [None] * len(posts)
    for index, fact in plan.facts:
        txs[index].record(fact)
    return plan.answers


def can_use_fast_path(thread: TicketState, post: Post) -> bool:
    """Whether these words change nothing of the ticket but what `folded` says: they are of one of the two, no place
    was freed, no form offered, nobody lost; and an agent's are not the first answer, which a promise may be kept by."""
    quiet = thread.slot_released_at is None and thread.form_offered_at is None and thread.previous_agent_id is None
    if thread.status != "live" or not quiet:
        return False
    if post.agent_id is None:
        return post.visitor_id == thread.visitor_id
    here = thread.agent_public_id is not None and thread.assigned_at is not None and post.agent_id == thread.assignee_id
    return (
        here
        and thread.answered_at is not None
        and (thread.promise_due_at is None or thread.promise_kept_at is not None)
    )


def apply_messages(row: TicketCounters, lines: Sequence[NewMessageRow]) -> TicketCounters:
    """What a dialogue's ticket says of its thread once these lines stand in it."""
    visitor_read_seq, agent_read_seq, unread, unanswered_since = (
        row.visitor_read_seq,
        row.agent_read_seq,
        row.unread,
        row.unanswered_since,
    )
    for line in lines:
        if line.author == "visitor":
            visitor_read_seq, unread = line.seq, unread + 1
            unanswered_since = line.at if unanswered_since is None else unanswered_since
        else:
            agent_read_seq, unread, unanswered_since = line.seq, 0, None
    last = lines[-1]
    return TicketCounters(
        id=row.id,
        rev=row.rev + len(lines),
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
    """At the start, before anything else: after a crash some tickets' rows don't know of their last words yet."""
    tx.writer.repair(apply_messages)


def _plan_batch(writer: MessageWriter, posts: Sequence[Post], said: dict[ClientMessageKey, MessageRow]) -> BatchPlan:
    names = [strip_nul(post.ticket) for post in posts]
    threads, plan = writer.ticket_states(names), BatchPlan(said)
    overtaken: set[str] = set()
    for post, name, public_id in zip(posts, names, new_ids("m", len(posts)), strict=True):
        thread = threads.get(name)
        if thread and name not in overtaken and can_use_fast_path(thread, post):
            plan.take(thread, post, public_id)
        else:
            overtaken.add(name)
            plan.leave()
    return plan


def _existing_messages(writer: MessageWriter, posts: Sequence[Post]) -> dict[ClientMessageKey, MessageRow]:
    found = writer.existing([(strip_nul(post.ticket), post.author, post.client_id) for post in posts])
    return {key: _existing_row(key, said) for key, said in found.items()}


def _existing_row(key: ClientMessageKey, said: ExistingMessage) -> MessageRow:
    ticket, author, client_id = key
    seq, public_id, agent, name, text, at = said
    return MessageRow(ticket, seq, public_id, client_id, author, agent, name, text, None, from_millis(at))

"""A dialogue that goes on: words that change nothing but their thread, many at a time."""

from collections.abc import Sequence
from datetime import datetime

from chat.desk.facts import WordsPosted
from chat.desk.records import plain
from chat.desk.refusals import Refused
from chat.desk.words import Post, clean, preview, same_words
from chat.store.journal import Journal, Key, Line, Said, Standing, Thread
from chat.store.rows import MessageRow
from chat.store.tables import kept, new_ids, told
from chat.store.works import Work

Answer = MessageRow | Refused | None


class Plan:
    """What is to be written, what each post is answered, and what is told of it."""

    def __init__(self, said: dict[Key, MessageRow]) -> None:
        self.lines: list[Line] = []
        self.answers: list[Answer] = []
        self.facts: list[tuple[int, WordsPosted]] = []
        self._said = said
        # The moment of the last words, as the database and as people have it: many come in one.
        self._moment: datetime | None = None
        self._at, self._told_at = 0, told(0)

    def take(self, thread: Thread, post: Post, public_id: str) -> None:
        """Give these words the thread's next number; the first answer again when they were said before."""
        _, client_id, text, situation, _, agent_id = post
        ticket, author = thread.public_id, post.author
        key = (ticket, author, client_id)
        try:
            text = clean(text)
            if repeated := self._said.get(key):
                self.answers.append(same_words(repeated, text))
                return
        except Refused as refused:
            self.answers.append(refused)
            return
        thread.seq = seq = thread.seq + 1
        if situation.now is not self._moment:
            self._moment, self._at = situation.now, kept(situation.now)
            self._told_at = told(self._at)
        name, agent = (thread.name, None) if agent_id is None else (thread.agent_name, thread.agent_public_id)
        row = MessageRow(ticket, seq, public_id, client_id, author, agent, name, text, None, self._told_at)
        self._said[key] = row
        self.lines.append(Line(thread.id, seq, public_id, client_id, author, agent_id, name, text, self._at))
        self.facts.append((len(self.answers), WordsPosted(row, thread.id, thread.visitor_id, thread.assignee_id)))
        self.answers.append(row)

    def leave(self) -> None:
        """More may happen by these words."""
        self.answers.append(None)


def go_on(works: Sequence[Work], posts: Sequence[Post]) -> list[Answer]:
    """Store what only carries a dialogue on. None where more may happen: nothing was done, nor for any later words
    in the same ticket, which would overtake them."""
    journal = works[0].journal
    plan = _planned(journal, posts, {})
    if not journal.write(plan.lines, folded):
        # Something was said before. Whoever repeats themselves costs the others this second go and no more.
        journal.forget()
        plan = _planned(journal, posts, _said(journal, posts))
        if not journal.write(plan.lines, folded):
            return [None] * len(posts)
    for index, fact in plan.facts:
        works[index].happened(fact)
    return plan.answers


def flows(thread: Thread, post: Post) -> bool:
    """Whether these words change nothing of the ticket but what `folded` says: they are of one of the two, no place
    was freed, no form offered, nobody lost; and an agent's are not the first answer, which a promise may be kept by."""
    quiet = thread.freed_at is None and thread.form_offered_at is None and thread.lost_agent_id is None
    if thread.status != "live" or not quiet:
        return False
    if post.agent_id is None:
        return post.visitor_id == thread.visitor_id
    here = thread.agent_public_id is not None and thread.taken_at is not None and post.agent_id == thread.assignee_id
    return here and thread.answered_at is not None and (thread.due is None or thread.kept_at is not None)


def folded(row: Standing, lines: Sequence[Line]) -> Standing:
    """What a dialogue's ticket says of its thread once these lines stand in it."""
    read_visitor, read_agent, unread, waiting_since = row.read_visitor, row.read_agent, row.unread, row.waiting_since
    for line in lines:
        if line.author == "visitor":
            read_visitor, unread = line.seq, unread + 1
            waiting_since = line.at if waiting_since is None else waiting_since
        else:
            read_agent, unread, waiting_since = line.seq, 0, None
    last = lines[-1]
    return Standing(
        id=row.id,
        rev=row.rev + len(lines),
        last_seq=last.seq,
        read_visitor=read_visitor,
        read_agent=read_agent,
        unread=unread,
        waiting_since=waiting_since,
        last_from="visitor" if last.author == "visitor" else "agent",
        preview=preview(last.text),
        last_at=last.at,
    )


def mend(work: Work) -> None:
    """At the start, before anything else: after a crash some tickets' rows don't know of their last words yet."""
    work.journal.mend(folded)


def _planned(journal: Journal, posts: Sequence[Post], said: dict[Key, MessageRow]) -> Plan:
    names = [plain(post.ticket) for post in posts]
    threads, plan = journal.threads(names), Plan(said)
    overtaken: set[str] = set()
    for post, name, public_id in zip(posts, names, new_ids("m", len(posts)), strict=True):
        thread = threads.get(name)
        if thread and name not in overtaken and flows(thread, post):
            plan.take(thread, post, public_id)
        else:
            overtaken.add(name)
            plan.leave()
    return plan


def _said(journal: Journal, posts: Sequence[Post]) -> dict[Key, MessageRow]:
    found = journal.said([(plain(post.ticket), post.author, post.client_id) for post in posts])
    return {key: _message(key, said) for key, said in found.items()}


def _message(key: Key, said: Said) -> MessageRow:
    ticket, author, client_id = key
    seq, public_id, agent, name, text, at = said
    return MessageRow(ticket, seq, public_id, client_id, author, agent, name, text, None, told(at))

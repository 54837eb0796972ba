"""The checker: compares histories with the database, one pure function for each invariant."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.faults.history import Acked, CaughtUp, DatabaseState, History, Received, Refused, Screen, Submitted

VISITOR_EVENTS = frozenset(("message", "ticket", "typing", "read", "service"))


class Violation(NamedTuple):
    """An invariant that does not hold, and one piece of evidence."""

    invariant: str
    detail: str


Invariant = Callable[[Sequence[History], DatabaseState], Iterator[str]]


def stored_once(histories: Sequence[History], database: DatabaseState) -> Iterator[str]:
    """I1: the database has every acknowledged message exactly once, under the seq and id of its ack."""
    for key, times in Counter(database.keys).items():
        if times > 1:
            yield f"{key} is {times} times in the database"
    times_stored = Counter((ticket, message.text) for ticket, rows in database.messages.items() for message in rows)
    for history in histories:
        for ack in history.entries_of(Acked):
            times = times_stored[ack.ticket, ack.text]
            if times != 1:
                yield f"{history.name} got an ack for {ack.text!r}, which is stored {times} times"
            elif not any((message.seq, message.id) == (ack.seq, ack.id) for message in database.messages[ack.ticket]):
                yield f"{history.name} got an ack for {ack.text!r} as {ack.seq} {ack.id}, which is not stored so"


def shown_once(histories: Sequence[History], _: DatabaseState) -> Iterator[str]:
    """I2: no screen shows anything twice, neither as two messages nor as a message and an unsent text."""
    for history in histories:
        for screen in history.entries_of(Screen):
            texts = Counter(message.text for message in screen.messages if message.text)
            texts.update(text for text, state in screen.unsent if state != "draft")
            ids = Counter(message.id for message in screen.messages)
            for item, times in (texts + ids).items():
                if times > 1:
                    yield f"{history.name} showed {item!r} {times} times"


def ordered_without_gaps(histories: Sequence[History], _: DatabaseState) -> Iterator[str]:
    """I3: every screen and every catch-up is in the order of seq without gaps."""
    for history in histories:
        for screen in history.entries_of(Screen):
            seqs = [message.seq for message in screen.messages]
            if seqs != list(range(seqs[0], seqs[0] + len(seqs)) if seqs else []):
                yield f"{history.name} showed {seqs}"
        for catch_up in history.entries_of(CaughtUp):
            first = catch_up.seqs[0] if catch_up.restart and catch_up.seqs else catch_up.after + 1
            if list(catch_up.seqs) != list(range(first, first + len(catch_up.seqs))):
                yield f"{history.name} requested messages after {catch_up.after} and got {catch_up.seqs}"


def screens_match_database(histories: Sequence[History], database: DatabaseState) -> Iterator[str]:
    """I4: in the end each screen shows the messages of the database, and nothing waits to be sent."""
    for history in histories:
        acked = {ack.ticket for ack in history.entries_of(Acked)}
        if acked and history.last_screens() and not acked & history.last_screens().keys():
            yield f"{history.name} shows nothing of {acked} any more"
        for ticket, screen in history.last_screens().items():
            stored = list(database.messages.get(ticket, ()))
            first = screen.messages[0].seq if screen.messages else 1
            if list(screen.messages) != stored[first - 1 :]:
                yield f"{history.name} shows {difference(screen, database)}"
            waiting = [text for text, state in screen.unsent if state in ("sending", "sent")]
            if waiting:
                yield f"{history.name} is still sending {waiting[0]!r} and {len(waiting) - 1} more"


def difference(screen: Screen, database: DatabaseState) -> str:
    stored, shown = set(database.messages.get(screen.ticket, ())), set(screen.messages)
    return (
        f"{screen.ticket} without {sorted(stored - shown)[:3]} and with {sorted(shown - stored)[:3]} "
        f"({len(shown)} of {len(stored)})"
    )


def visitors_see_only_own_data(histories: Sequence[History], database: DatabaseState) -> Iterator[str]:
    """I5: a visitor never receives a note, an agents' event or anything of another user's ticket."""
    owners = ticket_owners(histories, database)
    for history in histories:
        if history.side != "visitor":
            continue
        for frame in history.entries_of(Received):
            if frame.kind.startswith("event:") and frame.kind.removeprefix("event:") not in VISITOR_EVENTS:
                yield f"{history.name} received {frame.kind}"
            yield from (f"{history.name} received {item}" for item in foreign_data(history, frame, owners, database))


def foreign_data(history: History, frame: Received, owners: dict[str, str], database: DatabaseState) -> Iterator[str]:
    """Notes and ticket ids of other users that occur in a payload."""
    text = json.dumps(frame.payload, ensure_ascii=False)
    yield from (f"the note {note!r}" for note in database.notes if note in text)
    for ticket, owner in owners.items():
        if owner != history.user and ticket in text:
            yield f"data of {owner}'s ticket"


def ticket_owners(histories: Sequence[History], database: DatabaseState) -> dict[str, str]:
    """The owner of each ticket by ticket id: the visitor who submitted its first text."""
    authors = {
        submitted.text: history.user
        for history in histories
        if history.side == "visitor"
        for submitted in history.entries_of(Submitted)
    }
    first_texts = {
        ticket: next((message.text for message in messages if message.text), "")
        for ticket, messages in database.messages.items()
    }
    return {ticket: authors[text] for ticket, text in first_texts.items() if text in authors}


def no_text_lost(histories: Sequence[History], database: DatabaseState) -> Iterator[str]:
    """I6: every submitted text is stored, or refused, or shown as unsent on its author's screen."""
    stored = {message.text for rows in database.messages.values() for message in rows} | set(database.notes)
    for user in {history.user for history in histories}:
        own = [history for history in histories if history.user == user]
        accounted_for = stored | {refusal.text for history in own for refusal in history.entries_of(Refused)}
        for history in own:
            accounted_for |= {text for screen in history.last_screens().values() for text, _ in screen.unsent}
        for submitted in (submitted for history in own for submitted in history.entries_of(Submitted)):
            if submitted.text not in accounted_for and not any(submitted.text in text for text in accounted_for):
                yield f"{user} submitted {submitted.text!r}, which is nowhere"


INVARIANTS: dict[str, Invariant] = {
    "I1": stored_once,
    "I2": shown_once,
    "I3": ordered_without_gaps,
    "I4": screens_match_database,
    "I5": visitors_see_only_own_data,
    "I6": no_text_lost,
}


def find_violations(histories: Sequence[History], database: DatabaseState) -> list[Violation]:
    """All violations, each piece of evidence once."""
    found = [Violation(name, detail) for name, check in INVARIANTS.items() for detail in check(histories, database)]
    return list(dict.fromkeys(found))

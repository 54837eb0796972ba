"""The checker: histories against the database, one function an invariant. Pure."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.faults.history import Acked, CaughtUp, Heard, History, Refused, Said, Screen, Truth

VISITORS_HEAR = frozenset(("message", "ticket", "typing", "read", "service"))


class Broken(NamedTuple):
    """An invariant that does not hold, and how one sees it."""

    invariant: str
    how: str


Invariant = Callable[[Sequence[History], Truth], Iterator[str]]


def stored_once(histories: Sequence[History], truth: Truth) -> Iterator[str]:
    """I1: every acknowledged message is in the database exactly once, under the seq that its ack named."""
    for key, times in Counter(truth.keys).items():
        if times > 1:
            yield f"{key} stands {times} times in the database"
    times_stored = Counter((ticket, one.text) for ticket, rows in truth.messages.items() for one in rows)
    for history in histories:
        for ack in history.of(Acked):
            times = times_stored[ack.ticket, ack.text]
            if times != 1:
                yield f"{history.who} was told that {ack.text!r} is stored, and it is {times} times"
            elif not any((one.seq, one.id) == (ack.seq, ack.id) for one in truth.messages[ack.ticket]):
                yield f"{history.who} was told that {ack.text!r} is {ack.seq} {ack.id}, and it is not"


def nothing_twice(histories: Sequence[History], _: Truth) -> Iterator[str]:
    """I2: nothing stands twice on any screen, neither as two messages nor as a message and an unsent one."""
    for history in histories:
        for screen in history.of(Screen):
            texts = Counter(one.text for one in screen.messages if one.text)
            texts.update(text for text, state in screen.unsent if state != "draft")
            ids = Counter(one.id for one in screen.messages)
            for what, times in (texts + ids).items():
                if times > 1:
                    yield f"{history.who} saw {what!r} {times} times"


def in_order(histories: Sequence[History], _: Truth) -> Iterator[str]:
    """I3: every screen is in the order of seq without gaps, and so is every catch-up, from its cursor on."""
    for history in histories:
        for screen in history.of(Screen):
            seqs = [one.seq for one in screen.messages]
            if seqs != list(range(seqs[0], seqs[0] + len(seqs)) if seqs else []):
                yield f"{history.who} saw {seqs}"
        for brought in history.of(CaughtUp):
            first = brought.seqs[0] if brought.restart and brought.seqs else brought.after + 1
            if list(brought.seqs) != list(range(first, first + len(brought.seqs))):
                yield f"{history.who} asked after {brought.after} and was given {brought.seqs}"


def screens_are_true(histories: Sequence[History], truth: Truth) -> Iterator[str]:
    """I4: in the end each screen shows what the database holds, up to its end, and nothing waits to be sent."""
    for history in histories:
        acked = {ack.ticket for ack in history.of(Acked)}
        if acked and history.last_screens() and not acked & history.last_screens().keys():
            yield f"{history.who} sees nothing of {acked} any more"
        for ticket, screen in history.last_screens().items():
            stored = list(truth.messages.get(ticket, ()))
            first = screen.messages[0].seq if screen.messages else 1
            if list(screen.messages) != stored[first - 1 :]:
                yield f"{history.who} sees {difference(screen, truth)}"
            waiting = [text for text, state in screen.unsent if state in ("sending", "sent")]
            if waiting:
                yield f"{history.who} still sends {waiting[0]!r} and {len(waiting) - 1} more"


def difference(screen: Screen, truth: Truth) -> str:
    stored, shown = set(truth.messages.get(screen.ticket, ())), set(screen.messages)
    return (
        f"{screen.ticket} without {sorted(stored - shown)[:3]} and with {sorted(shown - stored)[:3]} "
        f"({len(shown)} of {len(stored)})"
    )


def nobody_saw_too_much(histories: Sequence[History], truth: Truth) -> Iterator[str]:
    """I5: no note, no event of the agents' and nothing of another person's ticket ever came to a visitor."""
    owners = owners_of(histories, truth)
    for history in histories:
        if history.side != "visitor":
            continue
        for heard in history.of(Heard):
            if heard.what.startswith("event:") and heard.what.removeprefix("event:") not in VISITORS_HEAR:
                yield f"{history.who} heard {heard.what}"
            yield from (f"{history.who} was told {what}" for what in not_theirs(history, heard, owners, truth))


def not_theirs(history: History, heard: Heard, owners: dict[str, str], truth: Truth) -> Iterator[str]:
    words = json.dumps(heard.payload, ensure_ascii=False)
    yield from (f"the note {note!r}" for note in truth.notes if note in words)
    for ticket, owner in owners.items():
        if owner != history.person and ticket in words:
            yield f"of {owner}'s ticket"


def owners_of(histories: Sequence[History], truth: Truth) -> dict[str, str]:
    """Whose a ticket is: the visitor's who said its first words."""
    speakers = {said.text: one.person for one in histories if one.side == "visitor" for said in one.of(Said)}
    firsts = {ticket: next((one.text for one in rows if one.text), "") for ticket, rows in truth.messages.items()}
    return {ticket: speakers[text] for ticket, text in firsts.items() if text in speakers}


def nothing_vanished(histories: Sequence[History], truth: Truth) -> Iterator[str]:
    """I6: what was said is stored, or refused, or stands on its writer's screen as not sent."""
    stored = {one.text for rows in truth.messages.values() for one in rows} | set(truth.notes)
    for person in {one.person for one in histories}:
        own = [one for one in histories if one.person == person]
        settled = stored | {no.text for one in own for no in one.of(Refused)}
        for one in own:
            settled |= {text for screen in one.last_screens().values() for text, _ in screen.unsent}
        for said in (said for one in own for said in one.of(Said)):
            if said.text not in settled and not any(said.text in text for text in settled):
                yield f"{person} said {said.text!r}, and it is nowhere"


INVARIANTS: dict[str, Invariant] = {
    "I1": stored_once,
    "I2": nothing_twice,
    "I3": in_order,
    "I4": screens_are_true,
    "I5": nobody_saw_too_much,
    "I6": nothing_vanished,
}


def broken(histories: Sequence[History], truth: Truth) -> list[Broken]:
    """Everything that does not hold, each way of seeing it once."""
    found = [Broken(name, how) for name, holds in INVARIANTS.items() for how in holds(histories, truth)]
    return list(dict.fromkeys(found))

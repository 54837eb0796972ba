"""Statuses of a ticket: what each means, and every move between them (DESIGN.md, section 5)."""

from datetime import datetime, timedelta
from typing import Literal

from chat.vocabulary import AuthorKind, Mode, Status

Ended = Literal["ticket_ended"]

REOPENS_FOR = timedelta(days=7)

# Nobody makes a ticket live by hand: a visitor's message does. Nothing leaves closed.
MOVES: dict[Status, dict[AuthorKind, frozenset[Status]]] = {
    "live": {
        "visitor": frozenset(("open", "solved", "closed")),
        "agent": frozenset(("open", "pending", "on_hold", "solved", "closed")),
        "system": frozenset(("open", "pending", "solved", "closed")),
    },
    "open": {
        "visitor": frozenset(("live",)),
        "agent": frozenset(("pending", "on_hold", "solved", "closed")),
    },
    "pending": {
        "visitor": frozenset(("live", "open")),
        "agent": frozenset(("open", "on_hold", "solved", "closed")),
    },
    "on_hold": {"agent": frozenset(("open", "pending", "solved", "closed"))},
    "solved": {
        "visitor": frozenset(("live", "open")),
        "agent": frozenset(("open", "pending", "on_hold", "closed")),
        "system": frozenset(("closed",)),
    },
    "closed": {},
}


def may_move(old: Status, new: Status, by: AuthorKind) -> bool:
    """Whether this side may set this status. Staying is always allowed: every move may be asked for twice."""
    return old == new or new in MOVES[old].get(by, frozenset())


def accepts_messages(status: Status, solved_at: datetime | None, now: datetime) -> bool:
    """Whether either side may still write: not once closed, nor from 7 days after it was solved."""
    if status == "solved":
        return solved_at is not None and now - solved_at < REOPENS_FOR
    return status != "closed"


def after_visitor_message(
    status: Status, solved_at: datetime | None, now: datetime, mode: Mode, had_agent: bool
) -> Status | Ended:
    """What a visitor's message makes of a ticket; whatever becomes `open` by it needs a new promise.

    `mode` is what the visitor can have: "form" from a page without a socket. `had_agent`: it has an owner.
    An open ticket without an owner stays open, for its visitor chose the form or waited in vain: a line added
    to it must not put them back into the queue.
    """
    if not accepts_messages(status, solved_at, now):
        return "ticket_ended"
    if status in ("live", "on_hold") or (status == "open" and not had_agent):
        return status
    return "live" if mode == "chat" else "open"


def after_agent_message(status: Status, solved_at: datetime | None, now: datetime) -> Status | Ended:
    """What an agent's answer makes of a ticket: an open one is the customer's turn now, all else stays."""
    if not accepts_messages(status, solved_at, now):
        return "ticket_ended"
    return "pending" if status == "open" else status


def end_live(answered: bool, reachable: bool) -> Status:
    """What a chat becomes when either side ends it; `reachable`: there is an address to answer to."""
    if answered:
        return "solved"
    return "open" if reachable else "closed"


def after_silence(answered: bool) -> Status:
    """What a chat becomes when nobody has said anything for an hour; `answered`: the last word was ours."""
    return "pending" if answered else "open"

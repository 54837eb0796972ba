"""The statuses of a ticket: every allowed change, and which status a message, an end or silence leads to."""

from datetime import datetime, timedelta
from typing import Literal

from chat.vocabulary import AuthorKind, Mode, Status

Ended = Literal["ticket_ended"]

REOPENS_FOR = timedelta(days=7)

# No agent sets a ticket to live: only a visitor's message does. `closed` is final.
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
        "system": frozenset(("open",)),
    },
    "on_hold": {
        "agent": frozenset(("open", "pending", "solved", "closed")),
        "system": frozenset(("open",)),
    },
    "solved": {
        "visitor": frozenset(("live", "open")),
        "agent": frozenset(("open", "pending", "on_hold", "closed")),
        "system": frozenset(("closed",)),
    },
    "closed": {},
}


def may_move(old: Status, new: Status, by: AuthorKind) -> bool:
    """Whether this side may change the status. Keeping it is always allowed: a command may arrive twice."""
    return old == new or new in MOVES[old].get(by, frozenset())


def accepts_messages(status: Status, solved_at: datetime | None, now: datetime) -> bool:
    """Whether either side may still write: until the ticket is closed, or for 7 days after it was solved."""
    if status == "solved":
        return solved_at is not None and now - solved_at < REOPENS_FOR
    return status != "closed"


def after_visitor_message(
    status: Status, solved_at: datetime | None, now: datetime, mode: Mode, had_agent: bool
) -> Status | Ended:
    """The status after a visitor's message. A ticket that becomes `open` needs a new promise.

    `mode` is what the visitor can get now; a page without a socket gets "form". `had_agent`: the ticket has an
    assignee. An open ticket without one stays open: its visitor chose the form or waited in vain, so another message
    must not put them back into the queue.
    """
    if not accepts_messages(status, solved_at, now):
        return "ticket_ended"
    if status in ("live", "on_hold") or (status == "open" and not had_agent):
        return status
    return "live" if mode == "chat" else "open"


def after_agent_message(status: Status, solved_at: datetime | None, now: datetime) -> Status | Ended:
    """The status after an agent's message: `open` becomes `pending`, every other status stays."""
    if not accepts_messages(status, solved_at, now):
        return "ticket_ended"
    return "pending" if status == "open" else status


def end_live(answered: bool, reachable: bool) -> Status:
    """The status of a chat that either side ended; `reachable`: we have an address to answer to."""
    if answered:
        return "solved"
    return "open" if reachable else "closed"


def after_silence(answered: bool) -> Status:
    """The status of a chat in which nobody wrote for too long; `answered`: the last message was ours."""
    return "pending" if answered else "open"

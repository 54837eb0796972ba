"""When the team is told of a promise, and what a broken one leads to. Source of the hours: the support policy."""

from datetime import datetime, timedelta
from typing import NamedTuple

from chat.domain.rules.hours.calendar import Calendar, PromiseRule
from chat.domain.rules.hours.promise import due, opening_time_before
from chat.vocabulary import PromiseAlert, PromiseOutcome

# The promise that takes a broken one's place.
NEXT_RULE = PromiseRule(24, "working_days")
HOLD_GRACE = PromiseRule(1, "opening_hours")
# The customer is told of so many broken promises; after that the page says since when the answer is late.
NOTICES = 2
# A notice that comes later than this counts the new date from now: its worker was away.
ON_TIME = timedelta(minutes=10)
# An answer in the second of its due time is in time.
_TOLERANCE = timedelta(seconds=1)


class Step(NamedTuple):
    """What the team is told now (None: nothing), and when to look again (None: the promise is broken)."""

    alert: PromiseAlert | None
    next_at: datetime | None


def is_in_time(due_at: datetime, answered_at: datetime) -> bool:
    """Whether an answer came in time."""
    return answered_at < due_at + _TOLERANCE


def alerts_of(
    calendar: Calendar, due_at: datetime, opening_hours: tuple[timedelta, timedelta], on_hold: bool
) -> list[tuple[datetime, PromiseAlert]]:
    """When each alert of a promise is due; `opening_hours` are left at the first two. On hold the team has an opening
    hour after the date before the customer is told."""
    soon, close = (opening_time_before(calendar, due_at, left) for left in opening_hours)
    if on_hold:
        return [(soon, "soon"), (due_at, "close"), (due(calendar, due_at, HOLD_GRACE) or due_at, "broken")]
    return [(soon, "soon"), (close, "close"), (due_at + _TOLERANCE, "broken")]


def step(alerts: list[tuple[datetime, PromiseAlert]], made_at: datetime, now: datetime) -> Step:
    """The alert that is due now. One that was due before the promise was made is left out: a promise for the next hour
    is news to nobody."""
    reached = [alert for at, alert in alerts if made_at < at <= now]
    following = [at for at, _ in alerts if at > now]
    return Step(reached[-1] if reached else None, min(following, default=None))


def next_due(calendar: Calendar, due_at: datetime, now: datetime) -> datetime | None:
    """The new date after a broken promise: a working day after the due time, or after now if the notice is late."""
    return due(calendar, due_at if now - due_at <= ON_TIME else now, NEXT_RULE)


def outcome(due_at: datetime, answered_at: datetime | None, finished: bool) -> PromiseOutcome:
    """How a promise ends that its ticket no longer has: by an answer, by the ticket's end, or by another promise."""
    if answered_at is not None:
        return "kept" if is_in_time(due_at, answered_at) else "broken"
    return "dropped" if finished else "replaced"

"""Wall time to instants and back, in one order, also while the clocks change.

Both ways are monotone, so rows written in wall time never cross or overlap:
a wall time that the clocks jump over means the moment of the jump, one that comes twice its first coming.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

SUPPORTED_YEARS = range(1970, 2200)


class InvalidMoment(ValueError):
    """A moment no calendar can answer for: without an offset, or outside the years 1970 to 2199."""


def instant(zone: ZoneInfo, wall: datetime) -> datetime:
    """The UTC instant at which the clocks of `zone` first show `wall` (naive) or more."""
    shown = wall.replace(tzinfo=zone, fold=0)
    found = shown.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    return _clock_change(zone, shown.replace(fold=1).astimezone(UTC).replace(microsecond=0), found)


def wall_clock(zone: ZoneInfo, moment: datetime) -> datetime:
    """The wall time (naive) at `moment`; the whole second coming of an hour counts as the hour's end.

    Going back to the smaller number would make a later moment count as an earlier one.
    """
    shown = moment.astimezone(zone)
    if not shown.fold:
        return shown.replace(tzinfo=None)
    first = shown.replace(fold=0).astimezone(UTC)
    change = _clock_change(zone, first.replace(microsecond=0), moment.astimezone(UTC))
    return (change + _offset(zone, first)).replace(tzinfo=None)


def midnight(zone: ZoneInfo, day: date) -> datetime:
    """The UTC instant at which `day` begins in `zone`."""
    return instant(zone, datetime.combine(day, time.min))


def with_fixed_offset(zone: ZoneInfo, moment: datetime) -> datetime:
    """The same moment with the offset that `zone` has then.

    The offset is fixed: Python compares two datetimes of one ZoneInfo by their wall time, and is wrong by an
    hour when the clocks change between them.
    """
    return moment.astimezone(timezone(_offset(zone, moment)))


def validated(moment: datetime) -> datetime:
    """`moment` in UTC. Raises `BadMoment` for one without an offset or too far from today to be computed."""
    if moment.utcoffset() is None or moment.year not in SUPPORTED_YEARS:
        raise InvalidMoment("a moment needs an offset and a year from 1970 to 2199")
    return moment.astimezone(UTC)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _clock_change(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """The second of (early, late] at which the clocks change; the caller knows that there is one."""
    before = _offset(zone, early)

    def changed(seconds: int) -> bool:
        return _offset(zone, early + timedelta(seconds=seconds)) != before

    span = int((late - early).total_seconds()) + 1
    return early + timedelta(seconds=bisect_left(range(span), True, key=changed))

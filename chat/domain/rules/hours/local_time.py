"""Local time to UTC instants and back, also while the clocks change.

Both conversions are monotone, so rows in local time never cross or overlap: a local time that the clocks skip means the
moment of the change, one that occurs twice means its first occurrence.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

SUPPORTED_YEARS = range(1970, 2200)


class InvalidMoment(ValueError):
    """A moment that no calendar can convert: without an offset, or outside the years 1970 to 2199 in UTC."""


def instant(zone: ZoneInfo, local: datetime) -> datetime:
    """The UTC instant at which the clocks of `zone` first show `local` (naive) or later."""
    aware = local.replace(tzinfo=zone, fold=0)
    found = aware.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local:
        return found
    return _clock_change(zone, aware.replace(fold=1).astimezone(UTC).replace(microsecond=0), found)


def wall_clock(zone: ZoneInfo, moment: datetime) -> datetime:
    """The local time (naive) at `moment`. While an hour occurs again, it stays at that hour's end.

    With the smaller number a later moment would count as an earlier one.
    """
    local = moment.astimezone(zone)
    if not local.fold:
        return local.replace(tzinfo=None)
    first = local.replace(fold=0).astimezone(UTC)
    change = _clock_change(zone, first.replace(microsecond=0), moment.astimezone(UTC))
    return (change + _offset(zone, first)).replace(tzinfo=None)


def midnight(zone: ZoneInfo, day: date) -> datetime:
    """The UTC instant at which `day` begins in `zone`."""
    return instant(zone, datetime.combine(day, time.min))


def with_fixed_offset(zone: ZoneInfo, moment: datetime) -> datetime:
    """The same moment with the offset that `zone` has then, as a fixed offset.

    Python compares two datetimes of one ZoneInfo by their local time, which is an hour wrong when the clocks change
    between them.
    """
    return moment.astimezone(timezone(_offset(zone, moment)))


def validated(moment: datetime) -> datetime:
    """`moment` in UTC. Raises InvalidMoment for one without an offset or too far from today to be computed."""
    try:
        utc = moment.astimezone(UTC) if moment.utcoffset() is not None else None
    except OverflowError:
        utc = None
    if utc is None or utc.year not in SUPPORTED_YEARS:
        raise InvalidMoment("a moment needs an offset and, in UTC, a year from 1970 to 2199")
    return utc


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _clock_change(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """The second of (early, late] at which the clocks change; there must be one."""
    before = _offset(zone, early)

    def changed(seconds: int) -> bool:
        return _offset(zone, early + timedelta(seconds=seconds)) != before

    span = int((late - early).total_seconds()) + 1
    return early + timedelta(seconds=bisect_left(range(span), True, key=changed))

"""Hours added to the calendar by hand: an opening from now on, and its end."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from chat.domain.rules.hours.calendar import (
    MINUTES_PER_DAY,
    Calendar,
    ExceptionRow,
    Hours,
    rows_for_date,
    state_at,
)
from chat.domain.rules.hours.local_time import instant, wall_clock


def with_opening(calendar: Calendar, now: datetime, minutes: int) -> Calendar:
    """The calendar, open for so many minutes from now on; shorter where another row begins.

    While the clocks show an hour again, the opening begins at that hour's end. The desk must be closed now.
    """
    local = wall_clock(calendar.zone, now)
    start = local.hour * 60 + local.minute
    following = (
        row.hours.start + days * MINUTES_PER_DAY
        for days in (0, 1)
        for _, row in rows_for_date(calendar, local.date() + timedelta(days=days))
        if row.hours
    )
    stop = min([start + minutes, *(begin for begin in following if begin > start)])
    end = stop if stop <= MINUTES_PER_DAY else stop - MINUTES_PER_DAY
    row = ExceptionRow(local.date(), Hours(start, end), "open", None, adds=True)
    return replace(calendar, exceptions=(*calendar.exceptions, row))


def without_openings(calendar: Calendar, now: datetime) -> Calendar:
    """The calendar without the added hours that have begun."""
    return replace(calendar, exceptions=tuple(row for row in calendar.exceptions if not _has_begun(calendar, row, now)))


def _has_begun(calendar: Calendar, row: ExceptionRow, now: datetime) -> bool:
    if not row.adds or row.hours is None:
        return False
    midnight = datetime.combine(row.date, time.min)
    return instant(calendar.zone, midnight + timedelta(minutes=row.hours.start)) <= now


def is_added(calendar: Calendar, now: datetime) -> bool:
    """Whether the service has its present state because of added hours."""
    return state_at(calendar, now)[0] != state_at(calendar.regular, now)[0]

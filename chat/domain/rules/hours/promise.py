"""The promise: by when something sent at a moment is answered, counted in working time."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import chain, groupby, islice
from operator import attrgetter

from chat.domain.rules.hours.calendar import Calendar, Interval, open_intervals
from chat.domain.rules.hours.local_time import instant, validated, wall_clock, with_fixed_offset


def due(calendar: Calendar, submitted: datetime) -> datetime | None:
    """The latest time of the answer, with the calendar's offset; None when the desk opens too seldom.

    What arrives while the desk is not `open` counts from the next opening. A due time lies in an open row; it
    may be the very moment at which one ends. A later submission never has an earlier due time. Raises
    `BadMoment`.
    """
    moment = validated(submitted)
    count = _after_working_days if calendar.promise.unit == "working_days" else _after_opening_hours
    answer = count(calendar, _remaining_intervals(calendar, moment))
    return answer and with_fixed_offset(calendar.zone, answer)


def _remaining_intervals(calendar: Calendar, moment: datetime) -> Iterator[Interval]:
    """What is left of the open intervals; the first may have started a local date, two UTC dates, earlier."""
    first = (moment - timedelta(days=2)).date()
    for row in open_intervals(calendar, first):
        if row.end > moment:
            yield row._replace(start=max(row.start, moment))


def _after_opening_hours(calendar: Calendar, rows: Iterator[Interval]) -> datetime | None:
    left = timedelta(hours=calendar.promise.hours)
    for row in rows:
        if left <= row.end - row.start:
            return row.start + left
        left -= row.end - row.start
    return None


def _after_working_days(calendar: Calendar, rows: Iterator[Interval]) -> datetime | None:
    """The same clock time so many dates with an open row later, or the first open moment after it.

    The clock time is counted from the midnight of the date to which the row belongs, past 24:00 in a night
    row, and what follows that date's rows is the next date's first one: so the order of submissions is kept.
    """
    first = next(rows, None)
    if first is None:
        return None
    clock = wall_clock(calendar.zone, first.start) - datetime.combine(first.day, time.min)
    dates = groupby((row for row in rows if row.day > first.day), key=attrgetter("day"))
    answer_day = next(islice(dates, calendar.promise.hours // 24 - 1, None), None)
    if answer_day is None:
        return None
    wanted = instant(calendar.zone, datetime.combine(answer_day[0], time.min) + clock)
    for row in chain(answer_day[1], (row for _, following in dates for row in following)):
        if row.day > answer_day[0]:
            return row.start
        if wanted <= row.end:
            return max(wanted, row.start)
    return None

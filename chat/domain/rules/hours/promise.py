"""The promise: by when we answer a ticket sent at a moment, counted in working time."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import chain, groupby, islice
from operator import attrgetter
from zoneinfo import ZoneInfo

from chat.domain.rules.hours.calendar import Calendar, Interval, PromiseRule, open_intervals, open_intervals_before
from chat.domain.rules.hours.local_time import instant, validated, wall_clock, with_fixed_offset


def due(calendar: Calendar, submitted: datetime, rule: PromiseRule | None = None) -> datetime | None:
    """When the answer is due by a rule, without one by the calendar's, with the calendar's offset; None when the
    calendar opens too seldom.

    A ticket that arrives while the state is not `open` counts from the next opening. A due time lies in an open row or
    is the moment at which one ends. A later submission never has an earlier due time. Raises InvalidMoment.
    """
    moment, rule = validated(submitted), rule or calendar.promise
    count = _after_working_days if rule.unit == "working_days" else _after_opening_hours
    answer = count(calendar.zone, rule.hours, _remaining_intervals(calendar.regular, moment))
    return answer and with_fixed_offset(calendar.zone, answer)


def opening_time_before(calendar: Calendar, moment: datetime, time_left: timedelta) -> datetime:
    """When so much opening time is left until a moment. Where the calendar was not open for so long within
    `HORIZON_DAYS`, the beginning of the first opening. Raises InvalidMoment."""
    moment = found = validated(moment)
    for interval in open_intervals_before(calendar.regular, moment):
        end = min(interval.end, moment)
        if time_left <= end - interval.start:
            return end - time_left
        found, time_left = interval.start, time_left - (end - interval.start)
    return found


def _remaining_intervals(calendar: Calendar, moment: datetime) -> Iterator[Interval]:
    """The open intervals from a moment on; the first may have started a local date, two UTC dates, earlier."""
    first = (moment - timedelta(days=2)).date()
    for interval in open_intervals(calendar, first):
        if interval.end > moment:
            yield interval._replace(start=max(interval.start, moment))


def _after_opening_hours(_: ZoneInfo, hours: int, intervals: Iterator[Interval]) -> datetime | None:
    left = timedelta(hours=hours)
    for interval in intervals:
        if left <= interval.end - interval.start:
            return interval.start + left
        left -= interval.end - interval.start
    return None


def _after_working_days(zone: ZoneInfo, hours: int, intervals: Iterator[Interval]) -> datetime | None:
    """The same clock time so many working days later, or the first open moment after it.

    A working day is a date with an open row. The clock time counts from the midnight of the row's date, past 24:00 in a
    night row, and after a date's rows comes the next working day's first row: this preserves the order of submissions.
    """
    first = next(intervals, None)
    if first is None:
        return None
    clock_time = wall_clock(zone, first.start) - datetime.combine(first.day, time.min)
    working_days = groupby((interval for interval in intervals if interval.day > first.day), key=attrgetter("day"))
    answer_day = next(islice(working_days, hours // 24 - 1, None), None)
    if answer_day is None:
        return None
    same_clock_time = instant(zone, datetime.combine(answer_day[0], time.min) + clock_time)
    for interval in chain(answer_day[1], (interval for _, following in working_days for interval in following)):
        if interval.day > answer_day[0]:
            return interval.start
        if same_clock_time <= interval.end:
            return max(same_clock_time, interval.start)
    return None

"""Rows of a calendar that cover the same time."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import permutations
from typing import NamedTuple

from chat.domain.rules.hours.calendar import DAYS, MINUTES_PER_DAY, Calendar, CalendarRow, ExceptionRow, rows_for_date


class Overlap(NamedTuple):
    """The paths of two rows in the JSON, and the day or date on which the first one overlaps the second."""

    row: str
    other: str
    on: str


def overlaps(calendar: Calendar) -> list[Overlap]:
    """Every overlap, also of a night row with the next date's rows. Of two overlapping rows each is reported."""
    found = [*_in_week(calendar), *_around_holidays(calendar), *_around_exceptions(calendar)]
    return list(dict.fromkeys(found))


def _in_week(calendar: Calendar) -> Iterator[Overlap]:
    rows = [(f"week[{n}]", day, row) for n, row in enumerate(calendar.week) for day in row.days]
    for (name, day, row), (other_name, other_day, other) in permutations(rows, 2):
        if _overlap(row, other, (other_day - day + 3) % 7 - 3):
            yield Overlap(name, other_name, DAYS[day])


def _around_holidays(calendar: Calendar) -> Iterator[Overlap]:
    """A holiday can fall on any day of the week, with a normal day before and after it."""
    holiday = calendar.holidays
    for n, row in enumerate(calendar.week):
        if holiday and (_overlap(holiday, row, 1) or _overlap(holiday, row, -1)):
            yield Overlap("holidays", f"week[{n}]", "the day before or after")


def _around_exceptions(calendar: Calendar) -> Iterator[Overlap]:
    for day in {row.date for row in calendar.exceptions}:
        for days_apart in (-1, 0, 1):
            yield from _between(calendar, day, days_apart)


def _between(calendar: Calendar, day: date, days_apart: int) -> Iterator[Overlap]:
    for name, row in rows_for_date(calendar, day):
        for other_name, other in rows_for_date(calendar, day + timedelta(days=days_apart)):
            if name != other_name and _overlap(row, other, days_apart):
                yield Overlap(name, other_name, day.isoformat())


def _overlap(row: CalendarRow, other: CalendarRow, days_apart: int) -> bool:
    """Whether two rows overlap when the other's date is `days_apart` later. A closed row covers its whole date, but for
    the hours added to it."""
    if not row.hours or not other.hours:
        return days_apart == 0 and not any(isinstance(one, ExceptionRow) and one.adds for one in (row, other))
    shift = days_apart * MINUTES_PER_DAY
    return row.hours.start < other.hours.stop + shift and other.hours.start + shift < row.hours.stop

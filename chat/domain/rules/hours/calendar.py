"""Opening hours: a desk's state at a moment, until when, and when it opens next.

Rows are wall time of the calendar's zone (rules/wall_time.py says what that means while the clocks change);
a row that runs past midnight belongs to the date on which it starts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chat.domain.rules.hours import public_holidays
from chat.domain.rules.hours.local_time import instant, midnight, validated, with_fixed_offset
from chat.vocabulary import PromiseUnit, ServiceState

StateChange = tuple[datetime, ServiceState]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_PER_DAY = 24 * 60
# What does not happen within this many days (a leap year, all its holidays, and a month) is told as never.
HORIZON_DAYS = 400
TEN_YEARS_DAYS = 3653


class Hours(NamedTuple):
    """Minutes after midnight, as written: an end before the start lies on the next date; 1440 is "24:00"."""

    start: int
    end: int

    @property
    def stop(self) -> int:
        """The end in minutes after the starting date's midnight."""
        return self.end if self.end > self.start else self.end + MINUTES_PER_DAY


class WeekRow(NamedTuple):
    """What holds every week on these days (0 is Monday); closed, and only closed, has no hours."""

    days: tuple[int, ...]
    hours: Hours | None
    state: ServiceState


class HolidayRow(NamedTuple):
    """What holds on the public holidays of a country or of one part of it."""

    country: str
    subdivision: str | None
    hours: Hours | None
    state: ServiceState


class ExceptionRow(NamedTuple):
    """What holds on one date."""

    date: date
    hours: Hours | None
    state: ServiceState
    name: str | None


CalendarRow = WeekRow | HolidayRow | ExceptionRow


class PromiseRule(NamedTuple):
    """Within how much working time an answer is owed; rules/promise.py knows the units."""

    hours: int
    unit: PromiseUnit


@dataclass(frozen=True, slots=True)
class Calendar:
    """A desk's opening hours and its promise. Made by `calendar_file.parse` only, which checks it."""

    timezone: str
    week: tuple[WeekRow, ...]
    holidays: HolidayRow | None
    exceptions: tuple[ExceptionRow, ...]
    promise: PromiseRule

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


# France, as DESIGN.md section 6 has it for a new install.
DEFAULT = Calendar(
    timezone="Europe/Paris",
    week=(
        WeekRow((0, 1, 2, 3, 4), Hours(9 * 60, 18 * 60), "open"),
        WeekRow((5, 6), Hours(9 * 60, 18 * 60), "limited"),
    ),
    holidays=HolidayRow("FR", None, Hours(9 * 60, 18 * 60), "limited"),
    exceptions=(),
    promise=PromiseRule(48, "working_days"),
)


class Interval(NamedTuple):
    """One row of one date as UTC instants: from `start` on, not at `end`; `day` is the starting date."""

    day: date
    start: datetime
    end: datetime
    state: ServiceState


class OpeningPeriod(NamedTuple):
    """A state, when it ends (None: not within the horizon), and the next opening (None: open, or never)."""

    state: ServiceState
    until: datetime | None
    next_open: datetime | None


def period_at(calendar: Calendar, moment: datetime) -> OpeningPeriod:
    """All that a Service says of a moment, in one look-up; times carry the calendar's offset.

    Raises `BadMoment` for a naive moment or one outside the years 1970 to 2199.
    """
    asked = validated(moment)
    return next(s for s in _periods(calendar, asked.date()) if s.until is None or asked < s.until)


def state_at(calendar: Calendar, moment: datetime) -> tuple[ServiceState, datetime | None]:
    """The state at a moment and when it ends; None: not within the horizon. Rows that touch are one state."""
    stretch = period_at(calendar, moment)
    return stretch.state, stretch.until


def next_open(calendar: Calendar, moment: datetime) -> datetime | None:
    """When the desk is next `open`; None while it is, and when it will not be within the horizon."""
    return period_at(calendar, moment).next_open


def in_zone(calendar: Calendar, wall: datetime) -> datetime:
    """The moment that a naive time means in the calendar's zone."""
    return with_fixed_offset(calendar.zone, instant(calendar.zone, wall))


def rows_for_date(calendar: Calendar, day: date) -> Sequence[tuple[str, CalendarRow]]:
    """The rows that a date's hours come from, each with its place in the file: a date's exceptions, else
    its holiday's row, else the week's."""
    exceptions = [(f"exceptions[{n}]", row) for n, row in enumerate(calendar.exceptions) if row.date == day]
    if exceptions:
        return exceptions
    if calendar.holidays and is_holiday(calendar.holidays, day):
        return [("holidays", calendar.holidays)]
    return [(f"week[{n}]", row) for n, row in enumerate(calendar.week) if day.weekday() in row.days]


def is_holiday(row: HolidayRow, day: date) -> bool:
    """Whether a date is a public holiday where this row says."""
    return day in public_holidays.dates(row.country, row.subdivision, day.year)


@lru_cache(maxsize=8192)
def intervals(calendar: Calendar, day: date) -> tuple[Interval, ...]:
    """The open and limited intervals that start on a date, in order, but none that the clocks jump over."""
    zone, start = calendar.zone, datetime.combine(day, time.min)

    def at(minutes: int) -> datetime:
        return instant(zone, start + timedelta(minutes=minutes))

    rows = [row for _, row in rows_for_date(calendar, day)]
    found = (Interval(day, at(r.hours.start), at(r.hours.stop), r.state) for r in rows if r.hours)
    return tuple(sorted(interval for interval in found if interval.start < interval.end))


def open_intervals(calendar: Calendar, first: date) -> Iterator[Interval]:
    """The open intervals from a date on, in order, for ten years or until none comes for `HORIZON` days."""
    last = first
    for day in (first + timedelta(days=n) for n in range(TEN_YEARS_DAYS)):
        if (day - last).days > HORIZON_DAYS:
            return
        for interval in intervals(calendar, day):
            if interval.state == "open":
                last = day
                yield interval


@lru_cache(maxsize=1024)
def _periods(calendar: Calendar, utc_day: date) -> tuple[OpeningPeriod, ...]:
    """The stretches that touch a UTC day, and some before and after it.

    Rows that start two local dates earlier can still hold: no zone is a day from UTC, no row longer than one.
    """
    end = datetime.combine(utc_day + timedelta(days=1), time.min, UTC)
    changes: list[StateChange] = []
    for change in _merged(_changes(calendar, utc_day - timedelta(days=2))):
        changes.append(change)
        if change[0] >= end and change[1] == "open":
            break
    return tuple(_periods_in_zone(calendar.zone, changes))


def _periods_in_zone(zone: ZoneInfo, changes: list[StateChange]) -> Iterator[OpeningPeriod]:
    openings = [with_fixed_offset(zone, at) for at, state in changes if state == "open"]
    ends = [with_fixed_offset(zone, at) for at, _ in changes[1:]]
    for (start, state), until in zip(changes, [*ends, None], strict=True):
        opening = next((at for at in openings if at > start), None)
        yield OpeningPeriod(state, until, None if state == "open" else opening)


def _merged(changes: Iterable[StateChange]) -> Iterator[StateChange]:
    return (next(same) for _, same in groupby(changes, key=itemgetter(1)))


def _changes(calendar: Calendar, first: date) -> Iterator[StateChange]:
    """Every (instant, state from then on) from a date on, as far as the horizon; a state may be told again.

    What follows an interval is known only at the next one or at the end of its date: a night may end in a
    morning.
    """
    edge = midnight(calendar.zone, first)
    for day, following in pairwise(first + timedelta(days=n) for n in range(HORIZON_DAYS + 4)):
        for interval in intervals(calendar, day):
            if edge < interval.start:
                yield edge, "closed"
            yield interval.start, interval.state
            edge = interval.end
        if edge < midnight(calendar.zone, following):
            yield edge, "closed"

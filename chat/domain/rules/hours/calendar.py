"""Opening hours: the service state at a moment, until when it lasts, and when service opens next.

Rows have local time of the calendar's zone (local_time.py defines it while the clocks change). A row that runs past
midnight belongs to the date on which it starts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
# A change further away than this (a leap year, all its holidays, and a month) counts as never.
HORIZON_DAYS = 400
TEN_YEARS_DAYS = 3653


class Hours(NamedTuple):
    """Minutes after midnight, as in the JSON: an end before the start is on the next date; 1440 is "24:00"."""

    start: int
    end: int

    @property
    def stop(self) -> int:
        """The end in minutes after the starting date's midnight."""
        return self.end if self.end > self.start else self.end + MINUTES_PER_DAY


class WeekRow(NamedTuple):
    """The state on these days of every week (0 is Monday). `hours` is None exactly when the state is closed."""

    days: tuple[int, ...]
    hours: Hours | None
    state: ServiceState


class HolidayRow(NamedTuple):
    """The state on the public holidays of a country or of one of its parts."""

    country: str
    subdivision: str | None
    hours: Hours | None
    state: ServiceState


class ExceptionRow(NamedTuple):
    """The state on one date. A row that `adds` leaves the date's other rows in force, and promises do not count it."""

    date: date
    hours: Hours | None
    state: ServiceState
    name: str | None
    adds: bool = False


CalendarRow = WeekRow | HolidayRow | ExceptionRow


class PromiseRule(NamedTuple):
    """The working time within which we promise an answer; promise.py counts it by unit."""

    hours: int
    unit: PromiseUnit


@dataclass(frozen=True, slots=True)
class Calendar:
    """The opening hours and the promise. Only `calendar_json.parse`, which validates them, makes one."""

    timezone: str
    week: tuple[WeekRow, ...]
    holidays: HolidayRow | None
    exceptions: tuple[ExceptionRow, ...]
    promise: PromiseRule

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def regular(self) -> "Calendar":
        """The calendar without added hours."""
        regular = tuple(row for row in self.exceptions if not row.adds)
        return self if len(regular) == len(self.exceptions) else replace(self, exceptions=regular)


# What a new install has: France.
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
    """One row of one date as UTC instants, `end` excluded; `day` is the date on which it starts."""

    day: date
    start: datetime
    end: datetime
    state: ServiceState


class OpeningPeriod(NamedTuple):
    """A state, when it ends (None: not within the horizon), and the next opening (None: open now, or never)."""

    state: ServiceState
    until: datetime | None
    next_open: datetime | None


def period_at(calendar: Calendar, moment: datetime) -> OpeningPeriod:
    """The period that contains a moment; its times carry the calendar's offset.

    Raises InvalidMoment for a naive moment or one outside the years 1970 to 2199.
    """
    utc = validated(moment)
    return next(period for period in _periods(calendar, utc.date()) if period.until is None or utc < period.until)


def state_at(calendar: Calendar, moment: datetime) -> tuple[ServiceState, datetime | None]:
    """The state at a moment and when it ends (None: not within the horizon). Adjacent rows of one state are joined."""
    period = period_at(calendar, moment)
    return period.state, period.until


def next_open(calendar: Calendar, moment: datetime) -> datetime | None:
    """When the state is next `open`; None while it is open, or if that is not within the horizon."""
    return period_at(calendar, moment).next_open


def in_zone(calendar: Calendar, local: datetime) -> datetime:
    """The moment that a naive time means in the calendar's zone."""
    return with_fixed_offset(calendar.zone, instant(calendar.zone, local))


def rows_for_date(calendar: Calendar, day: date) -> Sequence[tuple[str, CalendarRow]]:
    """The rows that apply to a date, each with its path in the JSON: the date's exceptions, else the row of its
    holiday, else those of the week; and the hours added to the date."""
    exceptions = [(f"exceptions[{n}]", row) for n, row in enumerate(calendar.exceptions) if row.date == day]
    replacing = [(path, row) for path, row in exceptions if not row.adds]
    adding = [(path, row) for path, row in exceptions if row.adds]
    return [*(replacing or _usual_rows(calendar, day)), *adding]


def _usual_rows(calendar: Calendar, day: date) -> Sequence[tuple[str, CalendarRow]]:
    if calendar.holidays and is_holiday(calendar.holidays, day):
        return [("holidays", calendar.holidays)]
    return [(f"week[{n}]", row) for n, row in enumerate(calendar.week) if day.weekday() in row.days]


def is_holiday(row: HolidayRow, day: date) -> bool:
    """Whether a date is a public holiday in the row's country or part."""
    return day in public_holidays.dates(row.country, row.subdivision, day.year)


@lru_cache(maxsize=8192)
def intervals(calendar: Calendar, day: date) -> tuple[Interval, ...]:
    """The open and limited intervals that start on a date, in order, without those that the clocks skip."""
    zone, start = calendar.zone, datetime.combine(day, time.min)

    def at(minutes: int) -> datetime:
        return instant(zone, start + timedelta(minutes=minutes))

    rows = [row for _, row in rows_for_date(calendar, day)]
    on_date = (Interval(day, at(row.hours.start), at(row.hours.stop), row.state) for row in rows if row.hours)
    return tuple(sorted(interval for interval in on_date if interval.start < interval.end))


def open_intervals(calendar: Calendar, first: date) -> Iterator[Interval]:
    """The open intervals from a date on, in order, for ten years or until `HORIZON_DAYS` pass without one."""
    last = first
    for day in (first + timedelta(days=n) for n in range(TEN_YEARS_DAYS)):
        if (day - last).days > HORIZON_DAYS:
            return
        for interval in intervals(calendar, day):
            if interval.state == "open":
                last = day
                yield interval


def open_intervals_before(calendar: Calendar, moment: datetime) -> Iterator[Interval]:
    """The open intervals that start before a moment, the last first, back to `HORIZON_DAYS` before it."""
    # A row of tomorrow's local date may have started: no zone is a day from UTC.
    last = moment.astimezone(UTC).date() + timedelta(days=1)
    for day in (last - timedelta(days=n) for n in range(HORIZON_DAYS)):
        for interval in reversed(intervals(calendar, day)):
            if interval.state == "open" and interval.start < moment:
                yield interval


@lru_cache(maxsize=1024)
def _periods(calendar: Calendar, utc_day: date) -> tuple[OpeningPeriod, ...]:
    """The periods that touch a UTC day, and some before and after it.

    It begins two dates earlier, whose rows can still apply: no zone is a day from UTC, and no row is longer than one.
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
    return (next(equal) for _, equal in groupby(changes, key=itemgetter(1)))


def _changes(calendar: Calendar, first: date) -> Iterator[StateChange]:
    """Every (instant, state from then on) from a date on, up to the horizon; equal states may follow each other.

    The state after an interval is certain only at the next interval or at the end of the date: a night row may end
    within the next morning's row.
    """
    covered_until = midnight(calendar.zone, first)
    for day, following in pairwise(first + timedelta(days=n) for n in range(HORIZON_DAYS + 4)):
        for interval in intervals(calendar, day):
            if covered_until < interval.start:
                yield covered_until, "closed"
            yield interval.start, interval.state
            covered_until = interval.end
        if covered_until < midnight(calendar.zone, following):
            yield covered_until, "closed"

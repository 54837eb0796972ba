"""An independent oracle for calendars: it counts every minute of some days from the JSON, with no product code.

A row applies from the first minute at which the clocks show its `from` or later to the first at which they show its
`to` or later: this sentence is the whole treatment of clock changes.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

Json = Mapping[str, object]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)

# From the calendars of the French administration; 1 May and 8 May 2027 are Saturdays, 15 August 2027 a Sunday.
FRENCH_HOLIDAYS = {
    2026: "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25",
    2027: "01-01 03-29 05-01 05-06 05-08 05-17 07-14 08-15 11-01 11-11 12-25",
}
# Good Friday and Saint Stephen's Day.
ALSACE_MOSELLE_ALSO = {2026: "04-03 12-26", 2027: "03-26 12-26"}


def holiday_dates(table: Mapping[int, str]) -> set[date]:
    return {date.fromisoformat(f"{year}-{day}") for year, days in table.items() for day in days.split()}


HOLIDAYS = holiday_dates(FRENCH_HOLIDAYS)
HOLIDAYS_57 = HOLIDAYS | holiday_dates(ALSACE_MOSELLE_ALSO)


class Row(NamedTuple):
    """Minutes of the window, `end` excluded."""

    day: date
    start: int
    end: int
    state: str


@lru_cache(maxsize=64)
def local_times(zone: str, first: date, days: int) -> tuple[Sequence[int], Sequence[int]]:
    """For every minute from `first` 00:00 UTC: the local time, and the latest local time so far."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    moments = ((start + n * MINUTE).astimezone(ZoneInfo(zone)) for n in range(days * 24 * 60))
    local = [(moment.replace(tzinfo=UTC) - start) // MINUTE for moment in moments]
    return local, list(accumulate(local, max))


class Minutes:
    """Some days of a calendar, minute by minute. The first and the last two days are incomplete."""

    def __init__(self, calendar: Json, first: date, days: int) -> None:
        self.calendar, self.first, self.days = calendar, first, days
        self.start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        self.local, self.latest = local_times(str(calendar["timezone"]), first, days)
        self.rows = sorted(row for n in range(days) for row in self.rows_of(first + timedelta(days=n)))
        self.states = ["closed"] * len(self.local)
        for row in self.rows:
            self.states[row.start : row.end] = [row.state] * (row.end - row.start)

    def at(self, minute: int) -> datetime:
        return self.start + minute * MINUTE

    def first_showing(self, day: date, minutes: int) -> int:
        return bisect_left(self.latest, (day - self.first).days * 24 * 60 + minutes)

    def rows_of(self, day: date) -> list[Row]:
        found = []
        for row in self.json_rows(day):
            if row["state"] != "closed":
                start, end = _minutes(str(row["from"])), _minutes(str(row["to"]))
                end += 24 * 60 * (end < start)
                found.append(Row(day, self.first_showing(day, start), self.first_showing(day, end), str(row["state"])))
        return [row for row in found if row.start < row.end]

    def json_rows(self, day: date) -> list[Json]:
        exceptions = [row for row in self._list("exceptions") if row["date"] == day.isoformat()]
        if exceptions:
            return exceptions
        holidays = self.calendar["holidays"]
        if isinstance(holidays, dict) and day in (HOLIDAYS_57 if holidays["subdivision"] else HOLIDAYS):
            return [holidays]
        return [row for row in self._list("week") if DAYS[day.weekday()] in str(row["days"])]

    def _list(self, key: str) -> list[Json]:
        rows = self.calendar[key]
        assert isinstance(rows, list)
        return rows

    def until(self, minute: int) -> int | None:
        """The next minute with another state, None if these days have none."""
        later = range(minute, len(self.states))
        return next((n for n in later if self.states[n] != self.states[minute]), None)

    def next_open(self, minute: int) -> int | None:
        if self.states[minute] == "open":
            return None
        return next((n for n in range(minute, len(self.states)) if self.states[n] == "open"), None)

    def due_in_opening_hours(self, minute: int, hours: int) -> int | None:
        left = hours * 60
        for n in range(minute, len(self.states)):
            left -= self.states[n] == "open"
            if left == 0:
                return n + 1
        return None

    def due_in_working_days(self, minute: int, hours: int) -> int | None:
        open_rows = [row for row in self.rows if row.state == "open"]
        first = next((row for row in open_rows if row.end > minute), None)
        if first is None:
            return None
        later = sorted({row.day for row in open_rows if row.day > first.day})[hours // 24 - 1 :]
        clock = self._clock(max(first.start, minute), first.day)
        for row in (row for row in open_rows if later and row.day >= later[0]):
            same_clock_time = self.first_showing(later[0], clock)
            if row.day > later[0] or same_clock_time <= row.end:
                return row.start if row.day > later[0] else max(row.start, same_clock_time)
        return None

    def _clock(self, minute: int, day: date) -> int:
        """The local time as minutes since the day's midnight; while an hour occurs again, that hour's end."""
        repeated = minute > 0 and self.latest[minute - 1] >= self.local[minute]
        minutes_shown = self.latest[minute] + 1 if repeated else self.local[minute]
        return minutes_shown - (day - self.first).days * 24 * 60


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)

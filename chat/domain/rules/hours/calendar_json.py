"""The calendar as JSON: read strictly, every fault named by its row, and written back as it was."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import NamedTuple, TypeVar

from chat.domain.rules.hours import calendar_fields as values
from chat.domain.rules.hours.calendar import (
    DAYS,
    MINUTES_A_DAY,
    Calendar,
    ExceptionRow,
    HolidayRow,
    Hours,
    PromiseRule,
    Row,
    WeekRow,
)
from chat.domain.rules.hours.overlaps import overlaps
from chat.vocabulary import PromiseUnit, ServiceState

T = TypeVar("T")


class Fault(NamedTuple):
    """What is wrong, and where: "week[1].from"; "calendar" is the whole."""

    path: str
    problem: str


class BadCalendar(ValueError):
    """The JSON is no calendar. `faults` has all that was found; the message has a line for each."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(f"{fault.path}: {fault.problem}" for fault in faults))
        self.faults = tuple(faults)


def parse(found: object) -> Calendar:
    """The calendar that decoded JSON describes (PROTOCOL.md, "The calendar"). Raises `BadCalendar`.

    `holidays` may be null or left out, `exceptions` left out. A closed row takes the whole date and has
    no hours. Overlaps are looked for only once every row is sound in itself.
    """
    faults: list[Fault] = []
    calendar = _calendar(_Part(found, "", faults))
    if not faults:
        faults = [Fault(o.row, f"overlaps {o.other} on {o.on}") for o in overlaps(calendar)]
    if faults:
        raise BadCalendar(faults)
    return calendar


def to_json(calendar: Calendar) -> dict[str, object]:
    """What `parse` reads as this calendar, in the order of PROTOCOL.md."""
    week = [{"days": [DAYS[day] for day in row.days], **_hours_json(row)} for row in calendar.week]
    promise = {"hours": calendar.promise.hours, "unit": calendar.promise.unit}
    return {
        "timezone": calendar.timezone,
        "week": week,
        "holidays": _holiday_json(calendar.holidays) if calendar.holidays else None,
        "exceptions": [_exception_json(row) for row in calendar.exceptions],
        "promise": promise,
    }


def _holiday_json(row: HolidayRow) -> dict[str, object]:
    return {"country": row.country, "subdivision": row.subdivision, **_hours_json(row)}


def _exception_json(row: ExceptionRow) -> dict[str, object]:
    name = {} if row.name is None else {"name": row.name}
    return {"date": row.date.isoformat(), **_hours_json(row), **name}


def _hours_json(row: Row) -> dict[str, str]:
    hours = {"from": _clock(row.hours.start), "to": _clock(row.hours.end)} if row.hours else {}
    return {**hours, "state": row.state}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


class _Part:
    """One JSON object being read; a fault is noted and a fallback taken, so that reading goes on."""

    def __init__(self, found: object, path: str, faults: list[Fault]) -> None:
        self.path, self.faults = path, faults
        self.sound = isinstance(found, dict)
        self.fields: dict[str, object] = dict(found) if isinstance(found, dict) else {}
        self.unread = dict.fromkeys(self.fields)
        if not self.sound:
            self.fault("", "must be an object")

    def fault(self, key: str, problem: str) -> None:
        path = ".".join(name for name in (self.path, key) if name)
        self.faults.append(Fault(path or "calendar", problem))

    def read(self, key: str, convert: Callable[[object], T], fallback: T) -> T:
        """A field that must be there."""
        if self.sound and key not in self.fields:
            self.fault(key, "is missing")
        return self.read_if_there(key, convert, fallback)

    def read_if_there(self, key: str, convert: Callable[[object], T], fallback: T) -> T:
        self.unread.pop(key, None)
        if key not in self.fields:
            return fallback
        try:
            return convert(self.fields[key])
        except values.InvalidValue as problem:
            self.fault(key, str(problem))
            return fallback

    def part(self, key: str, found: object) -> "_Part":
        return _Part(found, ".".join(name for name in (self.path, key) if name), self.faults)

    def rows(self, key: str, found: list[object]) -> Iterator["_Part"]:
        return (self.part(f"{key}[{n}]", row) for n, row in enumerate(found))

    def finish(self) -> None:
        """Refuse the fields that nobody has read."""
        for key in self.unread:
            self.fault(str(key), "is not known here")


def _calendar(part: _Part) -> Calendar:
    zone = part.read("timezone", values.zone, "UTC")
    week: list[object] = part.read("week", values.a_list, [])
    holidays = part.read_if_there("holidays", values.anything, None)
    exceptions: list[object] = part.read_if_there("exceptions", values.a_list, [])
    promise = part.read_if_there("promise", values.anything, None)
    calendar = Calendar(
        zone,
        tuple(_week_row(row) for row in part.rows("week", week)),
        None if holidays is None else _holiday_row(part.part("holidays", holidays)),
        tuple(_exception_row(row) for row in part.rows("exceptions", exceptions)),
        _promise(part.part("promise", promise)),
    )
    part.finish()
    return calendar


def _week_row(part: _Part) -> WeekRow:
    days: tuple[int, ...] = part.read("days", values.days, ())
    row = WeekRow(days, *_hours_and_state(part))
    part.finish()
    return row


def _holiday_row(part: _Part) -> HolidayRow:
    country = part.read("country", values.country, "")
    subdivision = part.read_if_there("subdivision", partial(values.subdivision, country), None)
    row = HolidayRow(country, subdivision, *_hours_and_state(part))
    part.finish()
    return row


def _exception_row(part: _Part) -> ExceptionRow:
    day = part.read("date", values.a_date, date.min)
    name = part.read_if_there("name", values.name, None)
    row = ExceptionRow(day, *_hours_and_state(part), name)
    part.finish()
    return row


def _promise(part: _Part) -> PromiseRule:
    unit: PromiseUnit = part.read("unit", values.unit, "opening_hours")
    hours = part.read("hours", partial(values.promised_hours, unit), 1)
    part.finish()
    return PromiseRule(hours, unit)


def _hours_and_state(part: _Part) -> tuple[Hours | None, ServiceState]:
    state: ServiceState = part.read("state", values.state, "closed")
    if state != "closed":
        return _hours(part), state
    for key in ("from", "to"):
        if part.fields.get("state") == "closed" and key in part.fields:
            part.fault(key, "a closed row takes the whole date and has no hours")
        part.unread.pop(key, None)
    return None, state


def _hours(part: _Part) -> Hours:
    start = part.read("from", values.start_time, -1)
    end = part.read("to", values.end_time, MINUTES_A_DAY)
    if start == end:
        part.fault("to", 'is the same as from; a whole day is "00:00" to "24:00"')
    return Hours(start, end)

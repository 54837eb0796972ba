"""The calendar as JSON: read strictly, every fault named by its row, and written back as it was."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import NamedTuple, TypeVar

from chat.domain.rules.hours import calendar_fields as values
from chat.domain.rules.hours.calendar import (
    DAYS,
    MINUTES_PER_DAY,
    Calendar,
    CalendarRow,
    ExceptionRow,
    HolidayRow,
    Hours,
    PromiseRule,
    WeekRow,
)
from chat.domain.rules.hours.overlaps import overlaps
from chat.vocabulary import PromiseUnit, ServiceState

T = TypeVar("T")


class Fault(NamedTuple):
    """What is wrong, and where: "week[1].from"; "calendar" is the whole."""

    path: str
    problem: str


class InvalidCalendar(ValueError):
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
    calendar = _calendar(_ObjectReader(found, "", faults))
    if not faults:
        faults = [Fault(o.row, f"overlaps {o.other} on {o.on}") for o in overlaps(calendar)]
    if faults:
        raise InvalidCalendar(faults)
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


def _hours_json(row: CalendarRow) -> dict[str, str]:
    hours = {"from": _clock(row.hours.start), "to": _clock(row.hours.end)} if row.hours else {}
    return {**hours, "state": row.state}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


class _ObjectReader:
    """One JSON object being read; a fault is noted and a fallback taken, so that reading goes on."""

    def __init__(self, found: object, path: str, faults: list[Fault]) -> None:
        self.path, self.faults = path, faults
        self.is_object = isinstance(found, dict)
        self.fields: dict[str, object] = dict(found) if isinstance(found, dict) else {}
        self.unread = dict.fromkeys(self.fields)
        if not self.is_object:
            self.add_fault("", "must be an object")

    def add_fault(self, key: str, problem: str) -> None:
        path = ".".join(name for name in (self.path, key) if name)
        self.faults.append(Fault(path or "calendar", problem))

    def read(self, key: str, convert: Callable[[object], T], fallback: T) -> T:
        """A field that must be there."""
        if self.is_object and key not in self.fields:
            self.add_fault(key, "is missing")
        return self.read_if_there(key, convert, fallback)

    def read_if_there(self, key: str, convert: Callable[[object], T], fallback: T) -> T:
        self.unread.pop(key, None)
        if key not in self.fields:
            return fallback
        try:
            return convert(self.fields[key])
        except values.InvalidValue as problem:
            self.add_fault(key, str(problem))
            return fallback

    def child(self, key: str, found: object) -> "_ObjectReader":
        return _ObjectReader(found, ".".join(name for name in (self.path, key) if name), self.faults)

    def children(self, key: str, found: list[object]) -> Iterator["_ObjectReader"]:
        return (self.child(f"{key}[{n}]", row) for n, row in enumerate(found))

    def reject_unread_fields(self) -> None:
        """Refuse the fields that nobody has read."""
        for key in self.unread:
            self.add_fault(str(key), "is not known here")


def _calendar(part: _ObjectReader) -> Calendar:
    zone = part.read("timezone", values.zone, "UTC")
    week: list[object] = part.read("week", values.json_list, [])
    holidays = part.read_if_there("holidays", values.any_value, None)
    exceptions: list[object] = part.read_if_there("exceptions", values.json_list, [])
    promise = part.read_if_there("promise", values.any_value, None)
    calendar = Calendar(
        zone,
        tuple(_week_row(row) for row in part.children("week", week)),
        None if holidays is None else _holiday_row(part.child("holidays", holidays)),
        tuple(_exception_row(row) for row in part.children("exceptions", exceptions)),
        _promise(part.child("promise", promise)),
    )
    part.reject_unread_fields()
    return calendar


def _week_row(part: _ObjectReader) -> WeekRow:
    days: tuple[int, ...] = part.read("days", values.days, ())
    row = WeekRow(days, *_hours_and_state(part))
    part.reject_unread_fields()
    return row


def _holiday_row(part: _ObjectReader) -> HolidayRow:
    country = part.read("country", values.country, "")
    subdivision = part.read_if_there("subdivision", partial(values.subdivision, country), None)
    row = HolidayRow(country, subdivision, *_hours_and_state(part))
    part.reject_unread_fields()
    return row


def _exception_row(part: _ObjectReader) -> ExceptionRow:
    day = part.read("date", values.iso_date, date.min)
    name = part.read_if_there("name", values.name, None)
    row = ExceptionRow(day, *_hours_and_state(part), name)
    part.reject_unread_fields()
    return row


def _promise(part: _ObjectReader) -> PromiseRule:
    unit: PromiseUnit = part.read("unit", values.unit, "opening_hours")
    hours = part.read("hours", partial(values.promised_hours, unit), 1)
    part.reject_unread_fields()
    return PromiseRule(hours, unit)


def _hours_and_state(part: _ObjectReader) -> tuple[Hours | None, ServiceState]:
    state: ServiceState = part.read("state", values.state, "closed")
    if state != "closed":
        return _hours(part), state
    for key in ("from", "to"):
        if part.fields.get("state") == "closed" and key in part.fields:
            part.add_fault(key, "a closed row takes the whole date and has no hours")
        part.unread.pop(key, None)
    return None, state


def _hours(part: _ObjectReader) -> Hours:
    start = part.read("from", values.start_time, -1)
    end = part.read("to", values.end_time, MINUTES_PER_DAY)
    if start == end:
        part.add_fault("to", 'is the same as from; a whole day is "00:00" to "24:00"')
    return Hours(start, end)

"""The calendar as JSON: parsed strictly, with every fault named by its path, and written back unchanged."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import NamedTuple, TypeVar

from chat.domain.rules.hours import calendar_fields as fields
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
    """The path of a faulty value ("week[1].from"; "calendar" for the whole) and what is wrong with it."""

    path: str
    problem: str


class InvalidCalendar(ValueError):
    """The JSON is no valid calendar. `faults` has every fault; the message has a line for each."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(f"{fault.path}: {fault.problem}" for fault in faults))
        self.faults = tuple(faults)


def parse(json_value: object) -> Calendar:
    """The calendar that decoded JSON describes. Raises InvalidCalendar.

    `holidays` may be null or missing, `exceptions` missing. A closed row covers the whole date and has no hours.
    Overlaps are searched only once every row is valid by itself.
    """
    faults: list[Fault] = []
    calendar = _calendar(_ObjectReader(json_value, "", faults))
    if not faults:
        faults = [Fault(overlap.row, f"overlaps {overlap.other} on {overlap.on}") for overlap in overlaps(calendar)]
    if faults:
        raise InvalidCalendar(faults)
    return calendar


def to_json(calendar: Calendar) -> dict[str, object]:
    """The JSON that `parse` reads as this calendar, with the keys in the documented order."""
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
    adds = {"adds": True} if row.adds else {}
    return {"date": row.date.isoformat(), **_hours_json(row), **name, **adds}


def _hours_json(row: CalendarRow) -> dict[str, str]:
    hours = {"from": _clock(row.hours.start), "to": _clock(row.hours.end)} if row.hours else {}
    return {**hours, "state": row.state}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


class _ObjectReader:
    """Reads one JSON object. Each fault is recorded and replaced by a fallback, so that reading continues."""

    def __init__(self, json_value: object, path: str, faults: list[Fault]) -> None:
        self.path, self.faults = path, faults
        self.is_object = isinstance(json_value, dict)
        self.fields: dict[str, object] = dict(json_value) if isinstance(json_value, dict) else {}
        self.unread = dict.fromkeys(self.fields)
        if not self.is_object:
            self.add_fault("", "must be an object")

    def add_fault(self, key: str, problem: str) -> None:
        path = ".".join(name for name in (self.path, key) if name)
        self.faults.append(Fault(path or "calendar", problem))

    def read(self, key: str, convert: Callable[[object], T], fallback: T) -> T:
        """Reads a required field."""
        if self.is_object and key not in self.fields:
            self.add_fault(key, "is missing")
        return self.read_optional(key, convert, fallback)

    def read_optional(self, key: str, convert: Callable[[object], T], fallback: T) -> T:
        self.unread.pop(key, None)
        if key not in self.fields:
            return fallback
        try:
            return convert(self.fields[key])
        except fields.InvalidValue as problem:
            self.add_fault(key, str(problem))
            return fallback

    def child(self, key: str, json_value: object) -> "_ObjectReader":
        return _ObjectReader(json_value, ".".join(name for name in (self.path, key) if name), self.faults)

    def children(self, key: str, rows: list[object]) -> Iterator["_ObjectReader"]:
        return (self.child(f"{key}[{n}]", row) for n, row in enumerate(rows))

    def reject_unread_fields(self) -> None:
        """Records a fault for each field that was not read."""
        for key in self.unread:
            self.add_fault(str(key), "is an unknown field")


def _calendar(reader: _ObjectReader) -> Calendar:
    zone = reader.read("timezone", fields.zone, "UTC")
    week: list[object] = reader.read("week", fields.json_list, [])
    holidays = reader.read_optional("holidays", fields.any_value, None)
    exceptions: list[object] = reader.read_optional("exceptions", fields.json_list, [])
    promise = reader.read_optional("promise", fields.any_value, None)
    calendar = Calendar(
        zone,
        tuple(_week_row(row) for row in reader.children("week", week)),
        None if holidays is None else _holiday_row(reader.child("holidays", holidays)),
        tuple(_exception_row(row) for row in reader.children("exceptions", exceptions)),
        _promise(reader.child("promise", promise)),
    )
    reader.reject_unread_fields()
    return calendar


def _week_row(reader: _ObjectReader) -> WeekRow:
    days: tuple[int, ...] = reader.read("days", fields.days, ())
    row = WeekRow(days, *_hours_and_state(reader))
    reader.reject_unread_fields()
    return row


def _holiday_row(reader: _ObjectReader) -> HolidayRow:
    country = reader.read("country", fields.country, "")
    subdivision = reader.read_optional("subdivision", partial(fields.subdivision, country), None)
    row = HolidayRow(country, subdivision, *_hours_and_state(reader))
    reader.reject_unread_fields()
    return row


def _exception_row(reader: _ObjectReader) -> ExceptionRow:
    day = reader.read("date", fields.iso_date, date.min)
    name = reader.read_optional("name", fields.name, None)
    adds = reader.read_optional("adds", fields.boolean, False)
    row = ExceptionRow(day, *_hours_and_state(reader), name, adds)
    if adds and row.hours is None:
        reader.add_fault("adds", "a closed row adds no hours")
    reader.reject_unread_fields()
    return row


def _promise(reader: _ObjectReader) -> PromiseRule:
    unit: PromiseUnit = reader.read("unit", fields.unit, "opening_hours")
    hours = reader.read("hours", partial(fields.promised_hours, unit), 1)
    reader.reject_unread_fields()
    return PromiseRule(hours, unit)


def _hours_and_state(reader: _ObjectReader) -> tuple[Hours | None, ServiceState]:
    state: ServiceState = reader.read("state", fields.state, "closed")
    if state != "closed":
        return _hours(reader), state
    for key in ("from", "to"):
        if reader.fields.get("state") == "closed" and key in reader.fields:
            reader.add_fault(key, "a closed row takes the whole date and has no hours")
        reader.unread.pop(key, None)
    return None, state


def _hours(reader: _ObjectReader) -> Hours:
    start = reader.read("from", fields.start_time, -1)
    end = reader.read("to", fields.end_time, MINUTES_PER_DAY)
    if start == end:
        reader.add_fault("to", 'is the same as from; a whole day is "00:00" to "24:00"')
    return Hours(start, end)

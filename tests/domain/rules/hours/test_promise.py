"""Promises in both units: tables of cases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chat.domain.rules.hours.calendar import DAYS, DEFAULT, Calendar, PromiseRule
from chat.domain.rules.hours.calendar_json import parse
from chat.domain.rules.hours.local_time import InvalidMoment
from chat.domain.rules.hours.promise import due, opening_time_before
from chat.vocabulary import PromiseUnit
from tests.domain.rules.hours.calendar_oracle import Json


def with_promise(hours: int, unit: PromiseUnit, calendar: Calendar = DEFAULT) -> Calendar:
    return replace(calendar, promise=PromiseRule(hours, unit))


def with_rows(*week: Json, exceptions: list[Json] | None = None) -> Calendar:
    promise = {"hours": 48, "unit": "working_days"}
    calendar = {"timezone": "Europe/Paris", "week": week, "exceptions": exceptions or [], "promise": promise}
    return parse({**calendar, "week": list(week)})


def row(start: str, end: str, days: str = "mon tue wed thu fri") -> Json:
    return {"days": days.split(), "from": start, "to": end, "state": "open"}


def due_at(calendar: Calendar, wall: str, fold: int = 0) -> str | None:
    submitted = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo("Europe/Paris"), fold=fold)
    found = due(calendar, submitted)
    return found.isoformat(timespec="minutes") if found else None


WORKING_DAYS = [
    # The three documented examples.
    ("2026-11-20T16:00", "2026-11-24T16:00+01:00"),
    ("2026-11-21T10:00", "2026-11-25T09:00+01:00"),
    ("2026-12-24T15:00", "2026-12-29T15:00+01:00"),
    # Before, at and after hours.
    ("2026-11-23T07:00", "2026-11-25T09:00+01:00"),
    ("2026-11-23T09:00", "2026-11-25T09:00+01:00"),
    ("2026-11-23T17:59", "2026-11-25T17:59+01:00"),
    ("2026-11-23T18:00", "2026-11-26T09:00+01:00"),
    # Holidays: three of them in two weeks of May, one at the turn of the year, one sent on a holiday itself.
    ("2026-04-30T11:00", "2026-05-05T11:00+02:00"),
    ("2026-05-07T11:00", "2026-05-12T11:00+02:00"),
    ("2026-05-13T11:00", "2026-05-18T11:00+02:00"),
    ("2026-12-31T11:00", "2027-01-05T11:00+01:00"),
    ("2026-07-14T11:00", "2026-07-17T09:00+02:00"),
    # The same clock time across a clock change, and across leap day.
    ("2026-03-27T16:00", "2026-03-31T16:00+02:00"),
    ("2026-10-23T16:00", "2026-10-27T16:00+01:00"),
    ("2028-02-28T16:00", "2028-03-01T16:00+01:00"),
]


@pytest.mark.parametrize(("submitted", "promised"), WORKING_DAYS)
def test_48_hours_in_working_days(submitted: str, promised: str) -> None:
    assert due_at(DEFAULT, submitted) == promised


@pytest.mark.parametrize(
    ("hours", "submitted", "promised"),
    [
        (48, "2026-11-23T10:00", "2026-11-30T13:00+01:00"),
        (48, "2026-11-21T10:00", "2026-11-30T12:00+01:00"),
        (1, "2026-11-23T17:30", "2026-11-24T09:30+01:00"),
        (9, "2026-11-20T20:00", "2026-11-23T18:00+01:00"),
        (9, "2026-12-24T15:00", "2026-12-28T15:00+01:00"),
        (10, "2026-03-27T16:00", "2026-03-30T17:00+02:00"),
    ],
)
def test_opening_hours(hours: int, submitted: str, promised: str) -> None:
    assert due_at(with_promise(hours, "opening_hours"), submitted) == promised


NIGHTS = with_rows(row("22:00", "06:00"))
LUNCH_ON_WEDNESDAY = with_rows(
    row("09:00", "18:00", "mon tue thu fri"), row("09:00", "12:00", "wed"), row("13:00", "18:00", "wed")
)
SHORT_DAYS = with_rows(
    row("09:00", "18:00"),
    exceptions=[
        {"date": "2026-12-24", "from": "09:00", "to": "12:00", "state": "open"},
        {"date": "2026-12-25", "state": "closed"},
        {"date": "2026-12-29", "from": "11:00", "to": "18:00", "state": "open"},
    ],
)


@pytest.mark.parametrize(
    ("calendar", "submitted", "promised"),
    [
        # In a night row the clock time continues past 24:00: Thursday night is Thursday until 6:00.
        (NIGHTS, "2026-11-26T23:00", "2026-11-30T23:00+01:00"),
        (NIGHTS, "2026-11-27T03:00", "2026-12-01T03:00+01:00"),
        (NIGHTS, "2026-11-27T06:00", "2026-12-01T22:00+01:00"),
        (LUNCH_ON_WEDNESDAY, "2026-11-23T12:30", "2026-11-25T13:00+01:00"),
        (LUNCH_ON_WEDNESDAY, "2026-11-23T12:00", "2026-11-25T12:00+01:00"),
        (SHORT_DAYS, "2026-12-22T16:00", "2026-12-28T09:00+01:00"),
        (SHORT_DAYS, "2026-12-22T11:00", "2026-12-24T11:00+01:00"),
        (SHORT_DAYS, "2026-12-24T10:00", "2026-12-29T11:00+01:00"),
    ],
)
def test_due_time_outside_opening_hours_moves_to_the_next_opening(
    calendar: Calendar, submitted: str, promised: str
) -> None:
    assert due_at(calendar, submitted) == promised


def test_repeated_hour_preserves_the_order() -> None:
    nights = with_rows(row("22:00", "06:00", " ".join(DAYS)))
    assert due_at(nights, "2026-10-25T02:45") == "2026-10-27T02:45+01:00"
    assert due_at(nights, "2026-10-25T02:15", fold=1) == "2026-10-27T03:00+01:00"
    assert due_at(nights, "2026-10-25T03:00") == "2026-10-27T03:00+01:00"


def test_night_row_before_morning_rows_preserves_the_order() -> None:
    """Friday 25:45 is after Monday's rows, so it is due at the start of Tuesday's first row, before what came later."""
    calendar = with_promise(
        24, "working_days", with_rows(row("22:00", "02:00", "fri"), row("00:00", "06:00", "mon tue"))
    )
    assert due_at(calendar, "2026-11-28T01:45") == "2026-12-01T00:00+01:00"
    assert due_at(calendar, "2026-11-30T00:30") == "2026-12-01T00:30+01:00"


def test_exceptions_alone_can_open() -> None:
    dates = ("2026-12-01", "2027-06-01", "2028-02-29")
    openings: list[Json] = [{"date": day, "from": "09:00", "to": "12:00", "state": "open"} for day in dates]
    assert due_at(with_rows(exceptions=openings), "2026-11-23T12:00") == "2028-02-29T09:00+01:00"


@pytest.mark.parametrize("unit", ["working_days", "opening_hours"])
def test_calendar_that_never_opens_has_no_due_time(unit: PromiseUnit) -> None:
    assert due_at(with_promise(48, unit, with_rows()), "2026-11-23T12:00") is None


def test_calendar_that_opens_too_seldom_has_no_due_time() -> None:
    minute_a_week = with_rows(row("09:00", "09:01", "mon"))
    assert due_at(with_promise(1, "opening_hours", minute_a_week), "2026-11-23T12:00") == "2028-01-17T09:01+01:00"
    assert due_at(with_promise(2400, "opening_hours", minute_a_week), "2026-11-23T12:00") is None


def test_naive_moment_is_invalid() -> None:
    assert due(DEFAULT, datetime(2026, 11, 23, tzinfo=UTC))
    with pytest.raises(InvalidMoment):
        due(DEFAULT, datetime.fromisoformat("2026-11-23T12:00"))


# Sent, due, 4 and 1 opening hours before, and a working day after.
WARNINGS = [
    ("2026-11-23T10:05", "2026-11-25T10:05", "2026-11-24T15:05", "2026-11-25T09:05", "2026-11-26T10:05"),
    ("2026-11-27T16:00", "2026-12-01T16:00", "2026-12-01T12:00", "2026-12-01T15:00", "2026-12-02T16:00"),
    ("2026-11-28T10:00", "2026-12-02T09:00", "2026-12-01T14:00", "2026-12-01T17:00", "2026-12-03T09:00"),
    ("2026-11-26T20:30", "2026-12-01T09:00", "2026-11-30T14:00", "2026-11-30T17:00", "2026-12-02T09:00"),
    ("2026-12-24T15:00", "2026-12-29T15:00", "2026-12-29T11:00", "2026-12-29T14:00", "2026-12-30T15:00"),
    ("2027-03-25T17:30", "2027-03-30T17:30", "2027-03-30T13:30", "2027-03-30T16:30", "2027-03-31T17:30"),
    ("2026-10-23T11:00", "2026-10-27T11:00", "2026-10-26T16:00", "2026-10-27T10:00", "2026-10-28T11:00"),
]


@pytest.mark.parametrize(("sent", "due_time", "soon", "close", "next_day"), WARNINGS)
def test_opening_hours_before_a_due_time_and_a_working_day_after_it(
    sent: str, due_time: str, soon: str, close: str, next_day: str
) -> None:
    def wall(moment: datetime) -> str:
        return moment.astimezone(DEFAULT.zone).isoformat(timespec="minutes")[:16]

    answer = due(DEFAULT, datetime.fromisoformat(sent).replace(tzinfo=DEFAULT.zone))
    assert answer
    before = [wall(opening_time_before(DEFAULT, answer, timedelta(hours=hours))) for hours in (4, 1)]
    after = due(DEFAULT, answer, PromiseRule(24, "working_days"))
    assert after
    assert [wall(answer), *before, wall(after)] == [due_time, soon, close, next_day]


@pytest.mark.parametrize(
    ("calendar", "moment", "hours", "expected"),
    [
        # Over a night row, a weekend, and a clock change.
        (with_rows(row("22:00", "06:00")), "2026-11-24T03:00", 6, "2026-11-21T05:00+01:00"),
        (DEFAULT, "2026-11-30T09:30", 1, "2026-11-27T17:30+01:00"),
        (DEFAULT, "2026-11-29T12:00", 1, "2026-11-27T17:00+01:00"),
        (with_rows(row("00:00", "24:00", "sat sun")), "2026-10-25T03:00", 4, "2026-10-25T00:00+02:00"),
        # Too seldom open: its first opening of the year before.
        (with_rows(row("09:00", "10:00", "sun")), "2026-11-29T10:00", 100, "2025-11-02T09:00+01:00"),
    ],
)
def test_opening_time_before(calendar: Calendar, moment: str, hours: int, expected: str) -> None:
    until = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Paris"))
    assert opening_time_before(calendar, until, timedelta(hours=hours)) == datetime.fromisoformat(expected)

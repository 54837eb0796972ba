"""The calendar file: what is taken, and every fault named by its row."""

from copy import deepcopy
from datetime import date
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.domain.rules.hours.calendar import DEFAULT
from chat.domain.rules.hours.calendar_json import InvalidCalendar, parse, to_json
from tests.domain.rules.hours.calendar_oracle import Json
from tests.domain.rules.hours.calendar_samples import calendars

# As PROTOCOL.md prints it.
PAGE: Json = {
    "timezone": "Europe/Paris",
    "week": [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00", "state": "open"},
        {"days": ["sat", "sun"], "from": "09:00", "to": "18:00", "state": "limited"},
    ],
    "holidays": {"country": "FR", "subdivision": None, "from": "09:00", "to": "18:00", "state": "limited"},
    "exceptions": [
        {"date": "2026-12-24", "from": "09:00", "to": "12:00", "state": "open", "name": "Christmas Eve"},
        {"date": "2027-01-02", "state": "closed"},
    ],
    "promise": {"hours": 48, "unit": "working_days"},
}
NOT_THERE = object()


def changed(path: str, value: object) -> dict[str, object]:
    """The page's calendar with one thing different: "week.1.from"."""
    calendar = cast("dict[str, object]", deepcopy(PAGE))
    *parents, last = path.split(".")
    inner: object = calendar
    for name in parents:
        inner = inner[int(name)] if isinstance(inner, list) else cast("dict[str, object]", inner)[name]
    if isinstance(inner, list):
        inner[int(last) :] = [value]
    elif value is NOT_THERE:
        del cast("dict[str, object]", inner)[last]
    else:
        cast("dict[str, object]", inner)[last] = value
    return calendar


def faults(found: object) -> list[str]:
    """Where parse finds faults; none when it takes the calendar."""
    try:
        parse(found)
    except InvalidCalendar as bad:
        return [fault.path for fault in bad.faults]
    return []


def test_the_page_is_taken_and_written_as_it_was() -> None:
    assert to_json(parse(PAGE)) == PAGE
    assert list(to_json(parse(PAGE))) == list(PAGE)


def test_a_new_install_has_the_page_without_exceptions() -> None:
    assert parse(changed("exceptions", [])) == DEFAULT
    assert parse(changed("exceptions", NOT_THERE)) == DEFAULT
    assert to_json(DEFAULT) == changed("exceptions", [])


def a_row(days: str, start: str, end: str, state: str = "open") -> Json:
    return {"days": days.split(), "from": start, "to": end, "state": state}


def an_exception(day: str, start: str, end: str) -> Json:
    return {"date": day, "from": start, "to": end, "state": "open"}


SOUND = [
    ("holidays", None),
    ("holidays", NOT_THERE),
    ("holidays.subdivision", "57"),
    ("holidays.subdivision", "Alsace"),
    ("holidays.subdivision", NOT_THERE),
    ("holidays", {"country": "FR", "state": "closed"}),
    ("week", []),
    ("week.1", {"days": ["sat", "sun"], "state": "closed"}),
    ("week.1.to", "24:00"),
    ("week.1.to", "00:00"),
    ("promise", {"hours": 7, "unit": "opening_hours"}),
    ("exceptions.1", an_exception("2026-12-24", "12:00", "18:00")),
    ("exceptions.1", an_exception("2028-02-29", "22:00", "06:00")),
]


@pytest.mark.parametrize(("path", "value"), SOUND)
def test_sound_calendars(path: str, value: object) -> None:
    assert faults(changed(path, value)) == []
    assert parse(to_json(parse(changed(path, value)))) == parse(changed(path, value))


FAULTY = [
    ("timezone", "Europe/Parys", "timezone"),
    ("timezone", "../../etc/passwd", "timezone"),
    ("timezone", 1, "timezone"),
    ("timezone", NOT_THERE, "timezone"),
    ("week", NOT_THERE, "week"),
    ("week", {}, "week"),
    ("week.1", "sat", "week[1]"),
    ("week.1.days", [], "week[1].days"),
    ("week.1.days", ["sat", "caturday"], "week[1].days"),
    ("week.1.days", ["sat", "sat"], "week[1].days"),
    ("week.1.days", "sat", "week[1].days"),
    ("week.1.days", [6], "week[1].days"),
    ("week.1.from", "9:00", "week[1].from"),
    ("week.1.from", "24:00", "week[1].from"),
    ("week.1.from", "٠٩:00", "week[1].from"),
    ("week.1.from", "09:00\n", "week[1].from"),
    ("week.1.from", NOT_THERE, "week[1].from"),
    ("week.1.from", 540, "week[1].from"),
    ("week.1.to", "24:01", "week[1].to"),
    ("week.1.to", "18:60", "week[1].to"),
    ("week.1.to", "09:00", "week[1].to"),
    ("week.1.state", "opened", "week[1].state"),
    ("week.1.state", None, "week[1].state"),
    ("week.1.state", NOT_THERE, "week[1].state"),
    ("week.1.form", "09:00", "week[1].form"),
    ("holidays", [], "holidays"),
    ("holidays.country", "FX", "holidays.country"),
    ("holidays.country", "fr", "holidays.country"),
    ("holidays.country", None, "holidays.country"),
    ("holidays.subdivision", "99", "holidays.subdivision"),
    ("holidays.subdivision", 57, "holidays.subdivision"),
    ("holidays.state", NOT_THERE, "holidays.state"),
    ("holidays.days", ["mon"], "holidays.days"),
    ("exceptions", {}, "exceptions"),
    ("exceptions.0.date", "2026-02-29", "exceptions[0].date"),
    ("exceptions.0.date", "20261224", "exceptions[0].date"),
    ("exceptions.0.date", "2026-W52-4", "exceptions[0].date"),
    ("exceptions.0.date", "9999-12-31", "exceptions[0].date"),
    ("exceptions.0.date", "24/12/2026", "exceptions[0].date"),
    ("exceptions.0.name", 24, "exceptions[0].name"),
    ("exceptions.0.name", "x" * 201, "exceptions[0].name"),
    ("exceptions.1.from", "09:00", "exceptions[1].from"),
    ("exceptions.1.why", "inventory", "exceptions[1].why"),
    ("promise", NOT_THERE, "promise"),
    ("promise", 48, "promise"),
    ("promise.hours", 36, "promise.hours"),
    ("promise.hours", 0, "promise.hours"),
    ("promise.hours", -24, "promise.hours"),
    ("promise.hours", 2424, "promise.hours"),
    ("promise.hours", 48.0, "promise.hours"),
    ("promise.hours", True, "promise.hours"),
    ("promise.hours", "48", "promise.hours"),
    ("promise.unit", "days", "promise.unit"),
    ("promise.unit", NOT_THERE, "promise.unit"),
    ("weekend", [], "weekend"),
]


@pytest.mark.parametrize(("path", "value", "named"), FAULTY)
def test_a_fault_is_named_by_its_row_and_nothing_else_is(path: str, value: object, named: str) -> None:
    assert faults(changed(path, value)) == [named]


@pytest.mark.parametrize("found", [None, [], "calendar", 1])
def test_what_is_no_object_is_no_calendar(found: object) -> None:
    assert faults(found)[0] == "calendar"


OVERLAPS = [
    ("week.1", a_row("fri", "17:59", "20:00"), {"week[0]", "week[1]"}),
    ("week.1", a_row("thu", "22:00", "09:01"), {"week[0]", "week[1]", "holidays"}),
    ("week.1", a_row("sun", "22:00", "09:01"), {"week[0]", "week[1]", "holidays"}),
    ("week.1", {"days": ["mon"], "state": "closed"}, {"week[0]", "week[1]"}),
    # A holiday may be the day after any day, and the day before.
    ("week.1", a_row("sat", "18:00", "09:01"), {"holidays"}),
    ("holidays.to", "08:00", set()),
    ("holidays", {"country": "FR", "from": "20:00", "to": "09:01", "state": "limited"}, {"holidays"}),
    ("exceptions.1", an_exception("2026-12-24", "11:59", "13:00"), {"exceptions[0]", "exceptions[1]"}),
    ("exceptions.1", {"date": "2026-12-24", "state": "closed"}, {"exceptions[0]", "exceptions[1]"}),
    ("exceptions.1", an_exception("2026-12-23", "22:00", "09:01"), {"exceptions[0]", "exceptions[1]"}),
    ("exceptions.1", an_exception("2026-12-28", "22:00", "09:01"), {"exceptions[1]"}),
    ("exceptions.0", an_exception("2026-12-24", "22:00", "09:01"), {"exceptions[0]"}),
]


@pytest.mark.parametrize(("path", "value", "named"), OVERLAPS)
def test_rows_that_claim_the_same_time_are_named(path: str, value: object, named: set[str]) -> None:
    assert set(faults(changed(path, value))) == named


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("week.1", a_row("fri", "18:00", "20:00")),
        ("week.1", a_row("sun", "22:00", "09:00")),
        ("exceptions.1", an_exception("2026-12-23", "22:00", "09:00")),
        ("exceptions.1", an_exception("2026-12-24", "12:00", "24:00")),
    ],
)
def test_rows_that_only_touch_are_sound(path: str, value: object) -> None:
    assert faults(changed(path, value)) == []


def test_a_closed_row_takes_the_whole_date() -> None:
    assert faults(changed("week.1.state", "closed")) == ["week[1].from", "week[1].to"]


def test_all_faults_are_told_at_once() -> None:
    calendar = changed("week.1.from", "nine")
    calendar |= {"timezone": "Mars/Olympus", "promise": {"hours": 36, "unit": "working_days"}}
    assert faults(calendar) == ["timezone", "week[1].from", "promise.hours"]
    with pytest.raises(InvalidCalendar, match=r'^timezone: "Mars/Olympus" is no time zone') as refused:
        parse(calendar)
    assert str(refused.value).count("\n") == 2


WRONG = st.sampled_from([0, -1, 1.5, True, "", "now", "25:00", [], ["mon", 1], {}, {"mon": 1}])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_wrong_field_anywhere_is_found_and_named(data: st.DataObject) -> None:
    """`to` becoming null, `state` a number, whatever: the fault lies in the row that was touched."""
    calendar = cast("dict[str, object]", data.draw(calendars("Europe/Paris", date(2026, 12, 24))))
    assert faults(calendar) == []
    key = data.draw(st.sampled_from(["week", "exceptions"]))
    rows = cast("list[dict[str, object]]", calendar[key])
    if rows:
        n = data.draw(st.integers(0, len(rows) - 1))
        field = data.draw(st.sampled_from([name for name in rows[n] if name != "name"]))
        rows[n] = {**rows[n], field: data.draw(WRONG)}
        assert {path.rpartition(".")[0] for path in faults(calendar)} == {f"{key}[{n}]"}

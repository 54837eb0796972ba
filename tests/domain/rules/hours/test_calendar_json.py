"""The calendar JSON: valid calendars are parsed, and every fault is named by its path."""

import json
import re
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
from tooling.steps import ROOT

OPERATING = (ROOT / "docs/operating.md").read_text()
# The example of the page, as `calendar show` prints it.
DOCUMENTED: Json = json.loads(OPERATING.partition("```json\n")[2].partition("```")[0])
MISSING = object()


def changed(path: str, value: object) -> dict[str, object]:
    """The documented calendar with one value changed, by its path: "week.1.from"."""
    calendar = cast("dict[str, object]", deepcopy(DOCUMENTED))
    *parents, last = path.split(".")
    inner: object = calendar
    for name in parents:
        inner = inner[int(name)] if isinstance(inner, list) else cast("dict[str, object]", inner)[name]
    if isinstance(inner, list):
        inner[int(last) :] = [value]
    elif value is MISSING:
        del cast("dict[str, object]", inner)[last]
    else:
        cast("dict[str, object]", inner)[last] = value
    return calendar


def faults(json_value: object) -> list[str]:
    """The paths of the faults that parse finds; empty for a valid calendar."""
    try:
        parse(json_value)
    except InvalidCalendar as invalid:
        return [fault.path for fault in invalid.faults]
    return []


def test_documented_calendar_is_parsed_and_written_unchanged() -> None:
    assert to_json(parse(DOCUMENTED)) == DOCUMENTED
    assert list(to_json(parse(DOCUMENTED))) == list(DOCUMENTED)


def test_the_page_describes_every_field() -> None:
    keys = re.findall(r'"(\w+)":', json.dumps(DOCUMENTED))
    described = set(
        re.findall(r"`(?:\w+(?:\[\])?\.)?(\w+)`", "".join(re.findall(r"^\| `[^|]*\|", OPERATING, re.MULTILINE)))
    )
    assert set(keys) - described == {"week", "exceptions", "promise"}


def test_default_is_the_documented_calendar_without_exceptions() -> None:
    assert parse(changed("exceptions", [])) == DEFAULT
    assert parse(changed("exceptions", MISSING)) == DEFAULT
    assert to_json(DEFAULT) == changed("exceptions", [])


def a_row(days: str, start: str, end: str, state: str = "open") -> Json:
    return {"days": days.split(), "from": start, "to": end, "state": state}


def an_exception(day: str, start: str, end: str) -> Json:
    return {"date": day, "from": start, "to": end, "state": "open"}


VALID = [
    ("holidays", None),
    ("holidays", MISSING),
    ("holidays.subdivision", "57"),
    ("holidays.subdivision", "Alsace"),
    ("holidays.subdivision", MISSING),
    ("holidays", {"country": "FR", "state": "closed"}),
    ("week", []),
    ("week.1", {"days": ["sat", "sun"], "state": "closed"}),
    ("week.1.to", "24:00"),
    ("week.1.to", "00:00"),
    ("promise", {"hours": 7, "unit": "opening_hours"}),
    ("exceptions.1", an_exception("2026-12-24", "12:00", "18:00")),
    ("exceptions.1", an_exception("2028-02-29", "22:00", "06:00")),
    ("exceptions.1", {**an_exception("2026-12-24", "14:00", "15:00"), "adds": True}),
    ("exceptions.2", {**an_exception("2027-01-02", "14:00", "15:00"), "adds": True}),
    ("exceptions.0.adds", False),
]


@pytest.mark.parametrize(("path", "value"), VALID)
def test_valid_calendars(path: str, value: object) -> None:
    assert faults(changed(path, value)) == []
    assert parse(to_json(parse(changed(path, value)))) == parse(changed(path, value))


INVALID = [
    ("exceptions.0.adds", "yes", "exceptions[0].adds"),
    ("exceptions.1.adds", True, "exceptions[1].adds"),
    ("timezone", "Europe/Parys", "timezone"),
    ("timezone", "../../etc/passwd", "timezone"),
    ("timezone", 1, "timezone"),
    ("timezone", MISSING, "timezone"),
    ("week", MISSING, "week"),
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
    ("week.1.from", MISSING, "week[1].from"),
    ("week.1.from", 540, "week[1].from"),
    ("week.1.to", "24:01", "week[1].to"),
    ("week.1.to", "18:60", "week[1].to"),
    ("week.1.to", "09:00", "week[1].to"),
    ("week.1.state", "opened", "week[1].state"),
    ("week.1.state", None, "week[1].state"),
    ("week.1.state", MISSING, "week[1].state"),
    ("week.1.form", "09:00", "week[1].form"),
    ("holidays", [], "holidays"),
    ("holidays.country", "FX", "holidays.country"),
    ("holidays.country", "fr", "holidays.country"),
    ("holidays.country", None, "holidays.country"),
    ("holidays.subdivision", "99", "holidays.subdivision"),
    ("holidays.subdivision", 57, "holidays.subdivision"),
    ("holidays.state", MISSING, "holidays.state"),
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
    ("promise", MISSING, "promise"),
    ("promise", 48, "promise"),
    ("promise.hours", 36, "promise.hours"),
    ("promise.hours", 0, "promise.hours"),
    ("promise.hours", -24, "promise.hours"),
    ("promise.hours", 2424, "promise.hours"),
    ("promise.hours", 48.0, "promise.hours"),
    ("promise.hours", True, "promise.hours"),
    ("promise.hours", "48", "promise.hours"),
    ("promise.unit", "days", "promise.unit"),
    ("promise.unit", MISSING, "promise.unit"),
    ("weekend", [], "weekend"),
]


@pytest.mark.parametrize(("path", "value", "fault_path"), INVALID)
def test_only_the_faulty_field_is_named(path: str, value: object, fault_path: str) -> None:
    assert faults(changed(path, value)) == [fault_path]


@pytest.mark.parametrize("json_value", [None, [], "calendar", 1])
def test_only_an_object_can_be_a_calendar(json_value: object) -> None:
    assert faults(json_value)[0] == "calendar"


OVERLAPS = [
    ("week.1", a_row("fri", "17:59", "20:00"), {"week[0]", "week[1]"}),
    ("week.1", a_row("thu", "22:00", "09:01"), {"week[0]", "week[1]", "holidays"}),
    ("week.1", a_row("sun", "22:00", "09:01"), {"week[0]", "week[1]", "holidays"}),
    ("week.1", {"days": ["mon"], "state": "closed"}, {"week[0]", "week[1]"}),
    # Any day may be followed or preceded by a holiday.
    ("week.1", a_row("sat", "18:00", "09:01"), {"holidays"}),
    ("holidays.to", "08:00", set()),
    ("holidays", {"country": "FR", "from": "20:00", "to": "09:01", "state": "limited"}, {"holidays"}),
    ("exceptions.1", an_exception("2026-12-24", "11:59", "13:00"), {"exceptions[0]", "exceptions[1]"}),
    ("exceptions.1", {"date": "2026-12-24", "state": "closed"}, {"exceptions[0]", "exceptions[1]"}),
    ("exceptions.1", an_exception("2026-12-23", "22:00", "09:01"), {"exceptions[0]", "exceptions[1]"}),
    ("exceptions.1", an_exception("2026-12-28", "22:00", "09:01"), {"exceptions[1]"}),
    ("exceptions.0", an_exception("2026-12-24", "22:00", "09:01"), {"exceptions[0]"}),
]


@pytest.mark.parametrize(("path", "value", "fault_path"), OVERLAPS)
def test_overlapping_rows_are_named(path: str, value: object, fault_path: set[str]) -> None:
    assert set(faults(changed(path, value))) == fault_path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("week.1", a_row("fri", "18:00", "20:00")),
        ("week.1", a_row("sun", "22:00", "09:00")),
        ("exceptions.1", an_exception("2026-12-23", "22:00", "09:00")),
        ("exceptions.1", an_exception("2026-12-24", "12:00", "24:00")),
    ],
)
def test_adjacent_rows_are_valid(path: str, value: object) -> None:
    assert faults(changed(path, value)) == []


def test_closed_row_has_no_hours() -> None:
    assert faults(changed("week.1.state", "closed")) == ["week[1].from", "week[1].to"]


def test_all_faults_are_reported_together() -> None:
    calendar = changed("week.1.from", "nine")
    calendar |= {"timezone": "Mars/Olympus", "promise": {"hours": 36, "unit": "working_days"}}
    assert faults(calendar) == ["timezone", "week[1].from", "promise.hours"]
    with pytest.raises(InvalidCalendar, match=r'^timezone: "Mars/Olympus" is no time zone') as refused:
        parse(calendar)
    assert str(refused.value).count("\n") == 2


WRONG_VALUES = st.sampled_from([0, -1, 1.5, True, "", "now", "25:00", [], ["mon", 1], {}, {"mon": 1}])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_wrong_field_is_named_by_its_row(data: st.DataObject) -> None:
    """Whatever a field becomes, the fault is in its row."""
    calendar = cast("dict[str, object]", data.draw(calendars("Europe/Paris", date(2026, 12, 24))))
    assert faults(calendar) == []
    key = data.draw(st.sampled_from(["week", "exceptions"]))
    rows = cast("list[dict[str, object]]", calendar[key])
    if rows:
        n = data.draw(st.integers(0, len(rows) - 1))
        field = data.draw(st.sampled_from([name for name in rows[n] if name != "name"]))
        rows[n] = {**rows[n], field: data.draw(WRONG_VALUES)}
        assert {path.rpartition(".")[0] for path in faults(calendar)} == {f"{key}[{n}]"}

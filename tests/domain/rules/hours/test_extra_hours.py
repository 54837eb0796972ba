"""Hours added by hand: they open the desk, end by themselves, and change nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chat.domain.rules.hours.calendar import DEFAULT, ExceptionRow, Hours, period_at, state_at
from chat.domain.rules.hours.calendar_json import parse, to_json
from chat.domain.rules.hours.extra_hours import is_added, with_opening, without_openings
from chat.domain.rules.hours.promise import due
from tests.domain.rules.hours.calendar_oracle import Json
from tests.domain.rules.hours.calendar_samples import calendars_on_difficult_days
from tests.domain.rules.hours.test_calendar_oracle import checked_minutes, moment, thorough

PARIS = ZoneInfo("Europe/Paris")


def paris(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A time of November 2026, whose 28th is a Saturday."""
    return datetime(2026, 11, day, hour, minute, second, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (paris(28, 22, 28, 40), paris(28, 23, 28)),
        (paris(28, 23, 30), paris(29, 0, 30)),
        (paris(28, 23, 0), paris(29, 0, 0)),
        (paris(27, 18, 0), paris(27, 19, 0)),
    ],
)
def test_the_desk_is_open_for_an_hour_and_then_as_before(now: datetime, until: datetime) -> None:
    opened = with_opening(DEFAULT, now, 60)
    assert period_at(opened, now) == ("open", until, None)
    assert is_added(opened, now)
    assert state_at(opened, until)[0] == state_at(DEFAULT, until)[0] == "closed"
    assert not is_added(opened, until)
    assert without_openings(opened, now) == DEFAULT


def test_an_opening_joins_the_hours_that_begin_meanwhile() -> None:
    opened = with_opening(DEFAULT, paris(30, 8, 20), 60)
    assert parse(to_json(opened)) == opened
    assert state_at(opened, paris(30, 8, 20)) == ("open", paris(30, 18))
    assert is_added(opened, paris(30, 8, 59))
    assert not is_added(opened, paris(30, 9))
    limited = with_opening(DEFAULT, paris(28, 8, 30), 60)
    assert state_at(limited, paris(28, 8, 30)) == ("open", paris(28, 9))
    assert state_at(limited, paris(28, 9)) == ("limited", paris(28, 18))


def test_a_date_that_is_closed_by_an_exception_can_be_opened() -> None:
    closed = replace(DEFAULT, exceptions=(ExceptionRow(date(2026, 11, 30), None, "closed", "Inventory"),))
    opened = with_opening(closed, paris(30, 11), 60)
    assert parse(to_json(opened)) == opened
    assert state_at(opened, paris(30, 11, 30)) == ("open", paris(30, 12))
    assert state_at(opened, paris(30, 12))[0] == "closed"
    assert without_openings(opened, paris(30, 11)) == closed


def test_hours_added_to_a_later_date_stay() -> None:
    later = ExceptionRow(date(2026, 12, 24), Hours(20 * 60, 22 * 60), "open", None, adds=True)
    planned = replace(DEFAULT, exceptions=(later,))
    opened = with_opening(planned, paris(28, 22), 60)
    assert without_openings(opened, paris(28, 22)) == planned
    assert state_at(planned, datetime(2026, 12, 24, 10, tzinfo=PARIS))[0] == "open", "the date's usual rows, too"


@thorough
@given(calendars_on_difficult_days(), checked_minutes, st.integers(0, 59))
def test_an_opening_is_valid_and_changes_no_promise(case: tuple[Json, date], minute: int, second: int) -> None:
    calendar, now = parse(case[0]), moment(case[1], minute) + timedelta(seconds=second)
    assume(state_at(calendar, now)[0] == "closed")
    opened = with_opening(calendar, now, 60)
    assert parse(to_json(opened)) == opened
    assert due(opened, now) == due(calendar, now)
    repeated = now.astimezone(calendar.zone).fold
    assert state_at(opened, now)[0] == "open" or repeated
    for hours in (-30, -2, 3, 30):
        other = (now + timedelta(hours=hours)).astimezone(UTC)
        assert state_at(opened, other)[0] == state_at(calendar, other)[0]
    assert without_openings(opened, now) == calendar or repeated

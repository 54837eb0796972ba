"""Calendars and promises against an oracle that counts every minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.domain.rules.hours.calendar import next_open, state_at
from chat.domain.rules.hours.calendar_json import parse, to_json
from chat.domain.rules.hours.promise import due
from tests.domain.rules.hours.calendar_oracle import Json, Minutes
from tests.domain.rules.hours.calendar_samples import WINDOW_DAYS, calendars_on_difficult_days

# Of a window's 18 days, the first 3 and the last 7 only surround the checked ones.
checked_minutes = st.integers(3 * 24 * 60, 11 * 24 * 60)
EXAMPLES = 80
thorough = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def moment(first: date, minute: int) -> datetime:
    return datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(minutes=minute)


@thorough
@given(calendars_on_difficult_days(), st.lists(checked_minutes, min_size=1, max_size=8))
def test_states_ends_and_openings_equal_the_oracle(case: tuple[Json, date], checked: list[int]) -> None:
    minutes = Minutes(case[0], case[1], WINDOW_DAYS)
    calendar = parse(case[0])
    for minute in checked:
        state, until = state_at(calendar, minutes.at(minute))
        assert state == minutes.states[minute]
        counted = minutes.until(minute)
        assert until == minutes.at(counted) if counted else beyond(minutes, until)
        opening, counted = next_open(calendar, minutes.at(minute)), minutes.next_open(minute)
        assert opening == minutes.at(counted) if counted is not None else beyond(minutes, opening)


def beyond(minutes: Minutes, moment: datetime | None) -> bool:
    """Whether a moment lies in the last two days of a window, whose rows are incomplete, or later."""
    return moment is None or moment >= minutes.at(len(minutes.states)) - timedelta(days=2)


@thorough
@given(calendars_on_difficult_days(), st.lists(checked_minutes, min_size=1, max_size=8))
def test_due_times_equal_the_oracle(case: tuple[Json, date], checked: list[int]) -> None:
    minutes = Minutes(case[0], case[1], WINDOW_DAYS)
    calendar = parse(case[0])
    hours, unit = calendar.promise
    count = minutes.due_in_working_days if unit == "working_days" else minutes.due_in_opening_hours
    for minute in checked:
        answer, counted = due(calendar, minutes.at(minute)), count(minute, hours)
        assert answer == minutes.at(counted) if counted is not None else beyond(minutes, answer)


@thorough
@given(calendars_on_difficult_days(), st.lists(st.integers(0, 11 * 24 * 3600), min_size=2, max_size=10))
def test_due_times_are_in_the_order_of_submissions(case: tuple[Json, date], checked: list[int]) -> None:
    calendar = parse(case[0])
    submissions = sorted(moment(case[1], 0) + timedelta(seconds=second) for second in checked)
    answers = [due(calendar, submitted) for submitted in submissions]
    promised = [(submitted, answer) for submitted, answer in zip(submissions, answers, strict=True) if answer]
    for submitted, answer in promised:
        assert answer > submitted
        assert open_at_or_just_until(case[0], answer)
        assert answer.utcoffset() == answer.astimezone(ZoneInfo(calendar.timezone)).utcoffset()
    assert all(earlier <= later for (_, earlier), (_, later) in pairwise(promised))


def open_at_or_just_until(calendar: Json, moment: datetime) -> bool:
    states = (state_at(parse(calendar), moment - before)[0] for before in (timedelta(0), timedelta(microseconds=1)))
    return "open" in states


@thorough
@given(calendars_on_difficult_days(), checked_minutes)
def test_states_partition_time(case: tuple[Json, date], minute: int) -> None:
    """Each period lasts exactly until its end: no change before it, another state at it."""
    calendar = parse(case[0])
    now, end = moment(case[1], minute), moment(case[1], minute) + timedelta(days=20)
    while now < end:
        state, until = state_at(calendar, now)
        if until is None:
            break
        assert until > now
        between = now + (until - now) / 2
        assert state_at(calendar, between) == (state, until)
        assert state_at(calendar, until - timedelta(microseconds=1)) == (state, until)
        assert state_at(calendar, until)[0] != state
        now = until


@thorough
@given(calendars_on_difficult_days())
def test_calendar_json_round_trip(case: tuple[Json, date]) -> None:
    calendar = parse(case[0])
    assert to_json(calendar) == case[0]
    assert parse(to_json(calendar)) == calendar

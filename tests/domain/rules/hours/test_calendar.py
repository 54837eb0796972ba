"""Opening hours: tables of cases."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from chat.domain.rules.hours import calendar as hours
from chat.domain.rules.hours.calendar import DEFAULT, Calendar, intervals, next_open, period_at, state_at
from chat.domain.rules.hours.calendar_json import parse
from chat.domain.rules.hours.local_time import InvalidMoment
from tests.domain.rules.hours.calendar_oracle import ALSACE_MOSELLE_ALSO, FRENCH_HOLIDAYS, Json, holiday_dates

PARIS = "Europe/Paris"
ALL_WEEK = list(hours.DAYS)


def calendar_of(week: list[Json], exceptions: list[Json] | None = None, zone: str = PARIS) -> Calendar:
    promise = {"hours": 48, "unit": "working_days"}
    return parse({"timezone": zone, "week": week, "exceptions": exceptions or [], "promise": promise})


def row(start: str, end: str, days: list[str] = ALL_WEEK, state: str = "open") -> Json:
    return {"days": days, "from": start, "to": end, "state": state}


def at(wall: str, zone: str = PARIS) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone))


def local(moment: datetime | None) -> str | None:
    """The moment in its own offset."""
    return moment.isoformat(timespec="minutes") if moment else None


@pytest.mark.parametrize(
    ("wall", "state", "until", "opens"),
    [
        ("2026-11-23T08:59", "closed", "2026-11-23T09:00+01:00", "2026-11-23T09:00+01:00"),
        ("2026-11-23T09:00", "open", "2026-11-23T18:00+01:00", None),
        ("2026-11-23T17:59:59", "open", "2026-11-23T18:00+01:00", None),
        ("2026-11-23T18:00", "closed", "2026-11-24T09:00+01:00", "2026-11-24T09:00+01:00"),
        ("2026-11-27T18:00", "closed", "2026-11-28T09:00+01:00", "2026-11-30T09:00+01:00"),
        ("2026-11-28T10:00", "limited", "2026-11-28T18:00+01:00", "2026-11-30T09:00+01:00"),
        ("2026-12-24T20:00", "closed", "2026-12-25T09:00+01:00", "2026-12-28T09:00+01:00"),
        ("2026-12-25T12:00", "limited", "2026-12-25T18:00+01:00", "2026-12-28T09:00+01:00"),
        ("2026-07-13T19:00", "closed", "2026-07-14T09:00+02:00", "2026-07-15T09:00+02:00"),
        ("2028-02-29T12:00", "open", "2028-02-29T18:00+01:00", None),
        ("2028-02-28T18:00", "closed", "2028-02-29T09:00+01:00", "2028-02-29T09:00+01:00"),
    ],
)
def test_opening_hours_of_a_new_install(wall: str, state: str, until: str, opens: str | None) -> None:
    period = period_at(DEFAULT, at(wall))
    assert (period.state, local(period.until), local(period.next_open)) == (state, until, opens)
    assert state_at(DEFAULT, at(wall)) == (period.state, period.until)
    assert next_open(DEFAULT, at(wall)) == period.next_open


@pytest.mark.parametrize("year", FRENCH_HOLIDAYS)
def test_french_holidays_and_no_other_weekdays_are_limited(year: int) -> None:
    assert limited_weekdays(DEFAULT, year) == weekdays(holiday_dates({year: FRENCH_HOLIDAYS[year]}))


@pytest.mark.parametrize("year", FRENCH_HOLIDAYS)
@pytest.mark.parametrize("part", ["57", "67", "68", "6AE", "Moselle", "Bas-Rhin", "Alsace-Moselle"])
def test_alsace_moselle_has_two_more_holidays(year: int, part: str) -> None:
    table = {year: f"{FRENCH_HOLIDAYS[year]} {ALSACE_MOSELLE_ALSO[year]}"}
    both = holiday_dates({year: ALSACE_MOSELLE_ALSO[year]})
    assert limited_weekdays(in_part(part), year) == weekdays(holiday_dates(table))
    assert not both & limited_weekdays(DEFAULT, year)


def in_part(part: str) -> Calendar:
    holidays = {"country": "FR", "subdivision": part, "from": "09:00", "to": "18:00", "state": "limited"}
    weekdays = row("09:00", "18:00", ALL_WEEK[:5])
    promise = {"hours": 48, "unit": "working_days"}
    return parse({"timezone": PARIS, "week": [weekdays], "holidays": holidays, "promise": promise})


def weekdays(dates: set[date]) -> set[date]:
    return {day for day in dates if day.weekday() < 5}


def limited_weekdays(calendar: Calendar, year: int) -> set[date]:
    noons = (datetime(year, 1, 1, 12, tzinfo=ZoneInfo(PARIS)) + timedelta(days=n) for n in range(365))
    return weekdays({noon.date() for noon in noons if state_at(calendar, noon)[0] == "limited"})


NIGHTS = calendar_of([row("22:00", "06:00", ["thu", "fri"])])
LUNCH = calendar_of([row("09:00", "12:00"), row("13:00", "18:00")])
CHRISTMAS = calendar_of(
    [row("22:00", "06:00"), row("09:00", "18:00")],
    [
        {"date": "2026-12-24", "from": "09:00", "to": "12:00", "state": "open", "name": "Christmas Eve"},
        {"date": "2026-12-24", "from": "14:00", "to": "16:00", "state": "limited"},
        {"date": "2026-12-26", "state": "closed"},
    ],
)
TO_MIDNIGHT = calendar_of([row("18:00", "24:00", ["mon"]), row("00:00", "02:00", ["tue"])])
TWO_STATES = calendar_of([row("09:00", "12:00"), row("12:00", "18:00", state="limited")])
ALWAYS = calendar_of([row("00:00", "24:00")], [{"date": "2026-12-25", "state": "closed"}])


@pytest.mark.parametrize(
    ("calendar", "wall", "state", "until"),
    [
        (NIGHTS, "2026-11-26T23:00", "open", "2026-11-27T06:00+01:00"),
        (NIGHTS, "2026-11-27T05:59", "open", "2026-11-27T06:00+01:00"),
        (NIGHTS, "2026-11-28T03:00", "open", "2026-11-28T06:00+01:00"),
        (NIGHTS, "2026-11-26T03:00", "closed", "2026-11-26T22:00+01:00"),
        (LUNCH, "2026-11-23T11:59", "open", "2026-11-23T12:00+01:00"),
        (LUNCH, "2026-11-23T12:30", "closed", "2026-11-23T13:00+01:00"),
        (TO_MIDNIGHT, "2026-11-23T19:00", "open", "2026-11-24T02:00+01:00"),
        (TWO_STATES, "2026-11-23T10:00", "open", "2026-11-23T12:00+01:00"),
        (TWO_STATES, "2026-11-23T12:00", "limited", "2026-11-23T18:00+01:00"),
        # An exception replaces the rows of its own date; the night row of the date before still applies to its end.
        (CHRISTMAS, "2026-12-24T05:00", "open", "2026-12-24T06:00+01:00"),
        (CHRISTMAS, "2026-12-24T12:00", "closed", "2026-12-24T14:00+01:00"),
        (CHRISTMAS, "2026-12-24T15:00", "limited", "2026-12-24T16:00+01:00"),
        (CHRISTMAS, "2026-12-24T23:00", "closed", "2026-12-25T09:00+01:00"),
        (CHRISTMAS, "2026-12-26T05:00", "open", "2026-12-26T06:00+01:00"),
        (CHRISTMAS, "2026-12-26T10:00", "closed", "2026-12-27T09:00+01:00"),
        (ALWAYS, "2026-11-23T10:00", "open", "2026-12-25T00:00+01:00"),
        (ALWAYS, "2026-12-26T10:00", "open", None),
    ],
)
def test_night_rows_breaks_and_exceptions(calendar: Calendar, wall: str, state: str, until: str | None) -> None:
    answer = state_at(calendar, at(wall))
    assert (answer[0], local(answer[1])) == (state, until)


@pytest.mark.parametrize(
    ("week", "day", "start", "end"),
    [
        # Paris, 29 March 2026: the clocks skip 02:00 to 03:00. A row that begins or ends there does so at 01:00 UTC.
        (row("22:00", "06:00"), "2026-03-28", "2026-03-28T21:00Z", "2026-03-29T04:00Z"),
        (row("02:30", "05:00"), "2026-03-29", "2026-03-29T01:00Z", "2026-03-29T03:00Z"),
        (row("01:00", "02:30"), "2026-03-29", "2026-03-29T00:00Z", "2026-03-29T01:00Z"),
        # 25 October 2026: 02:00 to 03:00 occur twice. A row that begins or ends there does so the first time.
        (row("22:00", "06:00"), "2026-10-24", "2026-10-24T20:00Z", "2026-10-25T05:00Z"),
        (row("02:30", "05:00"), "2026-10-25", "2026-10-25T00:30Z", "2026-10-25T04:00Z"),
        (row("01:00", "02:30"), "2026-10-25", "2026-10-24T23:00Z", "2026-10-25T00:30Z"),
        (row("02:00", "03:00"), "2026-10-25", "2026-10-25T00:00Z", "2026-10-25T02:00Z"),
        (row("00:00", "24:00"), "2026-10-25", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
    ],
)
def test_rows_while_the_clocks_change(week: Json, day: str, start: str, end: str) -> None:
    (interval,) = intervals(calendar_of([week]), date.fromisoformat(day))
    assert (interval.start, interval.end) == (datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert interval.day == date.fromisoformat(day)


def test_row_that_the_clocks_skip_is_omitted() -> None:
    calendar = calendar_of([row("02:00", "03:00")])
    assert len(intervals(calendar, date(2026, 3, 28))) == 1
    assert intervals(calendar, date(2026, 3, 29)) == ()


def test_end_has_the_offset_of_its_own_moment() -> None:
    state, until = state_at(calendar_of([row("22:00", "06:00")]), at("2026-10-24T23:00"))
    assert until
    assert (state, local(until)) == ("open", "2026-10-25T06:00+01:00")
    assert until - at("2026-10-24T23:00").astimezone(UTC) == timedelta(hours=8)


def test_offset_of_the_given_moment_does_not_matter() -> None:
    noon = at("2026-11-23T12:00")
    elsewhere = noon.astimezone(timezone(timedelta(hours=-11)))
    assert period_at(DEFAULT, elsewhere) == period_at(DEFAULT, noon)


def test_calendar_without_rows_is_always_closed() -> None:
    assert period_at(calendar_of([]), at("2026-11-23T12:00")) == ("closed", None, None)


def test_calendar_with_limited_rows_only_never_opens() -> None:
    limited = calendar_of([row("09:00", "18:00", state="limited")])
    assert local(state_at(limited, at("2026-11-23T12:00"))[1]) == "2026-11-23T18:00+01:00"
    assert next_open(limited, at("2026-11-23T12:00")) is None


def test_naive_time_is_in_the_calendars_zone() -> None:
    assert local(hours.in_zone(DEFAULT, datetime.fromisoformat("2026-07-01T12:00"))) == "2026-07-01T12:00+02:00"
    assert local(hours.in_zone(DEFAULT, datetime.fromisoformat("2026-03-29T02:30"))) == "2026-03-29T03:00+02:00"


@pytest.mark.parametrize(
    "moment",
    [datetime.fromisoformat("2026-11-23T12:00"), datetime(1969, 12, 31, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
)
def test_naive_and_distant_moments_are_invalid(moment: datetime) -> None:
    with pytest.raises(InvalidMoment):
        period_at(DEFAULT, moment)


@pytest.mark.parametrize("moment", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, 23, tzinfo=UTC)])
def test_first_and_last_supported_moment(moment: datetime) -> None:
    assert period_at(DEFAULT, moment).next_open

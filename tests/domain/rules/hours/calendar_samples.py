"""Hypothesis strategies for calendars, and the days on which calendar code goes wrong."""

from datetime import date, timedelta

from hypothesis import strategies as st

from tests.domain.rules.hours.calendar_oracle import DAYS, Json

WINDOW_DAYS = 18
# The days around which the windows lie: both clock changes, also in the evening, at midnight and by half an hour; a
# date that a zone skipped; leap day, the turn of the year, and May with its many holidays.
DIFFICULT_DAYS = [
    ("Europe/Paris", date(2026, 3, 29)),
    ("Europe/Paris", date(2026, 10, 25)),
    ("Europe/Paris", date(2028, 2, 29)),
    ("Europe/Paris", date(2026, 12, 27)),
    ("Europe/Paris", date(2027, 5, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("America/Santiago", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Kiritimati", date(2026, 6, 1)),
    ("Pacific/Apia", date(2011, 12, 30)),
]
states = st.sampled_from(["open", "open", "limited"])


def clock(quarters: int) -> str:
    return f"{quarters // 4:02}:{quarters % 4 * 15:02}"


@st.composite
def patterns(draw: st.DrawFn, dayline: int) -> list[Json]:
    """One date's rows, in quarters of an hour from the dayline to the next: no row overlaps another date's."""
    quarters_of_day = st.integers(dayline, dayline + 96)
    edges = sorted(draw(st.lists(quarters_of_day, unique=True, max_size=6)))
    rows: list[Json] = []
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        # A row of 24 hours can only begin at midnight.
        if start < 96 and (start == 0 or end - start < 96):
            to = clock(end) if end <= 96 else clock(end - 96)
            rows.append({"from": clock(start), "to": to, "state": draw(states)})
    return rows


CLOSED: list[Json] = [{"state": "closed"}]


@st.composite
def calendars(draw: st.DrawFn, zone: str, around: date) -> Json:
    """A valid calendar with exceptions near a date."""
    dayline = draw(st.integers(0, 24))
    week = [{"days": [day], **row} for day in DAYS for row in draw(st.one_of(st.just([]), patterns(dayline)))]
    return {
        "timezone": zone,
        "week": week,
        "holidays": draw(st.none() | holiday_rows(dayline)) if around.year in (2026, 2027) else None,
        "exceptions": draw(exception_rows(dayline, around)),
        "promise": draw(promises()),
    }


@st.composite
def holiday_rows(draw: st.DrawFn, dayline: int) -> Json:
    rows = draw(patterns(dayline)) or CLOSED
    return {"country": "FR", "subdivision": draw(st.sampled_from([None, "57", "67"])), **rows[0]}


@st.composite
def exception_rows(draw: st.DrawFn, dayline: int, around: date) -> list[Json]:
    dates = draw(st.lists(st.integers(-5, 8), unique=True, max_size=3))
    return [
        {"date": (around + timedelta(days=n)).isoformat(), **row, **draw(st.sampled_from([{}, {"name": "Inventory"}]))}
        for n in dates
        for row in draw(patterns(dayline)) or CLOSED
    ]


def promises() -> st.SearchStrategy[Json]:
    days = st.builds(lambda n: {"hours": n * 24, "unit": "working_days"}, st.integers(1, 3))
    hours = st.builds(lambda n: {"hours": n, "unit": "opening_hours"}, st.integers(1, 30))
    return days | hours


@st.composite
def calendars_on_difficult_days(draw: st.DrawFn) -> tuple[Json, date]:
    """A calendar and the first day of a window whose seventh day is one of DIFFICULT_DAYS."""
    zone, day = draw(st.sampled_from(DIFFICULT_DAYS))
    return draw(calendars(zone, day)), day - timedelta(days=6)

"""How long posts wait for each other: many share a dear transaction, few are not kept waiting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.store.pace import LINGER_POSTGRES_S, LINGER_S, Pace

SHORTEST, LONGEST = LINGER_POSTGRES_S


RUSH_S = 5.0


def after(pace: Pace, rate: float) -> Pace:
    """Posts have come one by one and evenly, so many a second, for five seconds."""
    for number in range(round(rate * RUSH_S)):
        pace.went(1, number / rate)
    return pace


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(1, LINGER_S), (50, LINGER_S), (80, LONGEST), (250, LONGEST), (400, 0.020), (500, SHORTEST), (3_000, SHORTEST)],
)
def test_the_busier_the_shorter_but_nobody_waits_where_few_come(rate: int, expected: float) -> None:
    assert after(Pace(is_sqlite=False), rate).linger_s(RUSH_S) == pytest.approx(expected, rel=0.02)
    assert after(Pace(is_sqlite=True), rate).linger_s(RUSH_S) == LINGER_S


def test_a_rush_is_forgotten() -> None:
    pace = after(Pace(is_sqlite=False), 300)
    assert pace.linger_s(RUSH_S) > LINGER_S
    assert pace.linger_s(RUSH_S + 3) == LINGER_S


@given(st.lists(st.tuples(st.integers(1, 5_000), st.floats(0, 1_000))))
def test_it_never_waits_for_longer_than_it_may(steps: list[tuple[int, float]]) -> None:
    pace, now = Pace(is_sqlite=False), 0.0
    for posts, later in steps:
        now += later
        pace.went(posts, now)
        assert pace.linger_s(now) == LINGER_S or SHORTEST <= pace.linger_s(now) <= LONGEST

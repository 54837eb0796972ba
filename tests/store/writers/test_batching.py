"""How long posts wait for each other, by their rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.store.writers.write_queue import DELAY_S, POSTGRES_DELAY_S, BatchDelay

SHORTEST, LONGEST = POSTGRES_DELAY_S


RUSH_S = 5.0


def after(pace: BatchDelay, rate: float) -> BatchDelay:
    """After five seconds of posts at an even rate."""
    for number in range(round(rate * RUSH_S)):
        pace.record_flush(1, number / rate)
    return pace


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(1, DELAY_S), (50, DELAY_S), (80, LONGEST), (250, LONGEST), (400, 0.020), (500, SHORTEST), (3_000, SHORTEST)],
)
def test_delay_falls_with_the_rate_and_is_minimal_below_busy_rate(rate: int, expected: float) -> None:
    assert after(BatchDelay(is_sqlite=False), rate).delay_s(RUSH_S) == pytest.approx(expected, rel=0.02)
    assert after(BatchDelay(is_sqlite=True), rate).delay_s(RUSH_S) == DELAY_S


def test_the_rate_decays() -> None:
    pace = after(BatchDelay(is_sqlite=False), 300)
    assert pace.delay_s(RUSH_S) > DELAY_S
    assert pace.delay_s(RUSH_S + 3) == DELAY_S


@given(st.lists(st.tuples(st.integers(1, 5_000), st.floats(0, 1_000))))
def test_delay_stays_within_its_bounds(steps: list[tuple[int, float]]) -> None:
    pace, now = BatchDelay(is_sqlite=False), 0.0
    for posts, later in steps:
        now += later
        pace.record_flush(posts, now)
        assert pace.delay_s(now) == DELAY_S or SHORTEST <= pace.delay_s(now) <= LONGEST

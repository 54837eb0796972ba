"""Chat or form, and the estimated wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.rules.hours.availability import (
    QueuePosition,
    estimated_wait,
    has_moved,
    mode,
    seconds_per_position,
    typical_answer,
)
from chat.vocabulary import Mode, ServiceState


@pytest.mark.parametrize(
    ("state", "available", "waiting", "wait_s", "expected"),
    [
        ("open", 1, 0, None, "chat"),
        ("limited", 1, 0, None, "chat"),
        ("closed", 5, 0, None, "form"),
        ("open", 0, 0, None, "form"),
        ("limited", 0, 0, None, "form"),
        # A fully busy team has a queue of limited length.
        ("open", 1, 10, None, "chat"),
        ("open", 1, 11, None, "form"),
        ("open", 3, 30, 900, "chat"),
        ("open", 3, 31, 60, "form"),
        ("open", 3, 4, 901, "form"),
    ],
)
def test_chat_or_form(state: ServiceState, available: int, waiting: int, wait_s: int | None, expected: Mode) -> None:
    assert mode(state, available, waiting, wait_s) == expected


@pytest.mark.parametrize(
    ("rates", "position", "wait"),
    [
        ([], 1, None),
        ([60, 60, 60, 60], 1, None),
        ([60, 60, 60, 60, 60], 1, 60),
        ([60, 60, 60, 60, 60], 3, 180),
        # One wait of an hour does not raise the estimate.
        ([30, 40, 50, 60, 3600], 2, 100),
        ([10, 20, 30, 40, 50, 60], 1, 35),
        ([1, 1, 1.2, 2, 2], 1, 2),
        ([1, 1, 1.2, 2, 2], 5, 6),
    ],
)
def test_estimated_wait(rates: list[float], position: int, wait: int | None) -> None:
    assert estimated_wait(seconds_per_position(rates), position) == wait


@given(st.lists(st.floats(0, 3600), min_size=5), st.integers(1, 50))
def test_estimated_wait_grows_with_the_position(rates: list[float], position: int) -> None:
    rate = seconds_per_position(rates)
    before, after = estimated_wait(rate, position), estimated_wait(rate, position + 1)
    assert before is not None
    assert after is not None
    assert 0 <= before <= after


@pytest.mark.parametrize(
    ("shown", "now", "moved"),
    [
        (None, (1, None), True),
        ((2, 60), (2, 60), False),
        ((3, None), (2, None), True),
        ((20, None), (19, None), True),
        ((21, None), (20, None), True),
        ((22, None), (21, None), False),
        ((210, None), (201, None), False),
        ((210, None), (200, None), True),
        ((200, None), (210, None), False),
        ((5, 100), (5, 104), False),
        ((5, 100), (5, 106), True),
        ((5, None), (5, 100), True),
        ((5, 100), (5, None), True),
        ((5, 7), (5, 0), True),
    ],
)
def test_visitor_is_shown_a_position_that_differs_by_a_twentieth(
    shown: tuple[int, int | None] | None, now: tuple[int, int | None], moved: bool
) -> None:
    assert has_moved(QueuePosition(*shown) if shown else None, QueuePosition(*now)) == moved


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        ([60.0] * 4, None),
        ([60.0, 30.0, 90.5, 86400.0, 10.0], 60),
        ([90.2] * 5, 91),
        ([3600.0] * 5, 3600),
        ([3601] * 9, None),
    ],
)
def test_typical_answer_is_a_median_of_at_most_an_hour(waits: list[float], expected: int | None) -> None:
    assert typical_answer(waits) == expected

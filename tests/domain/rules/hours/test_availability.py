"""Chat or form, and the estimated wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.rules.hours.availability import estimated_wait, mode
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
    assert estimated_wait(rates, position) == wait


@given(st.lists(st.floats(0, 3600), min_size=5), st.integers(1, 50))
def test_estimated_wait_grows_with_the_position(rates: list[float], position: int) -> None:
    before, after = estimated_wait(rates, position), estimated_wait(rates, position + 1)
    assert before is not None
    assert after is not None
    assert 0 <= before <= after

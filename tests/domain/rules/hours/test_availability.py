"""Chat or form, and the honest wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.rules.hours.availability import estimated_wait, mode
from chat.vocabulary import Mode, ServiceState


@pytest.mark.parametrize(
    ("state", "available", "waiting", "wait_s", "offered"),
    [
        ("open", 1, 0, None, "chat"),
        ("limited", 1, 0, None, "chat"),
        ("closed", 5, 0, None, "form"),
        ("open", 0, 0, None, "form"),
        ("limited", 0, 0, None, "form"),
        # A full desk has a queue, but no endless one.
        ("open", 1, 10, None, "chat"),
        ("open", 1, 11, None, "form"),
        ("open", 3, 30, 900, "chat"),
        ("open", 3, 31, 60, "form"),
        ("open", 3, 4, 901, "form"),
    ],
)
def test_chat_or_form(state: ServiceState, available: int, waiting: int, wait_s: int | None, offered: Mode) -> None:
    assert mode(state, available, waiting, wait_s) == offered


@pytest.mark.parametrize(
    ("paces", "position", "wait"),
    [
        ([], 1, None),
        ([60, 60, 60, 60], 1, None),
        ([60, 60, 60, 60, 60], 1, 60),
        ([60, 60, 60, 60, 60], 3, 180),
        # One visitor who waited for an hour does not frighten the others.
        ([30, 40, 50, 60, 3600], 2, 100),
        ([10, 20, 30, 40, 50, 60], 1, 35),
        ([1, 1, 1.2, 2, 2], 1, 2),
        ([1, 1, 1.2, 2, 2], 5, 6),
    ],
)
def test_the_honest_wait(paces: list[float], position: int, wait: int | None) -> None:
    assert estimated_wait(paces, position) == wait


@given(st.lists(st.floats(0, 3600), min_size=5), st.integers(1, 50))
def test_nobody_is_told_a_shorter_wait_than_those_before(paces: list[float], position: int) -> None:
    ahead, behind = estimated_wait(paces, position), estimated_wait(paces, position + 1)
    assert ahead is not None
    assert behind is not None
    assert 0 <= ahead <= behind

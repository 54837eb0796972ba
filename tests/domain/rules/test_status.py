"""Statuses: the table of allowed changes, and the status after a message, an end or silence."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from chat.domain.rules.status import (
    accepts_messages,
    after_agent_message,
    after_silence,
    after_visitor_message,
    end_live,
    may_move,
)
from chat.vocabulary import AuthorKind, Mode, Status

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
STATUSES: tuple[Status, ...] = get_args(Status)
SIDES: tuple[AuthorKind, ...] = get_args(AuthorKind)
# Rows: from; columns: to, in the order of `Status`. V visitor, A agent, S system may do it.
TABLE = """
          live  open  pending  on_hold  solved  closed
live      VAS   VAS   AS       A        VAS     VAS
open      V     VAS   A        A        A       A
pending   V     VAS   VAS      A        A       A
on_hold   -     AS    A        VAS      A       A
solved    V     VA    A        A        VAS     AS
closed    -     -     -        -        -       VAS
"""


def allowed() -> list[tuple[Status, Status, str]]:
    rows = [line.split() for line in TABLE.strip().splitlines()[1:]]
    assert tuple(row[0] for row in rows) == STATUSES
    return [
        (old, new, letters)
        for old, row in zip(STATUSES, rows, strict=True)
        for new, letters in zip(STATUSES, row[1:], strict=True)
    ]


@pytest.mark.parametrize(("old", "new", "letters"), allowed())
def test_allowed_status_changes(old: Status, new: Status, letters: str) -> None:
    may = {by for by in SIDES if may_move(old, new, by)}
    assert may == {by for by in SIDES if by[0].upper() in letters}


@pytest.mark.parametrize(
    ("status", "mode", "had_agent", "after"),
    [
        ("live", "chat", True, "live"),
        ("live", "form", True, "live"),
        ("open", "chat", True, "live"),
        ("open", "form", True, "open"),
        ("open", "chat", False, "open"),
        ("pending", "chat", True, "live"),
        ("pending", "form", True, "open"),
        ("on_hold", "chat", True, "on_hold"),
        ("on_hold", "form", True, "on_hold"),
        ("solved", "chat", True, "live"),
        ("solved", "chat", False, "live"),
        ("solved", "form", True, "open"),
        ("closed", "chat", True, "ticket_ended"),
    ],
)
def test_status_after_a_visitors_message(status: Status, mode: Mode, had_agent: bool, after: str) -> None:
    yesterday = NOW - timedelta(days=1) if status == "solved" else None
    assert after_visitor_message(status, yesterday, NOW, mode, had_agent) == after


def test_status_after_a_message_is_an_allowed_change() -> None:
    modes: tuple[Mode, ...] = get_args(Mode)
    for status in STATUSES:
        for mode in modes:
            after = after_visitor_message(status, NOW, NOW, mode, had_agent=True)
            assert after == "ticket_ended" or may_move(status, after, "visitor")
        answered = after_agent_message(status, NOW, NOW)
        assert answered == "ticket_ended" or may_move(status, answered, "agent")


def test_solved_ticket_reopens_for_less_than_seven_days() -> None:
    in_time, late = NOW - timedelta(days=7, microseconds=-1), NOW - timedelta(days=7)
    assert after_visitor_message("solved", in_time, NOW, "chat", had_agent=True) == "live"
    assert after_visitor_message("solved", late, NOW, "chat", had_agent=True) == "ticket_ended"
    assert after_agent_message("solved", late, NOW) == "ticket_ended"
    assert not accepts_messages("solved", None, NOW)


@pytest.mark.parametrize(
    ("status", "after"),
    [
        ("live", "live"),
        ("open", "pending"),
        ("pending", "pending"),
        ("on_hold", "on_hold"),
        ("solved", "solved"),
        ("closed", "ticket_ended"),
    ],
)
def test_status_after_an_agents_message(status: Status, after: str) -> None:
    assert after_agent_message(status, NOW, NOW) == after


@pytest.mark.parametrize(
    ("answered", "reachable", "after"),
    [
        (True, True, "solved"),
        (True, False, "solved"),
        (False, True, "open"),
        (False, False, "closed"),
    ],
)
def test_status_after_a_chat_ends(answered: bool, reachable: bool, after: Status) -> None:
    assert end_live(answered, reachable) == after
    assert may_move("live", after, "visitor")


def test_status_after_silence() -> None:
    assert after_silence(answered=True) == "pending"
    assert after_silence(answered=False) == "open"
    assert all(may_move("live", after, "system") for after in ("open", "pending"))

"""Which tickets each check of the inbox reads: those updated lately, and one page of all in turn."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import Connection

from chat.domain.queries import node_sync
from chat.domain.queries.node_sync import TicketRevision
from chat.realtime.reconciliation.followed_inbox import OVERLAP, FollowedInbox
from chat.vocabulary import Status

START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NO_SQL = cast(Connection, None)


@dataclass
class FakeTickets:
    """The queries of node_sync on tickets in memory, with pages of three."""

    rows: dict[int, TicketRevision] = field(default_factory=dict)
    updated: dict[int, datetime] = field(default_factory=dict)

    def write(self, key: int, status: Status = "open", at: datetime = START - 2 * OVERLAP) -> None:
        self.rows[key], self.updated[key] = TicketRevision(key, f"t{key}", 1, 1, 0, status), at

    def ticket_revisions(self, _: object, keys: list[int]) -> list[TicketRevision]:
        return [self.rows[key] for key in keys]

    def revisions_since(self, _: object, since: datetime) -> list[TicketRevision]:
        return [self.rows[key] for key, at in self.updated.items() if at >= since]

    def next_unfinished_revisions(self, _: object, after: int) -> list[TicketRevision]:
        return [row for key, row in sorted(self.rows.items()) if key > after and not row.is_finished][:3]


@pytest.fixture
def tickets(monkeypatch: pytest.MonkeyPatch) -> FakeTickets:
    """Seven open tickets, updated long ago."""
    fake = FakeTickets()
    for key in range(1, 8):
        fake.write(key)
    for name in ("ticket_revisions", "revisions_since", "next_unfinished_revisions"):
        monkeypatch.setattr(node_sync, name, getattr(fake, name))
    monkeypatch.setattr(node_sync, "SYNC_PAGE_SIZE", 3)
    return fake


@pytest.fixture
def inbox(tickets: FakeTickets) -> FollowedInbox:
    """An inbox that has read them all."""
    followed = FollowedInbox(START)
    followed.add(list(tickets.rows.values()))
    return followed


def check(inbox: FollowedInbox, seconds: float) -> tuple[list[int], set[str]]:
    """The keys that a check so many seconds after the start compares, and the tickets that left."""
    now = START + timedelta(seconds=seconds)
    found = inbox.read(NO_SQL, now)
    compared = sorted({revision.key for revision in inbox.relevant(found)})
    return compared, inbox.finish_check(now, found)


def test_pages_cover_all_tickets_in_turn(inbox: FollowedInbox) -> None:
    assert [check(inbox, seconds)[0] for seconds in range(4)] == [[1, 2, 3], [4, 5, 6], [7], [1, 2, 3]]


def test_an_updated_ticket_is_compared_by_two_checks_whatever_their_distance(
    inbox: FollowedInbox, tickets: FakeTickets
) -> None:
    check(inbox, 0)
    tickets.write(2, at=START + timedelta(seconds=100))
    updated = []
    for seconds in (110, 1_000, 10_000):
        updated.append([row.key for row in inbox.read(NO_SQL, START + timedelta(seconds=seconds)).updated])
        check(inbox, seconds)
    assert updated == [[2], [2], []]


def test_a_commit_that_is_late_by_less_than_the_overlap_is_found(inbox: FollowedInbox, tickets: FakeTickets) -> None:
    for seconds in (100, 200):
        check(inbox, seconds)
    tickets.write(1, at=START + timedelta(seconds=100) - OVERLAP)
    assert 1 in check(inbox, 300)[0]


def test_updates_after_the_clock_was_set_back_are_found(inbox: FollowedInbox, tickets: FakeTickets) -> None:
    for seconds in (1_000, 1_001):
        check(inbox, seconds)
    tickets.write(2, at=START)
    assert 2 in check(inbox, 1)[0]


def test_a_ticket_that_was_finished_is_compared_once(inbox: FollowedInbox, tickets: FakeTickets) -> None:
    tickets.write(6, "solved", at=START + timedelta(seconds=1))
    assert check(inbox, 2) == ([1, 2, 3, 6], {"t6"})
    assert check(inbox, 3) == ([4, 5, 7], set())


def test_a_ticket_that_was_finished_unnoticed_is_found_by_its_page(inbox: FollowedInbox, tickets: FakeTickets) -> None:
    tickets.write(5, "closed")
    assert check(inbox, 1) == ([1, 2, 3], set())
    assert check(inbox, 2) == ([4, 5, 6, 7], {"t5"})
    assert [check(inbox, seconds)[0] for seconds in (3, 4, 5)] == [[], [1, 2, 3], [4, 6, 7]]


def test_a_finished_ticket_that_was_never_in_the_inbox_is_not_compared(
    inbox: FollowedInbox, tickets: FakeTickets
) -> None:
    tickets.write(8, "closed", at=START)
    assert 8 not in check(inbox, 1)[0]


def test_a_reopened_ticket_is_in_the_inbox_again(inbox: FollowedInbox, tickets: FakeTickets) -> None:
    tickets.write(6, "solved", at=START)
    check(inbox, 1)
    assert "t6" not in inbox
    tickets.write(6, "open", at=START + timedelta(seconds=2))
    assert 6 in check(inbox, 3)[0]
    assert "t6" in inbox


def test_after_a_failed_check_the_next_one_reads_the_same(inbox: FollowedInbox, tickets: FakeTickets) -> None:
    tickets.write(6, "solved", at=START)
    for seconds in (1, 60, 120):
        found = inbox.read(NO_SQL, START + timedelta(seconds=seconds))
        assert sorted(revision.key for revision in inbox.relevant(found)) == [1, 2, 3, 6]

"""What a node has sent of a ticket, in whatever order the events came."""

from datetime import UTC, datetime
from itertools import permutations

from chat.domain.queries.node_sync import TicketRevision
from chat.protocol import Author, Message
from chat.realtime.reconciliation.delivery_state import DeliveredState, SeqTracker


def test_numbers_in_any_order_are_tracked() -> None:
    for order in permutations(range(4, 8)):
        tracker = SeqTracker(3)
        for number in order:
            assert not tracker.has(number)
            tracker.add(number)
            assert tracker.has(number)
        assert (tracker.at, tracker.early) == (7, set())


def test_tracker_stops_at_a_gap() -> None:
    tracker = SeqTracker(3)
    tracker.add(6)
    tracker.add(5)
    assert (tracker.at, tracker.has(4), tracker.has(5)) == (3, False, True)
    tracker.add(4)
    assert tracker.at == 6


def test_first_number_starts_an_unknown_tracker() -> None:
    tracker = SeqTracker()
    tracker.add(9)
    assert (tracker.at, tracker.has(8), tracker.start_at(20)) == (9, True, 9)
    assert SeqTracker().start_at(20) == 20


def revision(rev: int, seq: int, note_seq: int = 0) -> TicketRevision:
    return TicketRevision(1, "t", rev, seq, note_seq, "live")


def message(seq: int) -> Message:
    return Message("t", seq, f"m{seq}", None, "text", Author("visitor", None), "x", datetime.now(UTC))


def test_state_is_up_to_date_when_all_messages_were_sent() -> None:
    state = DeliveredState.from_revision(revision(10, 5))
    state.on_message(message(6))
    state.on_message(message(7))
    assert state.is_up_to_date(revision(12, 7))


def test_state_is_not_up_to_date_when_something_may_be_missing() -> None:
    state = DeliveredState.from_revision(revision(10, 5))
    state.on_message(message(6))
    assert not state.is_up_to_date(revision(12, 7)), "a message"
    assert not state.is_up_to_date(revision(12, 6)), "a change beside the message"
    assert not state.is_up_to_date(revision(12, 6, 1)), "a note"
    assert not DeliveredState(None).is_up_to_date(revision(10, 5)), "whatever there is of a ticket that nobody knew"


def test_missing_card_is_found_by_the_next_check() -> None:
    state = DeliveredState.from_revision(revision(10, 5))
    state.on_message(message(6))
    assert state.is_up_to_date(revision(11, 6))
    state.mark_complete(revision(11, 6))
    state.on_message(message(7))
    assert not state.is_up_to_date(revision(12, 7)), "the card of message 6 should have come since the last check"
    state.delivered_rev = 11
    assert state.is_up_to_date(revision(12, 7))

"""What a node has sent of a ticket, in whatever order the events came."""

from datetime import UTC, datetime
from itertools import permutations

from chat.domain.queries.node_sync import TicketRevision
from chat.protocol import Author, Message
from chat.realtime.reconciliation.delivery_state import DeliveredState, SeqTracker


def test_numbers_in_any_order_are_tracked() -> None:
    for order in permutations(range(4, 8)):
        cursor = SeqTracker(3)
        for number in order:
            assert not cursor.has(number)
            cursor.add(number)
            assert cursor.has(number)
        assert (cursor.at, cursor.early) == (7, set())


def test_tracker_stops_at_a_gap() -> None:
    cursor = SeqTracker(3)
    cursor.add(6)
    cursor.add(5)
    assert (cursor.at, cursor.has(4), cursor.has(5)) == (3, False, True)
    cursor.add(4)
    assert cursor.at == 6


def test_first_number_starts_an_unknown_tracker() -> None:
    cursor = SeqTracker()
    cursor.add(9)
    assert (cursor.at, cursor.has(8), cursor.start_at(20)) == (9, True, 9)
    assert SeqTracker().start_at(20) == 20


def mark(rev: int, seq: int, note_seq: int = 0) -> TicketRevision:
    return TicketRevision(1, "t", rev, seq, note_seq, "live")


def line(seq: int) -> Message:
    return Message("t", seq, f"m{seq}", None, "text", Author("visitor", None), "x", datetime.now(UTC))


def test_state_is_up_to_date_when_all_messages_were_sent() -> None:
    known = DeliveredState.from_revision(mark(10, 5))
    known.on_message(line(6))
    known.on_message(line(7))
    assert known.is_up_to_date(mark(12, 7))


def test_state_is_not_up_to_date_when_something_may_be_missing() -> None:
    known = DeliveredState.from_revision(mark(10, 5))
    known.on_message(line(6))
    assert not known.is_up_to_date(mark(12, 7)), "a line"
    assert not known.is_up_to_date(mark(12, 6)), "a change beside the line"
    assert not known.is_up_to_date(mark(12, 6, 1)), "a note"
    assert not DeliveredState(None).is_up_to_date(mark(10, 5)), "whatever there is of a ticket that nobody knew"


def test_missing_card_is_found_by_the_next_check() -> None:
    known = DeliveredState.from_revision(mark(10, 5))
    known.on_message(line(6))
    assert known.is_up_to_date(mark(11, 6))
    known.mark_complete(mark(11, 6))
    known.on_message(line(7))
    assert not known.is_up_to_date(mark(12, 7)), "the card of line 6 should have come since the last look"
    known.delivered_rev = 11
    assert known.is_up_to_date(mark(12, 7))

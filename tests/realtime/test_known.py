"""What a node's sockets were told, line by line, in whatever order it came."""

from datetime import UTC, datetime
from itertools import permutations

from chat.desk.held import Mark
from chat.realtime.known import Cursor, Known
from chat.wire import Author, Message


def test_lines_that_come_in_any_order_are_told_once() -> None:
    for order in permutations(range(4, 8)):
        cursor = Cursor(3)
        for number in order:
            assert not cursor.has(number)
            cursor.hear(number)
            assert cursor.has(number)
        assert (cursor.at, cursor.early) == (7, set())


def test_a_gap_is_not_stepped_over() -> None:
    cursor = Cursor(3)
    cursor.hear(6)
    cursor.hear(5)
    assert (cursor.at, cursor.has(4), cursor.has(5)) == (3, False, True)
    cursor.hear(4)
    assert cursor.at == 6


def test_the_first_line_that_is_heard_begins_a_cursor_that_was_not_known() -> None:
    cursor = Cursor()
    cursor.hear(9)
    assert (cursor.at, cursor.has(8), cursor.begin(20)) == (9, True, 9)
    assert Cursor().begin(20) == 20


def mark(rev: int, seq: int, note_seq: int = 0) -> Mark:
    return Mark(1, "t", rev, seq, note_seq)


def line(seq: int) -> Message:
    return Message("t", seq, f"m{seq}", None, "text", Author("visitor", None), "x", datetime.now(UTC))


def test_a_dialogue_of_which_all_was_told_flows() -> None:
    known = Known.at(mark(10, 5))
    known.hear_line(line(6))
    known.hear_line(line(7))
    assert known.flows(mark(12, 7))


def test_what_may_have_been_missed_does_not_flow() -> None:
    known = Known.at(mark(10, 5))
    known.hear_line(line(6))
    assert not known.flows(mark(12, 7)), "a line"
    assert not known.flows(mark(12, 6)), "a change beside the line"
    assert not known.flows(mark(12, 6, 1)), "a note"
    assert not Known(None).flows(mark(10, 5)), "whatever there is of a ticket that nobody knew"


def test_a_card_that_did_not_come_is_missed_at_the_next_look() -> None:
    known = Known.at(mark(10, 5))
    known.hear_line(line(6))
    assert known.flows(mark(11, 6))
    known.found_whole(mark(11, 6))
    known.hear_line(line(7))
    assert not known.flows(mark(12, 7)), "the card of line 6 should have come since the last look"
    known.shown_rev = 11
    assert known.flows(mark(12, 7))

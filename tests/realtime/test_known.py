"""What a node's sockets were told, line by line, in whatever order it came."""

from itertools import permutations

from chat.realtime.known import Cursor


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

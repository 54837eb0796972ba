"""The checker finds each violated invariant in a handmade history, and none in a correct one."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.checker import find_violations
from tests.faults.history import (
    Acked,
    CaughtUp,
    DatabaseState,
    History,
    MessageRecord,
    Received,
    Refused,
    Screen,
    Submitted,
)
from tests.faults.server_process import unexpected_errors

HELLO, WELCOME, BYE = MessageRecord(1, "m1", "hello"), MessageRecord(2, "m2", "welcome"), MessageRecord(3, "m3", "bye")
STORED = (HELLO, WELCOME, BYE)
NOTE = "he is in a hurry"


class Example:
    """Vic and Ada chat on t1, Zoe has sent a message on t2; everything is stored and shown."""

    def __init__(self) -> None:
        self.vic, self.ada, self.zoe = History("vic", "visitor"), History("ada", "agent"), History("zoe", "visitor")
        self.database = DatabaseState(
            {"t1": list(STORED), "t2": [MessageRecord(1, "m9", "me too")]},
            [("t1", "visitor", "c1"), ("t1", "agent:1", "c2"), ("t1", "visitor", "c3"), ("t2", "visitor", "c1")],
            [NOTE],
        )
        self.vic.record(Submitted("hello"))
        self.vic.record(Screen("", (), (("hello", "sending"),)))
        self.vic.record(Acked("t1", "hello", 1, "m1"))
        self.vic.record(Screen("t1", (HELLO,)))
        self.vic.record(Received("event:message", {"ticket": "t1", "text": "welcome"}))
        self.vic.record(Submitted("bye"))
        self.vic.record(Screen("t1", (HELLO, WELCOME), (("bye", "failed"),)))
        self.vic.record(Screen("t1", STORED))
        self.ada.record(Received("event:note", {"ticket": "t1", "text": NOTE}))
        self.ada.record(Screen("t1", STORED[1:]))
        self.ada.record(CaughtUp("t1", 1, (2, 3)))
        self.zoe.record(Submitted("me too"))
        self.zoe.record(Screen("t2", (MessageRecord(1, "m9", "me too"),)))

    def violated_invariants(self) -> set[str]:
        return {violation.invariant for violation in find_violations([self.vic, self.ada, self.zoe], self.database)}

    def set_stored(self, *rows: MessageRecord) -> None:
        self.database = replace(self.database, messages={**self.database.messages, "t1": list(rows)})


def test_correct_history_has_no_violation() -> None:
    example = Example()
    assert example.violated_invariants() == set()
    example.vic.record(Submitted("again"))
    example.vic.record(Screen("t1", STORED, (("again", "failed"),)))
    assert example.violated_invariants() == set()


def acked_but_not_stored(example: Example) -> None:
    example.vic.record(Acked("t1", "never stored", 4, "m4"))


def acked_with_wrong_id(example: Example) -> None:
    example.vic.record(Acked("t1", "bye", 2, "m3"))


def stored_twice(example: Example) -> None:
    example.set_stored(*STORED, MessageRecord(4, "m4", "hello"))
    for history in (example.vic, example.ada):
        history.record(Screen("t1", (*STORED, MessageRecord(4, "m4", "hello"))))


def client_key_stored_twice(example: Example) -> None:
    example.database = replace(example.database, keys=[*example.database.keys, ("t1", "visitor", "c3")])


def message_also_shown_as_unsent(example: Example) -> None:
    example.vic.record(Screen("t1", STORED, (("bye", "sending"),)))
    example.vic.record(Screen("t1", STORED))


def same_id_shown_twice(example: Example) -> None:
    example.ada.record(Screen("t1", (HELLO, WELCOME, MessageRecord(3, "m2", "bye"))))
    example.ada.record(Screen("t1", STORED))


def gap_on_screen(example: Example) -> None:
    example.vic.record(Screen("t1", (HELLO, BYE)))
    example.vic.record(Screen("t1", STORED))


def screen_out_of_order(example: Example) -> None:
    example.ada.record(Screen("t1", (WELCOME, HELLO, BYE)))
    example.ada.record(Screen("t1", STORED))


def gap_in_catch_up(example: Example) -> None:
    example.ada.record(CaughtUp("t1", 0, (1, 3)))


def catch_up_starts_too_late(example: Example) -> None:
    example.ada.record(CaughtUp("t1", 0, (2, 3)))


def message_missing_on_screen(example: Example) -> None:
    example.ada.record(Screen("t1", (HELLO, WELCOME)))


def wrong_text_on_screen(example: Example) -> None:
    example.vic.record(Screen("t1", (HELLO, WELCOME, MessageRecord(3, "m3", "good-bye"))))


def text_never_sent(example: Example) -> None:
    example.vic.record(Submitted("and"))
    example.vic.record(Screen("t1", STORED, (("and", "sending"),)))


def ticket_missing_on_screen(example: Example) -> None:
    example.vic.record(Screen("", ()))


def visitor_received_note(example: Example) -> None:
    example.vic.record(Received("event:message", {"ticket": "t1", "text": f"so {NOTE} they say"}))


def visitor_received_agent_event(example: Example) -> None:
    example.vic.record(Received("event:card", {}))


def visitor_received_foreign_ticket(example: Example) -> None:
    example.zoe.record(Received("ack:catch_up", {"ok": True, "ticket": {"id": "t1"}}))


def submitted_text_lost(example: Example) -> None:
    example.vic.record(Submitted("anybody?"))


VIOLATIONS: dict[Callable[[Example], None], str] = {
    acked_but_not_stored: "I1",
    acked_with_wrong_id: "I1",
    stored_twice: "I1",
    client_key_stored_twice: "I1",
    message_also_shown_as_unsent: "I2",
    same_id_shown_twice: "I2",
    gap_on_screen: "I3",
    screen_out_of_order: "I3",
    gap_in_catch_up: "I3",
    catch_up_starts_too_late: "I3",
    message_missing_on_screen: "I4",
    wrong_text_on_screen: "I4",
    text_never_sent: "I4",
    ticket_missing_on_screen: "I4",
    visitor_received_note: "I5",
    visitor_received_agent_event: "I5",
    visitor_received_foreign_ticket: "I5",
    submitted_text_lost: "I6",
}


@pytest.mark.parametrize("violate", VIOLATIONS, ids=lambda violate: violate.__name__)
def test_each_violation_is_found(violate: Callable[[Example], None]) -> None:
    example = Example()
    violate(example)
    assert VIOLATIONS[violate] in example.violated_invariants()


def test_refused_text_is_not_lost() -> None:
    example = Example()
    submitted_text_lost(example)
    example.vic.record(Refused("anybody?", "ticket_ended"))
    assert example.violated_invariants() == set()


def test_catch_up_after_restart_may_start_at_any_seq() -> None:
    example = Example()
    example.ada.record(CaughtUp("t1", 700, (2, 3), restart=True))
    assert example.violated_invariants() == set()


def test_log_errors_are_reported_unless_expected() -> None:
    warning = '{"event": "redis is away", "level": "warning"}'
    error = '{"event": "3 calls are refused", "level": "error"}'
    traceback = "Traceback (most recent call last):"
    assert unexpected_errors([warning, error, traceback, "Listening on http://localhost:1"], []) == [error, traceback]
    assert unexpected_errors([error], ["calls are refused"]) == []

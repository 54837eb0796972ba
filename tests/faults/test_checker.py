"""The checker finds each broken invariant in a history made by hand, and nothing in one where all is well."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.checker import broken
from tests.faults.history import Acked, CaughtUp, Heard, History, Refused, Said, Screen, Shown, Truth
from tests.faults.server_process import unexpected

HELLO, WELCOME, BYE = Shown(1, "m1", "hello"), Shown(2, "m2", "welcome"), Shown(3, "m3", "bye")
STORED = (HELLO, WELCOME, BYE)
NOTE = "he is in a hurry"


class Story:
    """Vic and Ada talk on t1, Zoe has said something on t2; all of it is stored and shown."""

    def __init__(self) -> None:
        self.vic, self.ada, self.zoe = History("vic", "visitor"), History("ada", "agent"), History("zoe", "visitor")
        self.truth = Truth(
            {"t1": list(STORED), "t2": [Shown(1, "m9", "me too")]},
            [("t1", "visitor", "c1"), ("t1", "agent:1", "c2"), ("t1", "visitor", "c3"), ("t2", "visitor", "c1")],
            [NOTE],
        )
        self.vic.note(Said("hello"))
        self.vic.note(Screen("", (), (("hello", "sending"),)))
        self.vic.note(Acked("t1", "hello", 1, "m1"))
        self.vic.note(Screen("t1", (HELLO,)))
        self.vic.note(Heard("event:message", {"ticket": "t1", "text": "welcome"}))
        self.vic.note(Said("bye"))
        self.vic.note(Screen("t1", (HELLO, WELCOME), (("bye", "failed"),)))
        self.vic.note(Screen("t1", STORED))
        self.ada.note(Heard("event:note", {"ticket": "t1", "text": NOTE}))
        self.ada.note(Screen("t1", STORED[1:]))
        self.ada.note(CaughtUp("t1", 1, (2, 3)))
        self.zoe.note(Said("me too"))
        self.zoe.note(Screen("t2", (Shown(1, "m9", "me too"),)))

    def found(self) -> set[str]:
        return {one.invariant for one in broken([self.vic, self.ada, self.zoe], self.truth)}

    def store(self, *rows: Shown) -> None:
        self.truth = replace(self.truth, messages={**self.truth.messages, "t1": list(rows)})


def test_a_story_in_which_all_is_well() -> None:
    story = Story()
    assert story.found() == set()
    story.vic.note(Said("again"))
    story.vic.note(Screen("t1", STORED, (("again", "failed"),)))
    assert story.found() == set()


def lost(story: Story) -> None:
    story.vic.note(Acked("t1", "never stored", 4, "m4"))


def acked_as_another(story: Story) -> None:
    story.vic.note(Acked("t1", "bye", 2, "m3"))


def stored_twice(story: Story) -> None:
    story.store(*STORED, Shown(4, "m4", "hello"))
    for history in (story.vic, story.ada):
        history.note(Screen("t1", (*STORED, Shown(4, "m4", "hello"))))


def one_key_twice(story: Story) -> None:
    story.truth = replace(story.truth, keys=[*story.truth.keys, ("t1", "visitor", "c3")])


def shown_twice(story: Story) -> None:
    story.vic.note(Screen("t1", STORED, (("bye", "sending"),)))
    story.vic.note(Screen("t1", STORED))


def one_id_twice(story: Story) -> None:
    story.ada.note(Screen("t1", (HELLO, WELCOME, Shown(3, "m2", "bye"))))
    story.ada.note(Screen("t1", STORED))


def a_gap(story: Story) -> None:
    story.vic.note(Screen("t1", (HELLO, BYE)))
    story.vic.note(Screen("t1", STORED))


def out_of_order(story: Story) -> None:
    story.ada.note(Screen("t1", (WELCOME, HELLO, BYE)))
    story.ada.note(Screen("t1", STORED))


def a_catch_up_with_a_hole(story: Story) -> None:
    story.ada.note(CaughtUp("t1", 0, (1, 3)))


def a_catch_up_from_elsewhere(story: Story) -> None:
    story.ada.note(CaughtUp("t1", 0, (2, 3)))


def not_all_is_shown(story: Story) -> None:
    story.ada.note(Screen("t1", (HELLO, WELCOME)))


def something_else_is_shown(story: Story) -> None:
    story.vic.note(Screen("t1", (HELLO, WELCOME, Shown(3, "m3", "good-bye"))))


def still_sending(story: Story) -> None:
    story.vic.note(Said("and"))
    story.vic.note(Screen("t1", STORED, (("and", "sending"),)))


def forgotten(story: Story) -> None:
    story.vic.note(Screen("", ()))


def a_note_leaks(story: Story) -> None:
    story.vic.note(Heard("event:message", {"ticket": "t1", "text": f"so {NOTE} they say"}))


def an_event_of_the_agents(story: Story) -> None:
    story.vic.note(Heard("event:card", {}))


def anothers_ticket(story: Story) -> None:
    story.zoe.note(Heard("ack:catch_up", {"ok": True, "ticket": {"id": "t1"}}))


def vanished(story: Story) -> None:
    story.vic.note(Said("anybody?"))


BREAKS: dict[Callable[[Story], None], str] = {
    lost: "I1",
    acked_as_another: "I1",
    stored_twice: "I1",
    one_key_twice: "I1",
    shown_twice: "I2",
    one_id_twice: "I2",
    a_gap: "I3",
    out_of_order: "I3",
    a_catch_up_with_a_hole: "I3",
    a_catch_up_from_elsewhere: "I3",
    not_all_is_shown: "I4",
    something_else_is_shown: "I4",
    still_sending: "I4",
    forgotten: "I4",
    a_note_leaks: "I5",
    an_event_of_the_agents: "I5",
    anothers_ticket: "I5",
    vanished: "I6",
}


@pytest.mark.parametrize("breaks", BREAKS, ids=lambda breaks: breaks.__name__)
def test_what_is_broken_is_found(breaks: Callable[[Story], None]) -> None:
    story = Story()
    breaks(story)
    assert BREAKS[breaks] in story.found()


def test_who_was_refused_and_told_has_lost_nothing() -> None:
    story = Story()
    vanished(story)
    story.vic.note(Refused("anybody?", "ticket_ended"))
    assert story.found() == set()


def test_a_restart_begins_where_the_server_says() -> None:
    story = Story()
    story.ada.note(CaughtUp("t1", 700, (2, 3), restart=True))
    assert story.found() == set()


def test_an_error_in_a_log_is_expected_or_found() -> None:
    fine = '{"event": "redis is away", "level": "warning"}'
    error = '{"event": "3 calls are refused", "level": "error"}'
    fallen = "Traceback (most recent call last):"
    assert unexpected([fine, error, fallen, "Listening on http://localhost:1"], []) == [error, fallen]
    assert unexpected([error], ["calls are refused"]) == []

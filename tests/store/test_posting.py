"""Posts wait a moment for each other, are answered without a future each, and are never overtaken."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from chat.store.pace import LINGER_POSTGRES_S, LINGER_S
from chat.store.works import Unavailable, Works
from tests.store.conftest import Room
from tests.store.notebook import Illegible, write, write_all, written
from tests.store.queueing import queueing


async def test_an_answer_comes_after_its_facts_and_costs_nobody_else_theirs(works: Works, room: Room) -> None:
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, what: complaints.append(repr(what["exception"])))
    heard: list[tuple[object, list[object]]] = []
    done = loop.create_future()

    def stumble(answer: object) -> None:
        raise Illegible(str(answer))

    def note(answer: object) -> None:
        heard.append((answer, list(room.facts)))
        if len(heard) == 2:
            done.set_result(None)

    for text, then in (("first", stumble), ("", note), ("last", note)):
        works.post_then(write_all, text, "sid", then)
    await done
    assert [type(answer) for answer, _ in heard] == [Illegible, str]
    assert [facts for _, facts in heard] == [["first", "last"]] * 2
    assert complaints == ["Illegible('first')"]


async def test_posts_that_come_close_together_share_one_commit(works: Works, commits: list[Engine]) -> None:
    del commits[:]
    assert await asyncio.gather(*(works.post(write_all, f"{number}") for number in range(20)))
    assert len(commits) == 1


async def test_words_wait_long_for_others_only_where_many_came(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's transactions are dear, but where few speak nobody is to be waited for."""
    waited: list[float] = []
    wait = works._in

    def note(seconds: float, act: Callable[[], None]) -> None:
        if act == works._hand_over:
            waited.append(seconds)
        wait(seconds, act)

    monkeypatch.setattr(works, "_in", note)
    for together in (1, 1_000, 1):
        await asyncio.gather(*(works.post(write_all, "…") for _ in range(together)))
    assert waited[:2] == [LINGER_S, LINGER_S]
    shortest, longest = (LINGER_S, LINGER_S) if works._database.is_sqlite else LINGER_POSTGRES_S
    assert shortest <= waited[2] <= longest


async def test_a_verb_does_not_overtake_what_was_posted_before(sqlite_works: Works, commits: list[Engine]) -> None:
    del commits[:]
    posts = [asyncio.ensure_future(sqlite_works.post(write_all, text)) for text in ("one", "two")]
    await asyncio.sleep(0)  # one turn, in which they are collected
    await sqlite_works.run(write, "Ada", "three")
    assert all(post.done() for post in posts)
    assert len(commits) == 1
    await sqlite_works.post(write_all, "four")
    assert await sqlite_works.read(written) == ["one", "two", "three", "four"]


async def test_what_is_collected_counts_as_waiting(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.store.lane.WAITING_MAX", 2)
    answers: list[object] = []
    async with queueing(works):
        works.post_then(write_all, "one", None, answers.append)
        works.post_then(write_all, "two", None, answers.append)
        with pytest.raises(Unavailable):
            works.post_then(write_all, "three", None, answers.append)
    await works.close()
    assert answers == ["one", "two"]

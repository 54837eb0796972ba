"""Posts wait a moment for each other, are answered without a future each, and are never overtaken."""

import asyncio

import pytest
from sqlalchemy import Engine

from chat.store.store import Store
from chat.store.transaction import Unavailable
from chat.store.writers.write_queue import DELAY_S, POSTGRES_DELAY_S
from tests.store.conftest import Room
from tests.store.paused_writer import paused_writer
from tests.store.toy_schema import Illegible, write, write_all, written


async def test_an_answer_comes_after_its_facts_and_costs_nobody_else_theirs(store: Store, room: Room) -> None:
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
        store.post_with_callback(write_all, text, "sid", then)
    await done
    assert [type(answer) for answer, _ in heard] == [Illegible, str]
    assert [facts for _, facts in heard] == [["first", "last"]] * 2
    assert complaints == ["Illegible('first')"]


async def test_posts_that_come_close_together_share_one_commit(store: Store, commits: list[Engine]) -> None:
    del commits[:]
    assert await asyncio.gather(*(store.post(write_all, f"{number}") for number in range(20)))
    assert len(commits) == 1


async def test_words_wait_long_for_others_only_where_many_came(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's transactions are dear, but where few speak nobody is to be waited for."""
    waited: list[float] = []
    delay_s = store._batch_delay.delay_s

    def note(now: float) -> float:
        waited.append(delay_s(now))
        return waited[-1]

    monkeypatch.setattr(store._batch_delay, "delay_s", note)
    for together in (1, 1_000, 1):
        await asyncio.gather(*(store.post(write_all, "…") for _ in range(together)))
    assert waited[:2] == [DELAY_S, DELAY_S]
    shortest, longest = (DELAY_S, DELAY_S) if store._database.is_sqlite else POSTGRES_DELAY_S
    assert shortest <= waited[2] <= longest


async def test_a_verb_does_not_overtake_what_was_posted_before(sqlite_works: Store, commits: list[Engine]) -> None:
    del commits[:]
    posts = [asyncio.ensure_future(sqlite_works.post(write_all, text)) for text in ("one", "two")]
    await asyncio.sleep(0)  # one turn, in which they are collected
    await sqlite_works.write(write, "Ada", "three")
    assert all(post.done() for post in posts)
    assert len(commits) == 1
    await sqlite_works.post(write_all, "four")
    assert await sqlite_works.read(written) == ["one", "two", "three", "four"]


async def test_what_is_collected_counts_as_waiting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.store.writers.write_queue.MAX_WAITING", 2)
    answers: list[object] = []
    async with paused_writer(store):
        store.post_with_callback(write_all, "one", None, answers.append)
        store.post_with_callback(write_all, "two", None, answers.append)
        with pytest.raises(Unavailable):
            store.post_with_callback(write_all, "three", None, answers.append)
    await store.close()
    assert answers == ["one", "two"]

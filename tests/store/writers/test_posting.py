"""Posts wait for each other, are answered by callbacks, and are not overtaken by actions."""

import asyncio

import pytest
from sqlalchemy import Engine

from chat.store.store import Store
from chat.store.transaction import Unavailable
from chat.store.writers.write_queue import DELAY_S, POSTGRES_DELAY_S
from tests.store.conftest import Deliveries
from tests.store.paused_writer import paused_writer
from tests.store.toy_schema import ToyRefusal, add_entries, add_entry, entry_texts


async def test_callbacks_run_after_delivery_and_may_raise(store: Store, deliveries: Deliveries) -> None:
    errors: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, what: errors.append(repr(what["exception"])))
    seen: list[tuple[object, list[object]]] = []
    done = loop.create_future()

    def stumble(answer: object) -> None:
        raise ToyRefusal(str(answer))

    def note(answer: object) -> None:
        seen.append((answer, list(deliveries.facts)))
        if len(seen) == 2:
            done.set_result(None)

    for text, then in (("first", stumble), ("", note), ("last", note)):
        store.post_with_callback(add_entries, text, "sid", then)
    await done
    assert [type(answer) for answer, _ in seen] == [ToyRefusal, str]
    assert [facts for _, facts in seen] == [["first", "last"]] * 2
    assert errors == ["ToyRefusal('first')"]


async def test_posts_of_the_same_moment_share_one_commit(store: Store, commits: list[Engine]) -> None:
    del commits[:]
    assert await asyncio.gather(*(store.post(add_entries, f"{number}") for number in range(20)))
    assert len(commits) == 1


async def test_posts_wait_long_for_each_other_only_at_a_high_rate(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's transactions are expensive, but at a low rate a post waits for no other."""
    waited: list[float] = []
    delay_s, record_flush = store._batch_delay.delay_s, store._batch_delay.record_flush

    def note(_now: float) -> float:
        waited.append(delay_s(0))
        return waited[-1]

    # Time stands still for the rate, whatever the load of the machine.
    monkeypatch.setattr(store._batch_delay, "delay_s", note)
    monkeypatch.setattr(store._batch_delay, "record_flush", lambda posts, _now: record_flush(posts, 0))
    for together in (1, 1_000, 1):
        await asyncio.gather(*(store.post(add_entries, "…") for _ in range(together)))
    assert waited[:2] == [DELAY_S, DELAY_S]
    shortest, longest = (DELAY_S, DELAY_S) if store._database.is_sqlite else POSTGRES_DELAY_S
    assert shortest <= waited[2] <= longest


async def test_an_action_does_not_overtake_earlier_posts(sqlite_store: Store, commits: list[Engine]) -> None:
    del commits[:]
    posts = [asyncio.ensure_future(sqlite_store.post(add_entries, text)) for text in ("one", "two")]
    await asyncio.sleep(0)  # one turn, in which they are collected
    await sqlite_store.write(add_entry, "Ada", "three")
    assert all(post.done() for post in posts)
    assert len(commits) == 1
    await sqlite_store.post(add_entries, "four")
    assert await sqlite_store.read(entry_texts) == ["one", "two", "three", "four"]


async def test_collected_posts_count_as_waiting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.store.writers.write_queue.MAX_WAITING", 2)
    answers: list[object] = []
    async with paused_writer(store):
        store.post_with_callback(add_entries, "one", None, answers.append)
        store.post_with_callback(add_entries, "two", None, answers.append)
        with pytest.raises(Unavailable):
            store.post_with_callback(add_entries, "three", None, answers.append)
    await store.close()
    assert answers == ["one", "two"]

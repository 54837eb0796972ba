"""What every caller of a Store may rely on, on SQLite and on PostgreSQL."""

import asyncio
import re
from collections.abc import Sequence
from threading import Event

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from chat.store.store import Store
from chat.store.transaction import RecordedFact, Transaction, Unavailable
from tests.store.conftest import Deliveries, OpenStore
from tests.store.paused_writer import paused_writer
from tests.store.toy_schema import ToyRefusal, add_entries, add_entry, add_entry_and_raise, count_entries, entry_texts


async def test_the_caller_gets_what_the_action_returned(store: Store) -> None:
    assert await store.write(add_entry, "Vic", text="Bonjour") == "Bonjour"
    assert await store.post(add_entries, "Il y a quelqu'un ?") == "Il y a quelqu'un ?"
    assert await store.read(entry_texts) == ["Bonjour", "Il y a quelqu'un ?"]


async def test_an_action_that_raises_is_undone_alone(store: Store, deliveries: Deliveries) -> None:
    async with paused_writer(store):
        vic = asyncio.ensure_future(store.write(add_entry, "Vic", "first"))
        zoe = asyncio.ensure_future(store.write(add_entry_and_raise, "Zoe", "lost"))
        ada = asyncio.ensure_future(store.write(add_entry, "Ada", "last"))
    assert await vic == "first"
    with pytest.raises(ToyRefusal, match="lost"):
        await zoe
    assert await ada == "last"
    assert sorted(await store.read(entry_texts)) == ["first", "last"]
    assert sorted(map(str, deliveries.facts)) == ["first", "last"]


async def test_a_refused_post_does_not_affect_its_batch(store: Store, deliveries: Deliveries) -> None:
    async with paused_writer(store):
        vic, zoe, ada = (asyncio.ensure_future(store.post(add_entries, it)) for it in ("first", "", "last"))
    assert await vic == "first"
    with pytest.raises(ToyRefusal, match="empty"):
        await zoe
    assert await ada == "last"
    assert await store.read(entry_texts) == ["first", "last"]
    assert deliveries.facts == ["first", "last"]


async def test_a_batch_that_raises_is_run_again_one_by_one(store: Store, deliveries: Deliveries) -> None:
    async with paused_writer(store):
        vic, zoe, ada = (asyncio.ensure_future(store.post(add_entries, it)) for it in ("first", "raise", "last"))
    assert await vic == "first"
    with pytest.raises(ToyRefusal, match="raise"):
        await zoe
    assert await ada == "last"
    assert await store.read(entry_texts) == ["first", "last"]
    assert deliveries.facts == ["first", "last"]


async def test_waiting_posts_share_one_commit(store: Store, deliveries: Deliveries, commits: list[Engine]) -> None:
    async with paused_writer(store):
        posts = [asyncio.ensure_future(store.post(add_entries, f"{number}")) for number in range(300)]
    assert await asyncio.gather(*posts) == [f"{number}" for number in range(300)]
    assert len(commits) == 2  # the pause of the writer, and all the others
    assert len(deliveries.batches) == 1
    assert deliveries.facts == [f"{number}" for number in range(300)]


async def test_waiting_actions_share_a_commit_on_sqlite(
    sqlite: str, open_store: OpenStore, deliveries: Deliveries, commits: list[Engine]
) -> None:
    async with open_store(sqlite, deliveries.deliver) as store:
        del commits[:]
        async with paused_writer(store):
            texts = [f"{number}" for number in range(100)]
            answers = [
                asyncio.ensure_future(
                    store.post(add_entries, text) if number % 3 else store.write(add_entry, "Ada", text)
                )
                for number, text in enumerate(texts)
            ]
        assert await asyncio.gather(*answers) == texts
        assert len(commits) == 2
        assert await store.read(entry_texts) == texts


async def test_facts_carry_the_socket_that_caused_them(store: Store, deliveries: Deliveries) -> None:
    await store.as_from("sid-of-vic").write(add_entry, "Vic", "asked by a socket")
    await store.post(add_entries, "posted by a socket", origin="sid-of-zoe")
    await store.write(add_entry, "Ada", "asked by nobody")
    assert deliveries.batches == [
        [RecordedFact("asked by a socket", "sid-of-vic")],
        [RecordedFact("posted by a socket", "sid-of-zoe")],
        [RecordedFact("asked by nobody", None)],
    ]


async def test_nothing_is_answered_or_delivered_before_the_commit(store: Store, deliveries: Deliveries) -> None:
    seen: list[tuple[int, int, bool]] = []
    asked = asyncio.ensure_future(store.post(add_entries, "Bonjour"))

    def look(sql: Connection) -> None:
        seen.append((count_entries(sql), len(deliveries.facts), asked.done()))

    event.listen(Engine, "commit", look)
    assert await asked == "Bonjour"
    event.remove(Engine, "commit", look)
    assert seen == [(1, 0, False)]
    assert deliveries.facts == ["Bonjour"]


async def test_facts_are_delivered_before_the_sender_is_answered(store: Store, deliveries: Deliveries) -> None:
    async with paused_writer(store):
        asked = [asyncio.ensure_future(store.post(add_entries, text)) for text in ("first", "last")]
        seen: list[int] = []
        for answer in asked:
            answer.add_done_callback(lambda _answer: seen.append(len(deliveries.facts)))
    await asyncio.gather(*asked)
    assert seen == [2, 2]


async def test_a_cancelled_call_is_committed(store: Store, deliveries: Deliveries) -> None:
    async with paused_writer(store):
        vic = asyncio.ensure_future(store.write(add_entry, "Vic", "my last message"))
        zoe = asyncio.ensure_future(store.post(add_entries, "and mine"))
        gone = asyncio.ensure_future(store.write(add_entry_and_raise, "Ben", "never mind"))
        ada = asyncio.ensure_future(store.write(add_entry, "Ada", "still here"))
        await asyncio.sleep(0)
        for caller in (vic, zoe, gone):
            caller.cancel()
    assert await ada == "still here"
    await store.close()
    assert sorted(map(str, deliveries.facts)) == ["and mine", "my last message", "still here"]


async def test_callers_are_answered_when_delivery_raises(url: str, open_store: OpenStore) -> None:
    errors: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, what: errors.append(repr(what["exception"])))

    def refuse(_told: Sequence[RecordedFact]) -> None:
        raise ToyRefusal("delivery failed")

    async with open_store(url, refuse) as store:
        assert await store.write(add_entry, "Vic", "Bonjour") == "Bonjour"
        assert await store.write(add_entry, "Vic", "Encore") == "Encore"
    assert errors == ["ToyRefusal('delivery failed')"] * 2


async def test_a_stop_iteration_reaches_its_caller(store: Store) -> None:
    def stop(tx: Transaction) -> None:
        raise StopIteration

    async with paused_writer(store):
        zoe = asyncio.ensure_future(store.write(stop))
        vic = asyncio.ensure_future(store.write(add_entry, "Vic", "after it"))
    with pytest.raises(RuntimeError, match="StopIteration"):
        await zoe
    assert await vic == "after it"


async def test_a_reader_never_sees_half_a_transaction(store: Store) -> None:
    half, go_on = Event(), Event()

    def write_two(tx: Transaction) -> None:
        add_entry(tx, "Vic", "one")
        half.set()
        assert go_on.wait(10)
        add_entry(tx, "Vic", "two")

    writing = asyncio.ensure_future(store.write(write_two))
    await asyncio.to_thread(half.wait, 10)
    assert await store.read(count_entries) == 0
    go_on.set()
    await writing
    assert await store.read(count_entries) == 2


async def test_a_read_sees_one_snapshot(store: Store) -> None:
    looked, go_on = Event(), Event()

    def count_twice(sql: Connection) -> tuple[int, int]:
        before = count_entries(sql)
        looked.set()
        assert go_on.wait(10)
        return before, count_entries(sql)

    reading = asyncio.ensure_future(store.read(count_twice))
    await asyncio.to_thread(looked.wait, 10)
    await store.write(add_entry, "Vic", "in between")
    go_on.set()
    assert await reading == (0, 0)
    assert await store.read(count_entries) == 1


async def test_a_reader_cannot_write(store: Store) -> None:
    def sneak(sql: Connection) -> None:
        add_entry(Transaction(sql), "Vic", "sneaked in")

    with pytest.raises((DBAPIError, Unavailable)) as refusal:
        await store.read(sneak)
    assert re.search("read-?only", str(refusal.value.__cause__))
    assert await store.read(count_entries) == 0


async def test_an_error_does_not_repeat_what_people_wrote(store: Store) -> None:
    def misplace(tx: Transaction) -> None:
        tx.sql.execute(text("INSERT INTO nowhere VALUES (:text)"), {"text": "my password is mimosa"})

    with pytest.raises(DBAPIError, match="INSERT INTO nowhere") as failure:
        await store.write(misplace)
    assert "mimosa" not in str(failure.value)


async def test_a_full_queue_raises_unavailable_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.store.writers.write_queue.MAX_WAITING", 3)
    async with paused_writer(store):
        waiting = [asyncio.ensure_future(store.post(add_entries, f"{number}")) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await store.post(add_entries, "one too many")
    assert await asyncio.gather(*waiting) == ["0", "1", "2"]
    assert await store.read(entry_texts) == ["0", "1", "2"]


async def test_close_commits_waiting_calls_and_refuses_later_ones(store: Store, deliveries: Deliveries) -> None:
    async with paused_writer(store):
        posts = [asyncio.ensure_future(store.post(add_entries, f"{number}")) for number in range(50)]
        actions = [asyncio.ensure_future(store.write(add_entry, "Ada", f"action {number}")) for number in range(50)]
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(store.close())
        await asyncio.sleep(0)
        for late in (store.write(add_entry, "Zoe", "late"), store.post(add_entries, "late"), store.read(count_entries)):
            with pytest.raises(Unavailable, match="closed"):
                await late
    await closing
    assert all(answer.done() for answer in [*posts, *actions])
    assert len(deliveries.facts) == 100
    await store.close()

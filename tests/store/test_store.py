"""What every caller of Works may count on, on SQLite and on PostgreSQL."""

import asyncio
import re
from collections.abc import Sequence
from threading import Event

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from chat.store.store import Store
from chat.store.transaction import RecordedFact, Transaction, Unavailable
from tests.store.conftest import OpenWorks, Room
from tests.store.paused_writer import paused_writer
from tests.store.toy_schema import Illegible, count, scribble, write, write_all, written


async def test_an_answer_is_what_the_verb_returned(store: Store) -> None:
    assert await store.write(write, "Vic", text="Bonjour") == "Bonjour"
    assert await store.post(write_all, "Il y a quelqu'un ?") == "Il y a quelqu'un ?"
    assert await store.read(written) == ["Bonjour", "Il y a quelqu'un ?"]


async def test_one_failing_caller_harms_nobody(store: Store, room: Room) -> None:
    async with paused_writer(store):
        vic = asyncio.ensure_future(store.write(write, "Vic", "first"))
        zoe = asyncio.ensure_future(store.write(scribble, "Zoe", "lost"))
        ada = asyncio.ensure_future(store.write(write, "Ada", "last"))
    assert await vic == "first"
    with pytest.raises(Illegible, match="lost"):
        await zoe
    assert await ada == "last"
    assert sorted(await store.read(written)) == ["first", "last"]
    assert sorted(map(str, room.facts)) == ["first", "last"]


async def test_a_refused_post_leaves_its_batch_alone(store: Store, room: Room) -> None:
    async with paused_writer(store):
        vic, zoe, ada = (asyncio.ensure_future(store.post(write_all, it)) for it in ("first", "", "last"))
    assert await vic == "first"
    with pytest.raises(Illegible, match="empty"):
        await zoe
    assert await ada == "last"
    assert await store.read(written) == ["first", "last"]
    assert room.facts == ["first", "last"]


async def test_a_batch_that_raises_is_run_again_one_by_one(store: Store, room: Room) -> None:
    async with paused_writer(store):
        vic, zoe, ada = (asyncio.ensure_future(store.post(write_all, it)) for it in ("first", "raise", "last"))
    assert await vic == "first"
    with pytest.raises(Illegible, match="raise"):
        await zoe
    assert await ada == "last"
    assert await store.read(written) == ["first", "last"]
    assert room.facts == ["first", "last"]


async def test_posts_that_wait_share_one_commit(store: Store, room: Room, commits: list[Engine]) -> None:
    async with paused_writer(store):
        posts = [asyncio.ensure_future(store.post(write_all, f"{number}")) for number in range(300)]
    assert await asyncio.gather(*posts) == [f"{number}" for number in range(300)]
    assert len(commits) == 2  # whoever held the writer up, and all the others
    assert len(room.heard) == 1
    assert room.facts == [f"{number}" for number in range(300)]


async def test_verbs_that_wait_share_a_commit_on_sqlite(
    sqlite: str, open_works: OpenWorks, room: Room, commits: list[Engine]
) -> None:
    async with open_works(sqlite, room.hear) as store:
        del commits[:]
        async with paused_writer(store):
            texts = [f"{number}" for number in range(100)]
            answers = [
                asyncio.ensure_future(store.post(write_all, text) if number % 3 else store.write(write, "Ada", text))
                for number, text in enumerate(texts)
            ]
        assert await asyncio.gather(*answers) == texts
        assert len(commits) == 2
        assert await store.read(written) == texts


async def test_facts_say_which_socket_asked(store: Store, room: Room) -> None:
    await store.as_from("sid-of-vic").write(write, "Vic", "asked by a socket")
    await store.post(write_all, "posted by a socket", origin="sid-of-zoe")
    await store.write(write, "Ada", "asked by nobody")
    assert room.heard == [
        [RecordedFact("asked by a socket", "sid-of-vic")],
        [RecordedFact("posted by a socket", "sid-of-zoe")],
        [RecordedFact("asked by nobody", None)],
    ]


async def test_nothing_is_answered_or_told_before_the_commit(store: Store, room: Room) -> None:
    seen: list[tuple[int, int, bool]] = []
    asked = asyncio.ensure_future(store.post(write_all, "Bonjour"))

    def look(sql: Connection) -> None:
        seen.append((count(sql), len(room.facts), asked.done()))

    event.listen(Engine, "commit", look)
    assert await asked == "Bonjour"
    event.remove(Engine, "commit", look)
    assert seen == [(1, 0, False)]
    assert room.facts == ["Bonjour"]


async def test_the_room_hears_before_the_sender_is_answered(store: Store, room: Room) -> None:
    async with paused_writer(store):
        asked = [asyncio.ensure_future(store.post(write_all, text)) for text in ("first", "last")]
        heard: list[int] = []
        for answer in asked:
            answer.add_done_callback(lambda _answer: heard.append(len(room.facts)))
    await asyncio.gather(*asked)
    assert heard == [2, 2]


async def test_a_caller_who_left_is_served_all_the_same(store: Store, room: Room) -> None:
    async with paused_writer(store):
        vic = asyncio.ensure_future(store.write(write, "Vic", "my last words"))
        zoe = asyncio.ensure_future(store.post(write_all, "and mine"))
        gone = asyncio.ensure_future(store.write(scribble, "Ben", "never mind"))
        ada = asyncio.ensure_future(store.write(write, "Ada", "still here"))
        await asyncio.sleep(0)
        for caller in (vic, zoe, gone):
            caller.cancel()
    assert await ada == "still here"
    await store.close()
    assert sorted(map(str, room.facts)) == ["and mine", "my last words", "still here"]


async def test_a_deaf_room_costs_nobody_an_answer(url: str, open_works: OpenWorks) -> None:
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, what: complaints.append(repr(what["exception"])))

    def refuse(_told: Sequence[RecordedFact]) -> None:
        raise Illegible("the room is deaf")

    async with open_works(url, refuse) as store:
        assert await store.write(write, "Vic", "Bonjour") == "Bonjour"
        assert await store.write(write, "Vic", "Encore") == "Encore"
    assert complaints == ["Illegible('the room is deaf')"] * 2


async def test_an_exception_that_futures_refuse_reaches_its_caller(store: Store) -> None:
    def stop(tx: Transaction) -> None:
        raise StopIteration

    async with paused_writer(store):
        zoe = asyncio.ensure_future(store.write(stop))
        vic = asyncio.ensure_future(store.write(write, "Vic", "after it"))
    with pytest.raises(RuntimeError, match="StopIteration"):
        await zoe
    assert await vic == "after it"


async def test_a_reader_never_sees_half_a_transaction(store: Store) -> None:
    half, go_on = Event(), Event()

    def write_two(tx: Transaction) -> None:
        write(tx, "Vic", "one")
        half.set()
        assert go_on.wait(10)
        write(tx, "Vic", "two")

    writing = asyncio.ensure_future(store.write(write_two))
    await asyncio.to_thread(half.wait, 10)
    assert await store.read(count) == 0
    go_on.set()
    await writing
    assert await store.read(count) == 2


async def test_one_question_sees_one_snapshot(store: Store) -> None:
    looked, go_on = Event(), Event()

    def count_twice(sql: Connection) -> tuple[int, int]:
        before = count(sql)
        looked.set()
        assert go_on.wait(10)
        return before, count(sql)

    reading = asyncio.ensure_future(store.read(count_twice))
    await asyncio.to_thread(looked.wait, 10)
    await store.write(write, "Vic", "in between")
    go_on.set()
    assert await reading == (0, 0)
    assert await store.read(count) == 1


async def test_a_reader_cannot_write(store: Store) -> None:
    def sneak(sql: Connection) -> None:
        write(Transaction(sql), "Vic", "sneaked in")

    with pytest.raises((DBAPIError, Unavailable)) as refusal:
        await store.read(sneak)
    assert re.search("read-?only", str(refusal.value.__cause__))
    assert await store.read(count) == 0


async def test_an_error_does_not_repeat_what_people_wrote(store: Store) -> None:
    def misplace(tx: Transaction) -> None:
        tx.sql.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "my password is mimosa"})

    with pytest.raises(DBAPIError, match="INSERT INTO nowhere") as failure:
        await store.write(misplace)
    assert "mimosa" not in str(failure.value)


async def test_too_many_waiting_are_told_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.store.writers.write_queue.MAX_WAITING", 3)
    async with paused_writer(store):
        waiting = [asyncio.ensure_future(store.post(write_all, f"{number}")) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await store.post(write_all, "one too many")
    assert await asyncio.gather(*waiting) == ["0", "1", "2"]
    assert await store.read(written) == ["0", "1", "2"]


async def test_closing_does_what_was_asked_before_and_nothing_after(store: Store, room: Room) -> None:
    async with paused_writer(store):
        posts = [asyncio.ensure_future(store.post(write_all, f"{number}")) for number in range(50)]
        verbs = [asyncio.ensure_future(store.write(write, "Ada", f"verb {number}")) for number in range(50)]
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(store.close())
        await asyncio.sleep(0)
        for late in (store.write(write, "Zoe", "late"), store.post(write_all, "late"), store.read(count)):
            with pytest.raises(Unavailable, match="closed"):
                await late
    await closing
    assert all(answer.done() for answer in [*posts, *verbs])
    assert len(room.facts) == 100
    await store.close()

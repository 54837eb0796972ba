"""On SQLite a ticket's row is written after its messages: before the next read, or by itself a moment later."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Row, event, func, select

from chat.domain.facts import PlainMessagePosted
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.refusals import Conflict
from chat.store.engines import Database
from chat.store.message_writers import sqlite as sqlite_message_writer
from chat.store.rows import MessageRow
from chat.store.tables import messages as lines
from chat.store.tables import tickets
from chat.store.transaction import Transaction, Unavailable
from chat.store.writers.sqlite import SqliteWriter
from tests.domain.conftest import node
from tests.domain.domain_driver import Agent, Desk, Visitor, new_id, read_up_to
from tests.store.paused_writer import queueing

Dialogue = tuple[Desk, Visitor, Agent]


@pytest.fixture
async def dialogue(sqlite: str) -> AsyncIterator[Dialogue]:
    """Vic and Ada in the middle of their chat."""
    async with node(sqlite) as desk:
        desk.runs_twice = False
        ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
        await vic.starts()
        await ada.says(vic.ticket)
        await desk.compare()
        yield desk, vic, ada


def say(desk: Desk, vic: Visitor, number: int = 1) -> list[asyncio.Future[MessageRow]]:
    posts = [Post(vic.ticket, new_id(), f"{n}", desk.context, visitor_id=vic.id) for n in range(number)]
    return [asyncio.ensure_future(desk.store.post(post_batch, post)) for post in posts]


def heads(sql: Connection) -> tuple[int, int]:
    """The last seq in the ticket's row, and the last one among its messages."""
    return sql.execute(select(tickets.c.last_seq)).scalar_one(), sql.execute(select(func.max(lines.c.seq))).scalar_one()


def every_row(sql: Connection) -> Sequence[Row[Any]]:
    return sql.execute(select(tickets)).all()


def look_aside(url: str) -> tuple[int, int]:
    """Read as another program would, past the writer, which would flush the row first."""
    database = Database(url)
    with database.reads.begin() as sql:
        found = heads(sql)
    database.close()
    return found


async def test_messages_are_stored_at_once_and_the_ticket_row_before_the_next_read(
    dialogue: Dialogue, sqlite: str
) -> None:
    desk, vic, _ = dialogue
    before, _ = look_aside(sqlite)
    await asyncio.gather(*say(desk, vic, 3))
    assert look_aside(sqlite) == (before, before + 3), "or this test sees nothing"
    assert await desk.store.read_stale(heads) == (before, before + 3)
    assert await asyncio.gather(*(desk.read(heads) for _ in range(3))) == [(before + 3, before + 3)] * 3
    assert look_aside(sqlite) == (before + 3, before + 3)


@pytest.mark.parametrize("number", [1, 7, 8, 9, 31, 32, 33, 73])
async def test_a_batch_of_any_size_is_stored_once_and_in_order(dialogue: Dialogue, number: int) -> None:
    """A batch is one statement; a message repeated in the middle of others keeps its first number."""
    desk, vic, _ = dialogue
    posts = [Post(vic.ticket, new_id(), f"{n}", desk.context, visitor_id=vic.id) for n in range(number)]
    first = await asyncio.gather(*(desk.store.post(post_batch, post) for post in posts))
    assert [row.seq for row in first] == list(range(4, 4 + number))
    others = [Post(vic.ticket, new_id(), f"more {n}", desk.context, visitor_id=vic.id) for n in range(number)]
    mixed = [*others[: number // 2], posts[-1], others[0], *others[number // 2 :]]
    again = await asyncio.gather(*(desk.store.post(post_batch, post) for post in mixed))
    thread = await desk.thread(vic.ticket)
    assert again[number // 2] == first[-1]
    assert [row.seq for row in thread] == list(range(1, 4 + 2 * number))
    assert [row.text for row in thread[3:]] == [post.text for post in (*posts, *others)]


async def test_a_batch_of_posts_is_one_statement(dialogue: Dialogue) -> None:
    """Without a transaction around it. An action that needs one gets it, and the batch's INSERT is in it."""
    desk, vic, _ = dialogue
    await asyncio.gather(*say(desk, vic, 2))
    statements: list[str] = []
    writer_of(desk)[1].set_trace_callback(lambda statement: statements.append(statement.split()[0]))
    await asyncio.gather(*say(desk, vic, 3))
    assert statements == ["INSERT"]

    def looks(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        answers = post_batch(store, posts)
        heads(store[0].sql)
        return answers

    statements.clear()
    await desk.store.post(looks, Post(vic.ticket, new_id(), "Encore ?", desk.context, visitor_id=vic.id))
    assert statements == ["BEGIN", "INSERT", "SELECT", "SELECT", "COMMIT"]


def writer_of(desk: Desk) -> tuple[SqliteWriter, sqlite3.Connection]:
    writer = desk.store._writer
    assert isinstance(writer, SqliteWriter) and writer._connection
    return writer, writer._connection[1]


async def test_a_post_whose_commit_fails_is_not_acknowledged(dialogue: Dialogue, sqlite: str) -> None:
    desk, vic, _ = dialogue
    await asyncio.gather(*say(desk, vic, 2))
    writer_of(desk)[1].execute("PRAGMA busy_timeout = 20")
    before = await desk.read(heads)
    intruder = sqlite3.connect(sqlite.removeprefix("sqlite:///"), isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    said = await asyncio.gather(*say(desk, vic, 2), return_exceptions=True)
    intruder.execute("ROLLBACK")
    intruder.close()
    assert [type(one) for one in said] == [Unavailable] * 2
    assert await desk.read(heads) == before


async def test_messages_of_a_batch_that_raised_are_not_stored_by_the_next(dialogue: Dialogue) -> None:
    desk, vic, _ = dialogue
    await asyncio.gather(*say(desk, vic, 2))
    before, _ = await desk.read(heads)

    def raises(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        post_batch(store, posts)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await desk.store.post(raises, Post(vic.ticket, new_id(), "a ghost", desk.context, visitor_id=vic.id))
    await asyncio.gather(*say(desk, vic, 1))
    assert (await desk.thread(vic.ticket))[-1].text == "0"
    assert await desk.read(heads) == (before + 1, before + 1)


async def test_posts_after_an_action_in_one_transaction_reach_the_ticket_row(dialogue: Dialogue) -> None:
    desk, vic, ada = dialogue
    async with queueing(desk.store):
        before = say(desk, vic)
        await asyncio.sleep(0)
        reads = asyncio.ensure_future(desk.store.write(read_up_to, vic.ticket, 3, desk.now, agent_id=ada.id))
        await asyncio.sleep(0)
        after = say(desk, vic)
        await asyncio.sleep(0)
        desk.store._flush_posts()  # in the same transaction, not a moment later
    await asyncio.gather(*before, reads, *after)
    last, stands = await desk.read(heads)
    assert last == stands == after[0].result().seq


async def test_more_tickets_than_the_writer_caches_still_use_the_fast_path(
    dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, vic, ada = dialogue
    others = [desk.visitor("Wim"), desk.visitor("Xenia")]
    for other in others:
        await other.starts()
        await ada.says(other.ticket)
    await asyncio.gather(*say(desk, vic), *say(desk, others[0]))
    monkeypatch.setattr(sqlite_message_writer, "MAX_STATES", 2)
    writer, driver = writer_of(desk)
    assert len(writer._message_writer._states) == 2, "or nothing is given up"
    statements: list[str] = []
    driver.set_trace_callback(lambda statement: statements.append(statement.split()[0]))
    await asyncio.gather(*say(desk, vic), *say(desk, others[0]), *say(desk, others[1]))
    assert statements == ["BEGIN", "SELECT", "INSERT", "COMMIT"]


async def test_flushing_ticket_rows_keeps_the_cached_states(dialogue: Dialogue) -> None:
    desk, vic, ada = dialogue
    await asyncio.gather(*say(desk, vic, 2))
    writer = desk.store._writer
    assert isinstance(writer, SqliteWriter)
    journal = writer._message_writer
    known = dict(journal._states)
    assert known
    assert await desk.read(heads) == (5, 5)
    assert journal._states == known
    await ada.reads(vic.ticket, 5)
    assert not journal._states, "a verb may have changed anything"


async def test_an_action_reads_the_ticket_row_after_its_messages(dialogue: Dialogue) -> None:
    desk, vic, ada = dialogue
    said = say(desk, vic, 3)
    await asyncio.sleep(0)  # one turn, in which they are collected
    assert await desk.store.write(lambda work: heads(work.sql)) == (6, 6)
    assert all(one.done() for one in said)
    await ada.ends(vic.ticket)
    assert [row.seq for row in await desk.thread(vic.ticket)] == list(range(1, 8))


async def test_a_ticket_row_is_flushed_without_a_read(
    dialogue: Dialogue, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, vic, _ = dialogue
    monkeypatch.setattr("chat.store.store.FLUSH_ROWS_S", 0)
    loop, committed = asyncio.get_running_loop(), asyncio.Queue[None]()

    def note(_sql: Connection) -> None:
        loop.call_soon_threadsafe(committed.put_nowait, None)

    event.listen(Engine, "commit", note)
    await asyncio.gather(*say(desk, vic, 2))
    async with asyncio.timeout(20):
        while len(set(look_aside(sqlite))) > 1:
            await committed.get()
    event.remove(Engine, "commit", note)


async def test_many_ticket_rows_are_flushed_in_batches(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_message_writer, "MAX_ROWS", 2)
    async with node(sqlite) as desk:
        desk.runs_twice = False
        ada = await desk.agent("Ada", capacity=5)
        cast = [desk.visitor(f"Vic {number}") for number in range(5)]
        for vic in cast:
            await vic.starts()
            await ada.says(vic.ticket)
        await asyncio.gather(*(one for number, vic in enumerate(cast) for one in say(desk, vic, number + 1)))
        assert {row.last_seq for row in await desk.store.read_stale(every_row)} == {3}, "or nothing has to follow"
        rows = await desk.read(every_row)
        assert sorted((row.last_seq, row.preview) for row in rows) == [(4 + number, f"{number}") for number in range(5)]
        assert {row.updated_at == row.last_at for row in rows} == {True}


async def test_closing_the_store_flushes_every_ticket_row(sqlite: str) -> None:
    async with node(sqlite) as desk:
        ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
        await vic.starts()
        await ada.says(vic.ticket)
        said = say(desk, vic, 2)
        await asyncio.sleep(0)  # one turn, in which they are collected
    assert [one.result().seq for one in said] == [4, 5]
    assert look_aside(sqlite) == (5, 5)


async def test_repeated_posts_keep_the_others_on_the_fast_path(dialogue: Dialogue) -> None:
    desk, vic, _ = dialogue
    first = await say(desk, vic)[0]
    again = Post(vic.ticket, first.client_id or "", first.text, desk.context, visitor_id=vic.id)
    told, slow = len(desk.facts), list[object]()

    def note(*what: object) -> None:
        slow.append(what)

    event.listen(Engine, "before_cursor_execute", note)
    said = say(desk, vic, 20)
    for post in (again, again._replace(text="Autre chose")):
        said.append(asyncio.ensure_future(desk.store.post(post_batch, post)))
    answers = await asyncio.gather(*said, *say(desk, vic, 20), return_exceptions=True)
    event.remove(Engine, "before_cursor_execute", note)
    assert answers[20] == first and isinstance(answers[21], Conflict)
    assert [type(fact) for fact in desk.facts[told:]] == [PlainMessagePosted] * 40
    assert slow == [], "nobody went the long way"
    assert await desk.read(heads) == (first.seq + 40, first.seq + 40)

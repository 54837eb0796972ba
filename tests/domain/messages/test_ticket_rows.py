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
from chat.store.tables import messages, tickets
from chat.store.transaction import Transaction, Unavailable
from chat.store.writers.sqlite import SqliteWriter
from tests.domain.conftest import node
from tests.domain.domain_driver import Agent, Desk, Visitor, new_id, read_up_to
from tests.store.paused_writer import queueing

LiveChat = tuple[Desk, Visitor, Agent]


@pytest.fixture
async def live_chat(sqlite: str) -> AsyncIterator[LiveChat]:
    """Vic and Ada in the middle of their chat."""
    async with node(sqlite) as desk:
        desk.runs_twice = False
        ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
        await vic.starts()
        await ada.says(vic.ticket)
        await desk.compare()
        yield desk, vic, ada


def post_messages(desk: Desk, vic: Visitor, number: int = 1) -> list[asyncio.Future[MessageRow]]:
    posts = [Post(vic.ticket, new_id(), f"{n}", desk.context, visitor_id=vic.id) for n in range(number)]
    return [asyncio.ensure_future(desk.store.post(post_batch, post)) for post in posts]


def last_seqs(sql: Connection) -> tuple[int, int]:
    """The last seq in the ticket's row, and the last one among its messages."""
    return sql.execute(select(tickets.c.last_seq)).scalar_one(), sql.execute(
        select(func.max(messages.c.seq))
    ).scalar_one()


def every_row(sql: Connection) -> Sequence[Row[Any]]:
    return sql.execute(select(tickets)).all()


def read_past_writer(url: str) -> tuple[int, int]:
    """Read as another program would, past the writer, which would flush the row first."""
    database = Database(url)
    with database.reads.begin() as sql:
        found = last_seqs(sql)
    database.close()
    return found


async def test_messages_are_stored_at_once_and_the_ticket_row_before_the_next_read(
    live_chat: LiveChat, sqlite: str
) -> None:
    desk, vic, _ = live_chat
    before, _ = read_past_writer(sqlite)
    await asyncio.gather(*post_messages(desk, vic, 3))
    assert read_past_writer(sqlite) == (before, before + 3), "or this test sees nothing"
    assert await desk.store.read_stale(last_seqs) == (before, before + 3)
    assert await asyncio.gather(*(desk.read(last_seqs) for _ in range(3))) == [(before + 3, before + 3)] * 3
    assert read_past_writer(sqlite) == (before + 3, before + 3)


@pytest.mark.parametrize("number", [1, 7, 8, 9, 31, 32, 33, 73])
async def test_a_batch_of_any_size_is_stored_once_and_in_order(live_chat: LiveChat, number: int) -> None:
    """A batch is one statement; a message repeated in the middle of others keeps its first number."""
    desk, vic, _ = live_chat
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


async def test_a_batch_of_posts_is_one_statement(live_chat: LiveChat) -> None:
    """Without a transaction around it. An action that needs one gets it, and the batch's INSERT is in it."""
    desk, vic, _ = live_chat
    await asyncio.gather(*post_messages(desk, vic, 2))
    statements: list[str] = []
    writer_of(desk)[1].set_trace_callback(lambda statement: statements.append(statement.split()[0]))
    await asyncio.gather(*post_messages(desk, vic, 3))
    assert statements == ["INSERT"]

    def post_and_read(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        answers = post_batch(store, posts)
        last_seqs(store[0].sql)
        return answers

    statements.clear()
    await desk.store.post(post_and_read, Post(vic.ticket, new_id(), "Encore ?", desk.context, visitor_id=vic.id))
    assert statements == ["BEGIN", "INSERT", "SELECT", "SELECT", "COMMIT"]


def writer_of(desk: Desk) -> tuple[SqliteWriter, sqlite3.Connection]:
    writer = desk.store._writer
    assert isinstance(writer, SqliteWriter) and writer._connection
    return writer, writer._connection[1]


async def test_a_post_whose_commit_fails_is_not_acknowledged(live_chat: LiveChat, sqlite: str) -> None:
    desk, vic, _ = live_chat
    await asyncio.gather(*post_messages(desk, vic, 2))
    writer_of(desk)[1].execute("PRAGMA busy_timeout = 20")
    before = await desk.read(last_seqs)
    other_connection = sqlite3.connect(sqlite.removeprefix("sqlite:///"), isolation_level=None)
    other_connection.execute("BEGIN IMMEDIATE")
    posted = await asyncio.gather(*post_messages(desk, vic, 2), return_exceptions=True)
    other_connection.execute("ROLLBACK")
    other_connection.close()
    assert [type(one) for one in posted] == [Unavailable] * 2
    assert await desk.read(last_seqs) == before


async def test_messages_of_a_batch_that_raised_are_not_stored_by_the_next(live_chat: LiveChat) -> None:
    desk, vic, _ = live_chat
    await asyncio.gather(*post_messages(desk, vic, 2))
    before, _ = await desk.read(last_seqs)

    def raises(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        post_batch(store, posts)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await desk.store.post(raises, Post(vic.ticket, new_id(), "never stored", desk.context, visitor_id=vic.id))
    await asyncio.gather(*post_messages(desk, vic, 1))
    assert (await desk.thread(vic.ticket))[-1].text == "0"
    assert await desk.read(last_seqs) == (before + 1, before + 1)


async def test_posts_after_an_action_in_one_transaction_reach_the_ticket_row(live_chat: LiveChat) -> None:
    desk, vic, ada = live_chat
    async with queueing(desk.store):
        before = post_messages(desk, vic)
        await asyncio.sleep(0)
        reads = asyncio.ensure_future(desk.store.write(read_up_to, vic.ticket, 3, desk.now, agent_id=ada.id))
        await asyncio.sleep(0)
        after = post_messages(desk, vic)
        await asyncio.sleep(0)
        desk.store._flush_posts()  # in the same transaction, not a moment later
    await asyncio.gather(*before, reads, *after)
    last, stands = await desk.read(last_seqs)
    assert last == stands == after[0].result().seq


async def test_more_tickets_than_the_writer_caches_still_use_the_fast_path(
    live_chat: LiveChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, vic, ada = live_chat
    others = [desk.visitor("Wim"), desk.visitor("Xenia")]
    for other in others:
        await other.starts()
        await ada.says(other.ticket)
    await asyncio.gather(*post_messages(desk, vic), *post_messages(desk, others[0]))
    monkeypatch.setattr(sqlite_message_writer, "MAX_STATES", 2)
    writer, driver = writer_of(desk)
    assert len(writer._message_writer._states) == 2, "or nothing is given up"
    statements: list[str] = []
    driver.set_trace_callback(lambda statement: statements.append(statement.split()[0]))
    await asyncio.gather(*post_messages(desk, vic), *post_messages(desk, others[0]), *post_messages(desk, others[1]))
    assert statements == ["BEGIN", "SELECT", "INSERT", "COMMIT"]


async def test_flushing_ticket_rows_keeps_the_cached_states(live_chat: LiveChat) -> None:
    desk, vic, ada = live_chat
    await asyncio.gather(*post_messages(desk, vic, 2))
    writer = desk.store._writer
    assert isinstance(writer, SqliteWriter)
    message_writer = writer._message_writer
    states = dict(message_writer._states)
    assert states
    assert await desk.read(last_seqs) == (5, 5)
    assert message_writer._states == states
    await ada.reads(vic.ticket, 5)
    assert not message_writer._states, "an action may have changed anything"


async def test_an_action_reads_the_ticket_row_after_its_messages(live_chat: LiveChat) -> None:
    desk, vic, ada = live_chat
    posted = post_messages(desk, vic, 3)
    await asyncio.sleep(0)  # one turn, in which they are collected
    assert await desk.store.write(lambda work: last_seqs(work.sql)) == (6, 6)
    assert all(one.done() for one in posted)
    await ada.ends(vic.ticket)
    assert [row.seq for row in await desk.thread(vic.ticket)] == list(range(1, 8))


async def test_a_ticket_row_is_flushed_without_a_read(
    live_chat: LiveChat, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, vic, _ = live_chat
    monkeypatch.setattr("chat.store.store.FLUSH_ROWS_S", 0)
    loop, committed = asyncio.get_running_loop(), asyncio.Queue[None]()

    def note(_sql: Connection) -> None:
        loop.call_soon_threadsafe(committed.put_nowait, None)

    event.listen(Engine, "commit", note)
    await asyncio.gather(*post_messages(desk, vic, 2))
    async with asyncio.timeout(20):
        while len(set(read_past_writer(sqlite))) > 1:
            await committed.get()
    event.remove(Engine, "commit", note)


async def test_many_ticket_rows_are_flushed_in_batches(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_message_writer, "MAX_ROWS", 2)
    async with node(sqlite) as desk:
        desk.runs_twice = False
        ada = await desk.agent("Ada", capacity=5)
        visitors = [desk.visitor(f"Vic {number}") for number in range(5)]
        for vic in visitors:
            await vic.starts()
            await ada.says(vic.ticket)
        await asyncio.gather(
            *(one for number, vic in enumerate(visitors) for one in post_messages(desk, vic, number + 1))
        )
        assert {row.last_seq for row in await desk.store.read_stale(every_row)} == {3}, "or nothing has to follow"
        rows = await desk.read(every_row)
        assert sorted((row.last_seq, row.preview) for row in rows) == [(4 + number, f"{number}") for number in range(5)]
        assert {row.updated_at == row.last_at for row in rows} == {True}


async def test_closing_the_store_flushes_every_ticket_row(sqlite: str) -> None:
    async with node(sqlite) as desk:
        ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
        await vic.starts()
        await ada.says(vic.ticket)
        posted = post_messages(desk, vic, 2)
        await asyncio.sleep(0)  # one turn, in which they are collected
    assert [one.result().seq for one in posted] == [4, 5]
    assert read_past_writer(sqlite) == (5, 5)


async def test_repeated_posts_keep_the_others_on_the_fast_path(live_chat: LiveChat) -> None:
    desk, vic, _ = live_chat
    first = await post_messages(desk, vic)[0]
    again = Post(vic.ticket, first.client_id or "", first.text, desk.context, visitor_id=vic.id)
    facts_before, slow = len(desk.facts), list[object]()

    def note(*what: object) -> None:
        slow.append(what)

    event.listen(Engine, "before_cursor_execute", note)
    posted = post_messages(desk, vic, 20)
    for post in (again, again._replace(text="Autre chose")):
        posted.append(asyncio.ensure_future(desk.store.post(post_batch, post)))
    answers = await asyncio.gather(*posted, *post_messages(desk, vic, 20), return_exceptions=True)
    event.remove(Engine, "before_cursor_execute", note)
    assert answers[20] == first and isinstance(answers[21], Conflict)
    assert [type(fact) for fact in desk.facts[facts_before:]] == [PlainMessagePosted] * 40
    assert slow == [], "no post took the slow path"
    assert await desk.read(last_seqs) == (first.seq + 40, first.seq + 40)

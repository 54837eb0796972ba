"""On SQLite messages and their tickets' rows are committed together; the writer remembers ticket states in between."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Row, event, func, select

from chat.domain.facts import PlainMessagePosted
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.messages.read_marks import ReadMark, apply_read_marks
from chat.domain.refusals import Conflict
from chat.store.engines import Database
from chat.store.message_writers import sqlite as sqlite_message_writer
from chat.store.message_writers.base import NewMessageRow, TicketCounters, TicketState
from chat.store.rows import MessageRow
from chat.store.tables import messages, tickets
from chat.store.transaction import Transaction, Unavailable
from chat.store.writers.sqlite import SqliteWriter
from tests.domain.conftest import node
from tests.domain.domain_driver import Agent, DomainDriver, Visitor, new_id, read_up_to
from tests.store.paused_writer import paused_writer

Chat = tuple[DomainDriver, Visitor, Agent]


@pytest.fixture
async def chat(sqlite: str) -> AsyncIterator[Chat]:
    """Vic and Ada in the middle of their chat: all their messages take the fast path."""
    async with node(sqlite) as driver:
        driver.runs_twice = False
        ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
        await vic.starts()
        await ada.says(vic.ticket)
        await driver.compare()
        yield driver, vic, ada


def post_some(driver: DomainDriver, vic: Visitor, number: int = 1) -> list[asyncio.Future[MessageRow]]:
    posts = [Post(vic.ticket, new_id(), f"{n}", driver.context, visitor_id=vic.id) for n in range(number)]
    return [asyncio.ensure_future(driver.store.post(post_batch, post)) for post in posts]


def last_seqs(sql: Connection) -> tuple[int, int]:
    """That of the ticket's row, and that of its messages."""
    of_row = sql.execute(select(tickets.c.last_seq)).scalar_one()
    return of_row, sql.execute(select(func.max(messages.c.seq))).scalar_one()


def every_row(sql: Connection) -> Sequence[Row[Any]]:
    return sql.execute(select(tickets)).all()


def last_seqs_on_disk(url: str) -> tuple[int, int]:
    """As another program reads them."""
    database = Database(url)
    with database.reads.begin() as sql:
        found = last_seqs(sql)
    database.close()
    return found


def writer_of(driver: DomainDriver) -> tuple[SqliteWriter, sqlite3.Connection]:
    writer = driver.store._writer
    assert isinstance(writer, SqliteWriter) and writer._connection
    return writer, writer._connection[1]


def states_of(driver: DomainDriver) -> dict[str, TicketState]:
    return writer_of(driver)[0]._message_writer._states


def statements_of(driver: DomainDriver) -> list[str]:
    """The first word of each statement of the writer from here on."""
    statements: list[str] = []
    writer_of(driver)[1].set_trace_callback(lambda statement: statements.append(statement.split()[0]))
    return statements


def test_fast_path_writes_all_columns_of_a_message_but_its_event() -> None:
    assert {*NewMessageRow._fields} == {column.name for column in messages.c} - {"id", "event"}
    assert {*TicketCounters._fields} < {column.name for column in tickets.c}


async def test_messages_and_their_ticket_row_are_committed_together(chat: Chat, sqlite: str) -> None:
    driver, vic, _ = chat
    before, _ = last_seqs_on_disk(sqlite)
    await asyncio.gather(*post_some(driver, vic, 3))
    assert last_seqs_on_disk(sqlite) == (before + 3, before + 3)
    assert await driver.read(last_seqs) == (before + 3, before + 3)


@pytest.mark.parametrize("number", [1, 7, 8, 9, 31, 32, 33, 73])
async def test_a_batch_of_any_size_is_stored_once_and_in_order(chat: Chat, number: int) -> None:
    """A batch may be several statements; a message that is repeated among others keeps its seq."""
    driver, vic, _ = chat
    posts = [Post(vic.ticket, new_id(), f"{n}", driver.context, visitor_id=vic.id) for n in range(number)]
    first = await asyncio.gather(*(driver.store.post(post_batch, post) for post in posts))
    assert [row.seq for row in first] == list(range(4, 4 + number))
    others = [Post(vic.ticket, new_id(), f"more {n}", driver.context, visitor_id=vic.id) for n in range(number)]
    mixed = [*others[: number // 2], posts[-1], others[0], *others[number // 2 :]]
    again = await asyncio.gather(*(driver.store.post(post_batch, post) for post in mixed))
    thread = await driver.thread(vic.ticket)
    assert again[number // 2] == first[-1]
    assert [row.seq for row in thread] == list(range(1, 4 + 2 * number))
    assert [row.text for row in thread[3:]] == [post.text for post in (*posts, *others)]
    assert await driver.read(last_seqs) == (3 + 2 * number, 3 + 2 * number)


async def test_a_batch_costs_one_statement_for_each_table(chat: Chat) -> None:
    """SQLAlchemy joins the same transaction where it is used."""
    driver, vic, _ = chat
    await asyncio.gather(*post_some(driver, vic, 2))
    statements = statements_of(driver)
    await asyncio.gather(*post_some(driver, vic, 3))
    assert statements == ["BEGIN", "INSERT", "WITH", "COMMIT"]

    def post_and_read(txs: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        answers = post_batch(txs, posts)
        last_seqs(txs[0].sql)
        return answers

    statements.clear()
    await driver.store.post(post_and_read, Post(vic.ticket, new_id(), "Encore ?", driver.context, visitor_id=vic.id))
    assert statements == ["BEGIN", "INSERT", "WITH", "SELECT", "SELECT", "COMMIT"]


async def test_posts_are_refused_while_the_file_is_locked(chat: Chat, sqlite: str) -> None:
    driver, vic, _ = chat
    await asyncio.gather(*post_some(driver, vic, 2))
    writer_of(driver)[1].execute("PRAGMA busy_timeout = 20")
    before = await driver.read(last_seqs)
    intruder = sqlite3.connect(sqlite.removeprefix("sqlite:///"), isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    answers = await asyncio.gather(*post_some(driver, vic, 2), return_exceptions=True)
    intruder.execute("ROLLBACK")
    intruder.close()
    assert [type(one) for one in answers] == [Unavailable] * 2
    assert await driver.read(last_seqs) == before


async def test_messages_of_a_batch_that_raised_are_not_stored_by_the_next(chat: Chat) -> None:
    driver, vic, _ = chat
    await asyncio.gather(*post_some(driver, vic, 2))
    before, _ = await driver.read(last_seqs)

    def post_and_raise(txs: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        post_batch(txs, posts)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await driver.store.post(post_and_raise, Post(vic.ticket, new_id(), "lost", driver.context, visitor_id=vic.id))
    await asyncio.gather(*post_some(driver, vic, 1))
    assert (await driver.thread(vic.ticket))[-1].text == "0"
    assert await driver.read(last_seqs) == (before + 1, before + 1)


async def test_posts_before_and_after_an_action_in_one_transaction_reach_the_row(chat: Chat) -> None:
    driver, vic, ada = chat
    async with paused_writer(driver.store):
        before = post_some(driver, vic)
        await asyncio.sleep(0)
        reads = asyncio.ensure_future(driver.store.write(read_up_to, vic.ticket, 3, driver.now, agent_id=ada.id))
        await asyncio.sleep(0)
        after = post_some(driver, vic)
        await asyncio.sleep(0)
        driver.store._flush_all()  # into the same transaction
    await asyncio.gather(*before, reads, *after)
    of_row, of_messages = await driver.read(last_seqs)
    assert of_row == of_messages == after[0].result().seq


async def test_more_tickets_than_are_remembered_still_take_the_fast_path(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, vic, ada = chat
    others = [driver.visitor("Wim"), driver.visitor("Xenia")]
    for other in others:
        await other.starts()
        await ada.says(other.ticket)
    await asyncio.gather(*post_some(driver, vic), *post_some(driver, others[0]))
    monkeypatch.setattr(sqlite_message_writer, "MAX_STATES", 2)
    assert len(states_of(driver)) == 2, "otherwise none is dropped"
    statements = statements_of(driver)
    await asyncio.gather(*post_some(driver, vic), *post_some(driver, others[0]), *post_some(driver, others[1]))
    assert statements == ["BEGIN", "SELECT", "INSERT", "WITH", "COMMIT"]


async def test_reads_keep_the_ticket_states_and_actions_drop_them(chat: Chat) -> None:
    driver, vic, ada = chat
    await asyncio.gather(*post_some(driver, vic, 2))
    before = dict(states_of(driver))
    assert before
    assert await driver.read(last_seqs) == (5, 5)
    assert states_of(driver) == before
    await ada.notes(vic.ticket)
    assert not states_of(driver), "an action may have changed any ticket"


async def test_read_marks_drop_the_states_of_their_own_tickets_only(chat: Chat) -> None:
    driver, vic, ada = chat
    zoe = driver.visitor("Zoe")
    await zoe.starts()
    await ada.says(zoe.ticket)
    await asyncio.gather(*post_some(driver, vic, 2), *post_some(driver, zoe, 2))
    mark = ReadMark((await vic.sees()).id, 4, driver.now, agent_id=ada.id)
    await driver.store.post(apply_read_marks, mark)
    assert states_of(driver).keys() == {zoe.ticket}
    await asyncio.gather(*post_some(driver, vic))
    row = await vic.sees()
    assert (row.agent_read_seq, row.unread, row.last_seq) == (4, 2, 6)
    await driver.compare()


async def test_an_action_finds_the_row_as_the_messages_left_it(chat: Chat) -> None:
    driver, vic, ada = chat
    posted = post_some(driver, vic, 3)
    await asyncio.sleep(0)  # one turn of the loop, in which they are collected
    assert await driver.store.write(lambda tx: last_seqs(tx.sql)) == (6, 6)
    assert all(one.done() for one in posted)
    await ada.ends(vic.ticket)
    assert [row.seq for row in await driver.thread(vic.ticket)] == list(range(1, 8))


async def test_many_rows_are_written_by_several_statements(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_message_writer, "MAX_ROWS", 2)
    async with node(sqlite) as driver:
        driver.runs_twice = False
        ada = await driver.agent("Ada", capacity=5)
        visitors = [driver.visitor(f"Vic {number}") for number in range(5)]
        for vic in visitors:
            await vic.starts()
            await ada.says(vic.ticket)
        await asyncio.gather(
            *(one for number, vic in enumerate(visitors) for one in post_some(driver, vic, number + 1))
        )
        rows = await driver.read(every_row)
        assert sorted((row.last_seq, row.preview) for row in rows) == [(4 + number, f"{number}") for number in range(5)]
        assert {row.updated_at == row.last_at for row in rows} == {True}


async def test_closing_commits_what_was_collected(sqlite: str) -> None:
    async with node(sqlite) as driver:
        ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
        await vic.starts()
        await ada.says(vic.ticket)
        posted = post_some(driver, vic, 2)
        await asyncio.sleep(0)  # one turn of the loop, in which they are collected
    assert [one.result().seq for one in posted] == [4, 5]
    assert last_seqs_on_disk(sqlite) == (5, 5)


async def test_a_repeated_message_does_not_slow_its_batch_down(chat: Chat) -> None:
    driver, vic, _ = chat
    first = await post_some(driver, vic)[0]
    again = Post(vic.ticket, first.client_id or "", first.text, driver.context, visitor_id=vic.id)
    recorded, slow = len(driver.facts), list[object]()

    def note(*arguments: object) -> None:
        slow.append(arguments)

    event.listen(Engine, "before_cursor_execute", note)
    posted = post_some(driver, vic, 20)
    for post in (again, again._replace(text="Autre chose")):
        posted.append(asyncio.ensure_future(driver.store.post(post_batch, post)))
    answers = await asyncio.gather(*posted, *post_some(driver, vic, 20), return_exceptions=True)
    event.remove(Engine, "before_cursor_execute", note)
    assert answers[20] == first and isinstance(answers[21], Conflict)
    assert [type(fact) for fact in driver.facts[recorded:]] == [PlainMessagePosted] * 40
    assert slow == [], "all took the fast path"
    assert await driver.read(last_seqs) == (first.seq + 40, first.seq + 40)

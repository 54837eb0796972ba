"""The writer on SQLite when the disk is full, the file is locked or the WAL grows; and the file's permissions."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, make_url

from chat.store.data_dir_lock import DataDirLocked, lock_data_dir
from chat.store.engines import Database, sqlite_driver
from chat.store.store import Store
from chat.store.transaction import Transaction, Unavailable
from chat.store.writers.sqlite import CHECKPOINT_EVERY
from tests.store.conftest import Deliveries, OpenStore
from tests.store.paused_writer import paused_writer
from tests.store.toy_schema import add_entries, add_entry, count_entries, entry_texts


@pytest.fixture
async def store(sqlite: str, open_store: OpenStore, deliveries: Deliveries) -> AsyncIterator[Store]:
    async with open_store(sqlite, deliveries.deliver) as opened:
        yield opened


def set_pragma(tx: Transaction, pragma: str) -> object:
    """On the writer's own connection."""
    return tx.sql.exec_driver_sql(f"PRAGMA {pragma}").scalar()


async def test_a_full_disk_refuses_only_what_does_not_fit(store: Store, deliveries: Deliveries) -> None:
    pages = await store.write(set_pragma, "page_count")
    await store.write(set_pragma, f"max_page_count = {int(str(pages)) + 4}")
    async with paused_writer(store):
        vic = asyncio.ensure_future(store.write(add_entry, "Vic", "short"))
        zoe = asyncio.ensure_future(store.post(add_entries, "Z" * 100_000))
        ada = asyncio.ensure_future(store.write(add_entry, "Ada", "short too"))
    assert await vic == "short"
    with pytest.raises(Unavailable):
        await zoe
    assert await ada == "short too"
    assert await store.read(entry_texts) == ["short", "short too"]
    assert deliveries.facts == ["short", "short too"]

    await store.write(set_pragma, "max_page_count = 1000000")
    assert len(await store.post(add_entries, "Z" * 100_000)) == 100_000


async def test_a_lost_transaction_is_run_again_one_by_one(store: Store, deliveries: Deliveries) -> None:
    attempts: list[str] = []

    def lose_everything(tx: Transaction) -> None:
        """What SQLite does by itself when the disk is full in the wrong moment."""
        attempts.append("Zoe")
        driver = tx.sql.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("ROLLBACK")

    async with paused_writer(store):
        vic = asyncio.ensure_future(store.write(add_entry, "Vic", "before"))
        zoe = asyncio.ensure_future(store.write(lose_everything))
        ada = asyncio.ensure_future(store.write(add_entry, "Ada", "after"))
    assert [await vic, await ada] == ["before", "after"]
    with pytest.raises(Unavailable):
        await zoe
    assert attempts == ["Zoe", "Zoe"]
    assert await store.read(entry_texts) == ["before", "after"]
    assert deliveries.facts == ["before", "after"]


async def test_calls_run_again_when_sqlite_rolled_back_before_commit(store: Store, deliveries: Deliveries) -> None:
    lost: list[str] = []

    def lose(sql: Connection) -> None:
        """The transaction ends by itself after the last call's savepoint."""
        if not lost:
            lost.append("all of it")
            sql.exec_driver_sql("ROLLBACK")

    event.listen(Engine, "commit", lose)
    assert await store.write(add_entry, "Vic", "Bonjour") == "Bonjour"
    event.remove(Engine, "commit", lose)
    assert lost
    assert await store.read(entry_texts) == ["Bonjour"]
    assert deliveries.facts == ["Bonjour"]


async def test_posts_written_by_the_driver_run_again_after_a_rollback(store: Store, deliveries: Deliveries) -> None:
    """As on the fast path: SQLAlchemy does not know of the transaction, and SQLite ends it by itself."""
    attempts: list[int] = []

    def by_the_driver(txs: Sequence[Transaction], texts: Sequence[str]) -> Sequence[str]:
        driver = sqlite_driver(txs[0].sql)
        attempts.append(len(texts))
        driver.executemany("INSERT INTO entries (author, text) VALUES ('Vic', ?)", [(text,) for text in texts])
        for tx, text in zip(txs, texts, strict=True):
            tx.record(text)
        if len(attempts) == 1:
            driver.execute("ROLLBACK")
        return texts

    async with paused_writer(store):
        asked = [asyncio.ensure_future(store.post(by_the_driver, text)) for text in ("one", "two", "three")]
    assert await asyncio.gather(*asked) == ["one", "two", "three"]
    assert attempts == [3, 3]
    assert deliveries.facts == ["one", "two", "three"]
    assert await store.read(entry_texts) == ["one", "two", "three"]


async def test_sqlalchemy_does_not_begin_again_in_an_ended_transaction(store: Store, deliveries: Deliveries) -> None:
    """The first entry was rolled back; a new transaction in its place would hide that."""
    attempts: list[int] = []

    def loses(txs: Sequence[Transaction], texts: Sequence[str]) -> Sequence[str]:
        attempts.append(len(texts))
        driver = sqlite_driver(txs[0].sql)
        driver.execute("INSERT INTO entries (author, text) VALUES ('Vic', ?)", (texts[0],))
        if len(attempts) == 1:
            driver.execute("ROLLBACK")
        return [texts[0], *(add_entry(tx, "Vic", entry) for tx, entry in zip(txs[1:], texts[1:], strict=True))]

    async with paused_writer(store):
        asked = [asyncio.ensure_future(store.post(loses, text)) for text in ("one", "two")]
    assert await asyncio.gather(*asked) == ["one", "two"]
    assert attempts == [2, 2]
    assert await store.read(entry_texts) == ["one", "two"]
    assert deliveries.facts == ["two"]


async def test_callers_wait_for_a_locked_file_and_then_get_unavailable(store: Store, sqlite: str) -> None:
    await store.write(set_pragma, "busy_timeout = 20")
    other_connection = sqlite3.connect(str(make_url(sqlite).database), isolation_level=None)
    other_connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        await store.write(add_entry, "Vic", "Bonjour")
    assert await store.read(count_entries) == 0
    other_connection.execute("ROLLBACK")
    other_connection.close()
    assert await store.write(add_entry, "Vic", "Bonjour") == "Bonjour"


async def test_the_writer_sets_its_pragmas(store: Store) -> None:
    assert await store.write(set_pragma, "journal_mode") == "wal"
    assert await store.write(set_pragma, "synchronous") == 2  # FULL
    assert await store.write(set_pragma, "foreign_keys") == 1
    assert await store.write(set_pragma, "wal_autocheckpoint") == 0


async def test_the_wal_is_checkpointed_after_many_calls(store: Store, sqlite: str) -> None:
    def size() -> int:
        return Path(str(make_url(sqlite).database)).stat().st_size

    await asyncio.gather(*(store.post(add_entries, f"{number:0>200}") for number in range(CHECKPOINT_EVERY - 1)))
    small = size()
    await store.post(add_entries, "one more")
    await store.post(add_entries, "the checkpoint comes after the answer, so before this one")
    assert size() > small + 200 * CHECKPOINT_EVERY


async def test_only_the_owner_may_read_the_file(store: Store, sqlite: str) -> None:
    file = Path(str(make_url(sqlite).database))
    assert {path.stat().st_mode & 0o777 for path in file.parent.iterdir()} == {0o600}


def test_a_database_needs_a_file_and_a_known_kind() -> None:
    for url in ("sqlite://", "sqlite:///:memory:", "mysql://localhost/guichet"):
        with pytest.raises(ValueError, match=r"SQLite|DATABASE_URL"):
            Database(url)


def test_a_writer_holds_the_lock_before_it_has_written(sqlite: str) -> None:
    database = Database(sqlite)
    other_connection = sqlite3.connect(str(make_url(sqlite).database), isolation_level=None, timeout=0)
    other_connection.execute("BEGIN IMMEDIATE")
    other_connection.execute("ROLLBACK")
    with database.writes.begin() as sql:
        sql.exec_driver_sql("SELECT 1")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other_connection.execute("BEGIN IMMEDIATE")
    other_connection.close()
    database.close()


def test_two_processes_cannot_open_one_data_dir(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    hold = (
        "import sys, pathlib; from chat.store.data_dir_lock import lock_data_dir\n"
        "with lock_data_dir(pathlib.Path(sys.argv[1])): print('mine', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout
        assert first.stdout.readline() == b"mine\n"
        with pytest.raises(DataDirLocked, match=str(first.pid)) as refusal, lock_data_dir(data_dir):
            pass
        assert refusal.value.pid == first.pid
        first.kill()
        first.wait()
    with lock_data_dir(data_dir):
        assert data_dir.stat().st_mode & 0o777 == 0o700
    with lock_data_dir(data_dir):
        pass

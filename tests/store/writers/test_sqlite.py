"""SQLite when the disk is full, the file is locked, the WAL grows; and who may open it at all."""

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
from tests.store.conftest import OpenWorks, Room
from tests.store.paused_writer import paused_writer
from tests.store.toy_schema import count, write, write_all, written


@pytest.fixture
async def store(sqlite: str, open_works: OpenWorks, room: Room) -> AsyncIterator[Store]:
    async with open_works(sqlite, room.hear) as opened:
        yield opened


def set_pragma(tx: Transaction, pragma: str) -> object:
    """On the writer's own connection."""
    return tx.sql.exec_driver_sql(f"PRAGMA {pragma}").scalar()


async def test_a_full_disk_takes_what_fits(store: Store, room: Room) -> None:
    pages = await store.write(set_pragma, "page_count")
    await store.write(set_pragma, f"max_page_count = {int(str(pages)) + 4}")
    async with paused_writer(store):
        vic = asyncio.ensure_future(store.write(write, "Vic", "short"))
        zoe = asyncio.ensure_future(store.post(write_all, "Z" * 100_000))
        ada = asyncio.ensure_future(store.write(write, "Ada", "short too"))
    assert await vic == "short"
    with pytest.raises(Unavailable):
        await zoe
    assert await ada == "short too"
    assert await store.read(written) == ["short", "short too"]
    assert room.facts == ["short", "short too"]

    await store.write(set_pragma, "max_page_count = 1000000")
    assert len(await store.post(write_all, "Z" * 100_000)) == 100_000


async def test_a_lost_transaction_is_run_again_one_by_one(store: Store, room: Room) -> None:
    attempts: list[str] = []

    def lose_everything(tx: Transaction) -> None:
        """What SQLite does by itself when the disk is full in the wrong moment."""
        attempts.append("Zoe")
        driver = tx.sql.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("ROLLBACK")

    async with paused_writer(store):
        vic = asyncio.ensure_future(store.write(write, "Vic", "before"))
        zoe = asyncio.ensure_future(store.write(lose_everything))
        ada = asyncio.ensure_future(store.write(write, "Ada", "after"))
    assert [await vic, await ada] == ["before", "after"]
    with pytest.raises(Unavailable):
        await zoe
    assert attempts == ["Zoe", "Zoe"]
    assert await store.read(written) == ["before", "after"]
    assert room.facts == ["before", "after"]


async def test_a_commit_of_nothing_is_noticed(store: Store, room: Room) -> None:
    lost: list[str] = []

    def lose(sql: Connection) -> None:
        """The transaction ends by itself after the last call's savepoint."""
        if not lost:
            lost.append("all of it")
            sql.exec_driver_sql("ROLLBACK")

    event.listen(Engine, "commit", lose)
    assert await store.write(write, "Vic", "Bonjour") == "Bonjour"
    event.remove(Engine, "commit", lose)
    assert lost
    assert await store.read(written) == ["Bonjour"]
    assert room.facts == ["Bonjour"]


async def test_posts_that_the_driver_wrote_alone_are_not_lost_without_a_word(store: Store, room: Room) -> None:
    """As the dialogue does it: SQLAlchemy never hears of the transaction, and SQLite ends it by itself."""
    attempts: list[int] = []

    def by_the_driver(held: Sequence[Transaction], texts: Sequence[str]) -> Sequence[str]:
        driver = sqlite_driver(held[0].sql)
        attempts.append(len(texts))
        driver.executemany("INSERT INTO lines (author, text) VALUES ('Vic', ?)", [(text,) for text in texts])
        for tx, text in zip(held, texts, strict=True):
            tx.record(text)
        if len(attempts) == 1:
            driver.execute("ROLLBACK")
        return texts

    async with paused_writer(store):
        asked = [asyncio.ensure_future(store.post(by_the_driver, text)) for text in ("one", "two", "three")]
    assert await asyncio.gather(*asked) == ["one", "two", "three"]
    assert attempts == [3, 3]
    assert room.facts == ["one", "two", "three"]
    assert await store.read(written) == ["one", "two", "three"]


async def test_no_other_transaction_takes_the_place_of_one_that_is_over(store: Store, room: Room) -> None:
    """The first caller's words went with it; what SQLAlchemy is asked for afterwards must not hide that."""
    attempts: list[int] = []

    def loses(held: Sequence[Transaction], texts: Sequence[str]) -> Sequence[str]:
        attempts.append(len(texts))
        driver = sqlite_driver(held[0].sql)
        driver.execute("INSERT INTO lines (author, text) VALUES ('Vic', ?)", (texts[0],))
        if len(attempts) == 1:
            driver.execute("ROLLBACK")
        return [texts[0], *(write(tx, "Vic", line) for tx, line in zip(held[1:], texts[1:], strict=True))]

    async with paused_writer(store):
        asked = [asyncio.ensure_future(store.post(loses, text)) for text in ("one", "two")]
    assert await asyncio.gather(*asked) == ["one", "two"]
    assert attempts == [2, 2]
    assert await store.read(written) == ["one", "two"]
    assert room.facts == ["two"]


async def test_a_locked_file_makes_callers_wait_and_then_says_so(store: Store, sqlite: str) -> None:
    await store.write(set_pragma, "busy_timeout = 20")
    intruder = sqlite3.connect(str(make_url(sqlite).database), isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        await store.write(write, "Vic", "Bonjour")
    assert await store.read(count) == 0
    intruder.execute("ROLLBACK")
    intruder.close()
    assert await store.write(write, "Vic", "Bonjour") == "Bonjour"


async def test_the_file_is_durable_checked_and_folded_by_its_writer_alone(store: Store) -> None:
    assert await store.write(set_pragma, "journal_mode") == "wal"
    assert await store.write(set_pragma, "synchronous") == 2  # FULL
    assert await store.write(set_pragma, "foreign_keys") == 1
    assert await store.write(set_pragma, "wal_autocheckpoint") == 0


async def test_the_wal_is_folded_into_the_file_now_and_then(store: Store, sqlite: str) -> None:
    def size() -> int:
        return Path(str(make_url(sqlite).database)).stat().st_size

    await asyncio.gather(*(store.post(write_all, f"{number:0>200}") for number in range(CHECKPOINT_EVERY - 1)))
    small = size()
    await store.post(write_all, "one more")
    await store.post(write_all, "the checkpoint comes after the answer, so before this one")
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
    intruder = sqlite3.connect(str(make_url(sqlite).database), isolation_level=None, timeout=0)
    intruder.execute("BEGIN IMMEDIATE")
    intruder.execute("ROLLBACK")
    with database.writes.begin() as sql:
        sql.exec_driver_sql("SELECT 1")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            intruder.execute("BEGIN IMMEDIATE")
    intruder.close()
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

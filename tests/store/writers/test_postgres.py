"""PostgreSQL when two verbs block each other, a connection is cut, the server restarts."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Event

import psycopg
import pytest
from sqlalchemy import Pool, event, text, update
from sqlalchemy.pool import ConnectionPoolEntry

from chat.store.engines import WRITERS, is_transient
from chat.store.libpq import Libpq
from chat.store.store import Store
from chat.store.transaction import Transaction, Unavailable
from tests import services
from tests.services import Postgres
from tests.store.conftest import OpenWorks, Room
from tests.store.toy_schema import count, lines, write, write_all, written


@pytest.fixture
async def store(postgresql: str, open_works: OpenWorks, room: Room) -> AsyncIterator[Store]:
    async with open_works(postgresql, room.hear) as opened:
        yield opened


def sign(tx: Transaction, line: str, author: str) -> None:
    tx.sql.execute(update(lines).where(lines.c.text == line).values(author=author))
    tx.record(f"{author}: {line}")


async def test_a_deadlock_is_run_again(store: Store, room: Room) -> None:
    await store.write(write, "Vic", "left")
    await store.write(write, "Zoe", "right")
    both_hold_one = Barrier(2, timeout=10)
    attempts: list[str] = []

    def sign_both(tx: Transaction, first: str, second: str, author: str) -> str:
        attempts.append(author)
        tx.sql.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
        sign(tx, first, author)
        if attempts.count(author) == 1:
            both_hold_one.wait()
        sign(tx, second, author)
        return author

    ada = store.write(sign_both, "left", "right", "Ada")
    ben = store.write(sign_both, "right", "left", "Ben")
    assert list(await asyncio.gather(ada, ben)) == ["Ada", "Ben"]
    assert len(attempts) == 3, "one of the two was the victim, or there was no deadlock"
    signed = ["Ada: left", "Ada: right", "Ben: left", "Ben: right"]
    assert sorted(map(str, room.facts)) == [*signed, "left", "right"]


async def test_a_deadlocked_batch_is_run_again_together(store: Store, room: Room) -> None:
    await store.write(write, "Vic", "left")
    await store.write(write, "Zoe", "right")
    both_hold_one = Barrier(2, timeout=10)
    attempts: list[str] = []

    def sign_both(tx: Transaction, first: str, second: str, author: str) -> None:
        attempts.append(author)
        tx.sql.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
        sign(tx, first, author)
        if attempts.count(author) == 1:
            both_hold_one.wait()
        sign(tx, second, author)

    def sign_all(batch: Sequence[Transaction], authors: Sequence[str]) -> Sequence[str]:
        sign_both(batch[0], "right", "left", authors[0])
        return authors

    posting = store.post(sign_all, "Ada")
    await asyncio.gather(posting, store.write(sign_both, "left", "right", "Ben"))
    assert len(attempts) == 3
    assert len(room.facts) == 6


async def test_a_lock_that_is_held_too_long_is_waited_for_again(store: Store, postgresql: str) -> None:
    await store.write(write, "Vic", "wanted")
    tried = Event()

    def impatient(tx: Transaction) -> None:
        tx.sql.execute(text("SET LOCAL lock_timeout = '1ms'"))
        tried.set()
        sign(tx, "wanted", "Ada")

    with psycopg.connect(postgresql) as other:
        other.execute("SELECT * FROM lines FOR UPDATE")
        signing = asyncio.ensure_future(store.write(impatient))
        await asyncio.to_thread(tried.wait, 10)
    await signing


async def test_a_connection_cut_in_the_middle_is_replaced(store: Store, room: Room) -> None:
    attempts: list[str] = []

    def cut(tx: Transaction) -> str:
        write(tx, "Vic", "still here")
        attempts.append("Vic")
        if len(attempts) == 1:
            tx.sql.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return "done"

    assert await store.write(cut) == "done"
    assert attempts == ["Vic", "Vic"]
    assert await store.read(written) == ["still here"]
    assert room.facts == ["still here"]


async def test_idle_connections_that_were_cut_are_replaced(store: Store, postgresql: str) -> None:
    together = Barrier(4, timeout=10)

    def meet(tx: Transaction) -> None:
        tx.sql.execute(text("SELECT 1"))
        together.wait()

    async def use_all() -> None:
        await store.post(write_all, "posted")
        await asyncio.gather(*(store.write(meet) for _ in range(4)))
        assert await store.read(count) == 1

    await use_all()
    with psycopg.connect(postgresql, autocommit=True) as other:
        cut = other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cut.rowcount >= 5
    await use_all()


async def test_all_connections_that_were_cut_are_found_out_at_once(
    store: Store, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch by the driver alone: SQLAlchemy sees nothing of its failure, and has more dead connections to give."""
    monkeypatch.setattr("chat.store.writers.postgres.RETRY_DELAYS_S", (0.01,))  # the second must be alive
    together, attempts = Barrier(4, timeout=10), []

    def meet(tx: Transaction) -> None:
        tx.sql.execute(text("SELECT 1"))
        together.wait()

    def by_the_driver(held: Sequence[Transaction], texts: Sequence[str]) -> Sequence[str]:
        attempts.append(len(texts))
        driver = held[0].sql.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        for line in texts:
            driver.execute("INSERT INTO lines (author, text) VALUES ('Vic', %s)", [line])
        return texts

    await store.post(by_the_driver, "before")
    await asyncio.gather(*(store.write(meet) for _ in range(4)))
    with psycopg.connect(postgresql, autocommit=True) as other:
        cut = other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cut.rowcount >= 5
    assert await store.post(by_the_driver, "after") == "after"
    assert attempts == [1, 1]  # on a dead connection no batch is begun
    assert await store.write(write, "Ada", "a verb") == "a verb"
    assert await store.read(written) == ["before", "after", "a verb"]


@pytest.fixture
def connections() -> Iterator[list[psycopg.Connection]]:
    """All that are made from here on. As they are kept here, none is closed by the garbage collector."""
    made: list[psycopg.Connection] = []

    def note(driver: psycopg.Connection, _entry: ConnectionPoolEntry) -> None:
        made.append(driver)

    event.listen(Pool, "connect", note)
    yield made
    event.remove(Pool, "connect", note)


async def test_verbs_keep_their_connections_when_the_posts_is_cut(
    store: Store, postgresql: str, connections: list[psycopg.Connection]
) -> None:
    def whose(held: Sequence[Transaction], items: Sequence[None]) -> Sequence[int]:
        return [held[0].sql.execute(text("SELECT pg_backend_pid()")).scalar_one() for _ in items]

    for _ in range(3):
        there, go_on = Barrier(WRITERS, timeout=10), Event()

        def wait(tx: Transaction, there: Barrier, go_on: Event) -> None:
            tx.sql.execute(text("SELECT 1"))
            there.wait()
            assert go_on.wait(10)

        waiting = [asyncio.ensure_future(store.write(wait, there, go_on)) for _ in range(WRITERS - 1)]
        await asyncio.to_thread(there.wait)
        with psycopg.connect(postgresql, autocommit=True) as other:
            cut = await store.post(whose, None)
            other.execute("SELECT pg_terminate_backend(%s, 10000)", [cut])
        assert await store.post(whose, None) != cut
        go_on.set()
        await asyncio.gather(*waiting)
    assert [connection.closed for connection in connections].count(False) == WRITERS


async def test_posts_whose_connection_dies_under_them_are_run_again_on_another(store: Store) -> None:
    attempts: list[Sequence[str]] = []

    def dies_once(held: Sequence[Transaction], texts: Sequence[str]) -> Sequence[str]:
        attempts.append(texts)
        write_all(held, texts)
        if len(attempts) == 1:
            held[0].sql.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return texts

    assert await store.post(dies_once, "Bonjour") == "Bonjour"
    assert len(attempts) == 2
    assert await store.read(written) == ["Bonjour"]


async def test_a_transaction_that_has_failed_is_no_commit(postgresql: str) -> None:
    """PostgreSQL answers a COMMIT then with ROLLBACK, and no error."""
    with psycopg.connect(postgresql) as driver:
        library = Libpq(driver)
        library.begin()
        with pytest.raises(psycopg.errors.DivisionByZero):
            library.query("SELECT 1 / length($1)", "")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            library.commit()
        library.begin()
        assert library.query("SELECT $1 || 'ô'", "ç") == "çô".encode()
        library.commit()


async def test_an_error_that_the_driver_has_no_name_for_keeps_its_state(postgresql: str) -> None:
    """Without one it would be a server that is away, and asked again for seconds."""
    with psycopg.connect(postgresql) as driver, pytest.raises(psycopg.DatabaseError) as raised:
        Libpq(driver).query("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'ZZ999'; END $$")
    assert raised.value.sqlstate == "ZZ999"
    assert not is_transient(raised.value)


@pytest.fixture
def programs() -> Iterator[tuple[Path, Path]]:
    """A server's programs and its folder, to start and stop at will."""
    with TemporaryDirectory(prefix="guichet-pg-") as home:
        folder = Path(home)
        found = services.copy_for_nobody(folder) if os.geteuid() == 0 else services.postgres_programs()
        services.init_database(found, folder)
        yield found, folder


@contextmanager
def served(programs: tuple[Path, Path]) -> Iterator[str]:
    server = services.start_postgres(*programs)
    try:
        yield Postgres(programs[1]).url()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


async def test_a_server_that_restarts_costs_a_wait_and_no_message(
    programs: tuple[Path, Path], open_works: OpenWorks, room: Room
) -> None:
    with ExitStack() as first:
        url = first.enter_context(served(programs))
        async with open_works(url, room.hear) as store:
            await store.write(write, "Vic", "before")
            first.close()
            posts = [asyncio.ensure_future(store.post(write_all, f"post {number}")) for number in range(20)]
            verbs = [asyncio.ensure_future(store.write(write, "Ada", f"verb {number}")) for number in range(20)]
            await asyncio.sleep(0)
            with served(programs):
                await asyncio.gather(*posts, *verbs)
                assert await store.read(count) == 41
    assert len(room.facts) == 41


async def test_a_server_that_stays_away_is_said_to_be(
    programs: tuple[Path, Path], open_works: OpenWorks, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.store.writers.postgres.RETRY_DELAYS_S", (0.01,))
    with ExitStack() as first:
        async with open_works(first.enter_context(served(programs)), room.hear) as store:
            first.close()
            for asked in (store.write(write, "Vic", "lost"), store.post(write_all, "lost"), store.read(count)):
                with pytest.raises(Unavailable):
                    await asked
            with served(programs):
                assert await store.read(count) == 0
                assert await store.post(write_all, "back") == "back"
    assert room.facts == ["back"]

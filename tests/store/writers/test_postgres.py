"""The writer on PostgreSQL when actions deadlock, a connection closes or the server restarts."""

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

from chat.store.engines import WRITERS
from chat.store.store import Store
from chat.store.transaction import Transaction, Unavailable
from tests import services
from tests.services import Postgres
from tests.store.conftest import Deliveries, OpenStore
from tests.store.toy_schema import add_entries, add_entry, count_entries, entries, entry_texts


@pytest.fixture(params=["postgresql", "pgbouncer"])
async def store(request: pytest.FixtureRequest, open_store: OpenStore, deliveries: Deliveries) -> AsyncIterator[Store]:
    async with open_store(str(request.getfixturevalue(request.param)), deliveries.deliver) as opened:
        yield opened


def set_author(tx: Transaction, entry: str, author: str) -> None:
    tx.sql.execute(update(entries).where(entries.c.text == entry).values(author=author))
    tx.record(f"{author}: {entry}")


class Deadlock:
    """An action that deadlocks once, when two authors run it at once on the same entries in opposite orders."""

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self._both_hold_one = Barrier(2, timeout=10)

    def sign_both(self, tx: Transaction, first: str, second: str, author: str) -> str:
        self.attempts.append(author)
        tx.sql.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
        set_author(tx, first, author)
        if self.attempts.count(author) == 1:  # wait until each holds one entry
            self._both_hold_one.wait()
        set_author(tx, second, author)
        return author


@pytest.fixture
async def deadlock(store: Store) -> Deadlock:
    """For the entries "left" and "right"."""
    await store.write(add_entry, "Vic", "left")
    await store.write(add_entry, "Zoe", "right")
    return Deadlock()


async def test_a_deadlock_is_run_again(store: Store, deliveries: Deliveries, deadlock: Deadlock) -> None:
    ada = store.write(deadlock.sign_both, "left", "right", "Ada")
    ben = store.write(deadlock.sign_both, "right", "left", "Ben")
    assert list(await asyncio.gather(ada, ben)) == ["Ada", "Ben"]
    assert len(deadlock.attempts) == 3, "PostgreSQL aborted one of the two, otherwise there was no deadlock"
    assert sorted(map(str, deliveries.facts)) == ["Ada: left", "Ada: right", "Ben: left", "Ben: right", "left", "right"]


async def test_a_deadlocked_batch_is_run_again_together(
    store: Store, deliveries: Deliveries, deadlock: Deadlock
) -> None:
    def sign_all(batch: Sequence[Transaction], authors: Sequence[str]) -> Sequence[str]:
        deadlock.sign_both(batch[0], "right", "left", authors[0])
        return authors

    posting = store.post(sign_all, "Ada")
    await asyncio.gather(posting, store.write(deadlock.sign_both, "left", "right", "Ben"))
    assert len(deadlock.attempts) == 3
    assert len(deliveries.facts) == 6


async def test_an_action_waits_again_after_a_lock_timeout(store: Store, postgresql: str) -> None:
    await store.write(add_entry, "Vic", "wanted")
    tried = Event()

    def impatient(tx: Transaction) -> None:
        tx.sql.execute(text("SET LOCAL lock_timeout = '1ms'"))
        tried.set()
        set_author(tx, "wanted", "Ada")

    with psycopg.connect(postgresql) as other:
        other.execute("SELECT * FROM entries FOR UPDATE")
        signing = asyncio.ensure_future(store.write(impatient))
        await asyncio.to_thread(tried.wait, 10)
    await signing


async def test_an_action_retries_on_a_new_connection(store: Store, deliveries: Deliveries) -> None:
    attempts: list[str] = []

    def cut(tx: Transaction) -> str:
        add_entry(tx, "Vic", "still here")
        attempts.append("Vic")
        if len(attempts) == 1:
            tx.sql.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return "done"

    assert await store.write(cut) == "done"
    assert attempts == ["Vic", "Vic"]
    assert await store.read(entry_texts) == ["still here"]
    assert deliveries.facts == ["still here"]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)  # a pooler keeps idle clients connected
async def test_closed_idle_connections_are_replaced(store: Store, postgresql: str) -> None:
    together = Barrier(4, timeout=10)

    def meet(tx: Transaction) -> None:
        tx.sql.execute(text("SELECT 1"))
        together.wait()

    async def use_all() -> None:
        await store.post(add_entries, "posted")
        await asyncio.gather(*(store.write(meet) for _ in range(4)))
        assert await store.read(count_entries) == 1

    await use_all()
    with psycopg.connect(postgresql, autocommit=True) as other:
        cut = other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cut.rowcount >= 5
    await use_all()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)  # a pooler keeps idle clients connected
async def test_one_failure_replaces_all_closed_connections(
    store: Store, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy does not see that a batch of the driver failed, and its pool has more dead connections."""
    monkeypatch.setattr("chat.store.writers.postgres.RETRY_DELAYS_S", (0.01,))  # the second must be alive
    together, attempts = Barrier(4, timeout=10), []

    def meet(tx: Transaction) -> None:
        tx.sql.execute(text("SELECT 1"))
        together.wait()

    def by_the_driver(txs: Sequence[Transaction], texts: Sequence[str]) -> Sequence[str]:
        attempts.append(len(texts))
        driver = txs[0].sql.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        for entry in texts:
            driver.execute("INSERT INTO entries (author, text) VALUES ('Vic', %s)", [entry])
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
    assert attempts == [1, 1]  # no batch begins on a closed connection
    assert await store.write(add_entry, "Ada", "an action") == "an action"
    assert await store.read(entry_texts) == ["before", "after", "an action"]


@pytest.fixture
def connections() -> Iterator[list[psycopg.Connection]]:
    """All connections made from here on. The list keeps the garbage collector from closing them."""
    made: list[psycopg.Connection] = []

    def note(driver: psycopg.Connection, _entry: ConnectionPoolEntry) -> None:
        made.append(driver)

    event.listen(Pool, "connect", note)
    yield made
    event.remove(Pool, "connect", note)


async def test_actions_keep_their_connections_when_the_batch_connection_closes(
    store: Store, postgresql: str, connections: list[psycopg.Connection]
) -> None:
    def whose(txs: Sequence[Transaction], items: Sequence[None]) -> Sequence[int]:
        return [txs[0].sql.execute(text("SELECT pg_backend_pid()")).scalar_one() for _ in items]

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


async def test_posts_retry_on_new_connection_after_disconnect(store: Store) -> None:
    attempts: list[Sequence[str]] = []

    def dies_once(txs: Sequence[Transaction], texts: Sequence[str]) -> Sequence[str]:
        attempts.append(texts)
        add_entries(txs, texts)
        if len(attempts) == 1:
            txs[0].sql.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return texts

    assert await store.post(dies_once, "Bonjour") == "Bonjour"
    assert len(attempts) == 2
    assert await store.read(entry_texts) == ["Bonjour"]


@pytest.fixture
def programs() -> Iterator[tuple[Path, Path]]:
    """The programs and the data folder of a server that a test starts and stops."""
    with TemporaryDirectory(prefix="guichet-pg-") as home:
        folder = Path(home)
        found = services.copy_for_nobody(folder) if os.geteuid() == 0 else services.postgres_programs()
        services.init_database(found, folder)
        yield found, folder


@contextmanager
def running_server(programs: tuple[Path, Path]) -> Iterator[str]:
    server = services.start_postgres(*programs)
    try:
        yield Postgres(programs[1]).url()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


async def test_calls_wait_for_a_server_that_restarts(
    programs: tuple[Path, Path], open_store: OpenStore, deliveries: Deliveries
) -> None:
    with ExitStack() as first:
        url = first.enter_context(running_server(programs))
        async with open_store(url, deliveries.deliver) as store:
            await store.write(add_entry, "Vic", "before")
            first.close()
            posts = [asyncio.ensure_future(store.post(add_entries, f"post {number}")) for number in range(20)]
            actions = [asyncio.ensure_future(store.write(add_entry, "Ada", f"action {number}")) for number in range(20)]
            await asyncio.sleep(0)
            with running_server(programs):
                await asyncio.gather(*posts, *actions)
                assert await store.read(count_entries) == 41
    assert len(deliveries.facts) == 41


async def test_callers_get_unavailable_while_the_server_is_away(
    programs: tuple[Path, Path], open_store: OpenStore, deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.store.writers.postgres.RETRY_DELAYS_S", (0.01,))
    with ExitStack() as first:
        async with open_store(first.enter_context(running_server(programs)), deliveries.deliver) as store:
            first.close()
            for asked in (
                store.write(add_entry, "Vic", "lost"),
                store.post(add_entries, "lost"),
                store.read(count_entries),
            ):
                with pytest.raises(Unavailable):
                    await asked
            with running_server(programs):
                assert await store.read(count_entries) == 0
                assert await store.post(add_entries, "back") == "back"
    assert deliveries.facts == ["back"]

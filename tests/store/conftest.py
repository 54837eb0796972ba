"""Stores on empty databases with the toy schema: what the store does with its entries, it does with tickets."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, Engine, event

from chat.store.engines import Database
from chat.store.store import Store
from chat.store.transaction import RecordedFact
from tests import services
from tests.services import Postgres
from tests.store.toy_schema import no_reaction, toy_metadata


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The path has everything in it that a URI or a ConfigParser could choke on."""
    folder = tmp_path / "données de Zoé 100%?#"
    folder.mkdir()
    return str(URL.create("sqlite", database=str(folder / "guichet.db")))


@pytest.fixture
def postgresql(postgres: Postgres) -> Iterator[str]:
    """An empty database of a real server."""
    with postgres.database() as address:
        yield address


@pytest.fixture
def pgbouncer(postgresql: str) -> Iterator[str]:
    """The same database through a pooler, where neighbouring transactions are on different connections."""
    with services.pgbouncer(postgresql, connections=8) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql", "pgbouncer"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    return str(request.getfixturevalue(request.param))


@dataclass
class Deliveries:
    """The facts that the store delivered, by transaction."""

    batches: list[list[RecordedFact]] = field(default_factory=list)

    def deliver(self, told: Sequence[RecordedFact]) -> None:
        """What a Store gets as its `deliver`."""
        self.batches.append(list(told))

    @property
    def facts(self) -> list[object]:
        return [told.fact for batch in self.batches for told in batch]


@pytest.fixture
def deliveries() -> Deliveries:
    return Deliveries()


Deliver = Callable[[Sequence[RecordedFact]], None]
OpenStore = Callable[[str, Deliver], AbstractAsyncContextManager[Store]]


@pytest.fixture
def open_store() -> OpenStore:
    """A store on a database with an empty toy schema, closed at the end of the block."""

    @asynccontextmanager
    async def opened(url: str, hear: Deliver) -> AsyncIterator[Store]:
        database = Database(url)
        with database.writes.begin() as sql:
            toy_metadata.create_all(sql)
        database.close()
        store = Store(url, hear, no_reaction)
        await store.start()
        try:
            yield store
        finally:
            await store.close()

    return opened


@pytest.fixture
def commits() -> Iterator[list[Engine]]:
    """Every COMMIT on any engine from here on."""
    seen: list[Engine] = []

    def note(sql: Connection) -> None:
        seen.append(sql.engine)

    event.listen(Engine, "commit", note)
    yield seen
    event.remove(Engine, "commit", note)


@pytest.fixture
async def sqlite_store(sqlite: str, open_store: OpenStore, deliveries: Deliveries) -> AsyncIterator[Store]:
    """On SQLite only, where all writes wait in one queue."""
    async with open_store(sqlite, deliveries.deliver) as opened:
        yield opened


@pytest.fixture
async def store(url: str, open_store: OpenStore, deliveries: Deliveries) -> AsyncIterator[Store]:
    """On SQLite, on PostgreSQL, and on PostgreSQL through a pooler."""
    async with open_store(url, deliveries.deliver) as opened:
        yield opened

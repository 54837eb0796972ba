"""Fixtures: the domain on real databases, one SQLite file or PostgreSQL with one or two nodes."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from chat.domain import seed
from chat.domain.reactions import react
from chat.store.engines import Database
from chat.store.migrations import migrate
from chat.store.store import Store
from chat.store.tables import metadata
from chat.store.transaction import Transaction
from tests.domain.domain_driver import MONDAY, DomainDriver
from tests.services import Postgres

SEEDED_TABLES = ("sites", "categories")
DELETE_ROWS = [f"DELETE FROM {table}" for table in reversed(metadata.sorted_tables) if table.name not in SEEDED_TABLES]
RESET_TO_NEW_INSTALL = "; ".join(
    ["UPDATE categories SET department_id = NULL", *DELETE_ROWS, "DELETE FROM sites WHERE key <> 'demo'"]
)


def install_at(url: str) -> None:
    """Migrate a database and insert the data of a new install."""
    migrate(url)
    database = Database(url)
    with database.writes.begin() as sql:
        seed.seed(Transaction(sql), MONDAY)
    database.close()


@pytest.fixture(scope="session")
def new_install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file to copy."""
    path = tmp_path_factory.mktemp("new") / "guichet.db"
    install_at(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite(new_install: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(new_install, tmp_path)}"


@pytest.fixture(scope="session")
def one_postgresql(postgres: Postgres) -> Iterator[str]:
    """One database for all tests: emptying it is faster than creating another."""
    with postgres.database(install_at) as address:
        yield address


@pytest.fixture
def postgresql(one_postgresql: str) -> str:
    with psycopg.connect(one_postgresql) as connection:
        connection.execute(RESET_TO_NEW_INSTALL.encode())
    return one_postgresql


@asynccontextmanager
async def node(url: str) -> AsyncIterator[DomainDriver]:
    """A node on this database, driven by a test."""
    facts: list[object] = []
    store = Store(url, lambda recorded: facts.extend(one.fact for one in recorded), react)
    await store.start()
    try:
        yield DomainDriver(store, facts, runs_twice=url.startswith("sqlite"))
    finally:
        await store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def driver(request: pytest.FixtureRequest) -> AsyncIterator[DomainDriver]:
    """A node on each kind of database."""
    async with node(str(request.getfixturevalue(request.param))) as opened:
        yield opened


@pytest.fixture
async def nodes(postgresql: str) -> AsyncIterator[tuple[DomainDriver, DomainDriver]]:
    """Two nodes on one PostgreSQL."""
    async with node(postgresql) as one, node(postgresql) as other:
        other.now, other.online = one.now, one.online
        yield one, other

"""Desks on real databases: the one file of a machine, and PostgreSQL with as many nodes as a story needs."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from chat.desk import install
from chat.store.migrations import migrate
from chat.store.works import Works
from tests.desk.cast import MONDAY, Desk
from tests.services import Postgres

Node = Callable[[str], AbstractAsyncContextManager[Desk]]


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("empty") / "guichet.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite(empty_file: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_file, tmp_path)}"


@pytest.fixture
def postgresql(postgres: Postgres) -> Iterator[str]:
    with postgres.database(migrate) as address:
        yield address


@asynccontextmanager
async def node(url: str) -> AsyncIterator[Desk]:
    """A desk at work on this database, with what a new install knows."""
    facts: list[object] = []
    works = Works(url, lambda told: facts.extend(one.fact for one in told))
    await works.start()
    try:
        await works.run(install.seed, MONDAY)
        yield Desk(works, facts)
    finally:
        await works.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """A desk on each kind of database."""
    async with node(str(request.getfixturevalue(request.param))) as opened:
        yield opened


@pytest.fixture
async def nodes(postgresql: str) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two nodes on one PostgreSQL."""
    async with node(postgresql) as one, node(postgresql) as other:
        other.now, other.here = one.now, one.here
        yield one, other

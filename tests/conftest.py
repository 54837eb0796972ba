"""Fixtures for the servers that tests use; each starts when a test first needs it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests import services


@pytest.fixture(scope="session")
def postgres() -> Iterator[services.Postgres]:
    """The PostgreSQL server of this test process; `postgres.database(prepare)` clones a database."""
    with services.postgres() as server:
        yield server


@pytest.fixture
async def valkey() -> AsyncIterator[str]:
    """The URL of a Valkey for this test only."""
    async with services.valkey() as url:
        yield url


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A browser for this test only; `await chromium.new_context()` opens it for one more person."""
    async with services.chromium() as browser:
        yield browser

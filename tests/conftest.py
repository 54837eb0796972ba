"""The servers that tests share, started when the first test asks for them."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from chat.cluster.embedded_valkey import EmbeddedValkey
from tests import services


@pytest.fixture(scope="session")
def postgres() -> Iterator[services.Postgres]:
    """One PostgreSQL server a test process; `postgres.database(prepare)` clones a database."""
    with services.postgres() as server:
        yield server


@pytest.fixture
async def valkey() -> AsyncIterator[str]:
    """The address of a Valkey of this test's own."""
    server = EmbeddedValkey()
    try:
        yield await server.start()
    finally:
        await server.stop()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A browser of this test's own; `await chromium.new_context()` is one more person."""
    async with services.chromium() as browser:
        yield browser

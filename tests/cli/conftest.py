"""An operator with an empty DATA_DIR, and one whose server runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.cli_client import Browser, Operator, Server, browsing


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Nothing is there yet: the first command makes DATA_DIR."""
    return Operator(tmp_path / "data")


@pytest.fixture
async def server(operator: Operator) -> AsyncIterator[Server]:
    """A server of this operator's own."""
    async with operator.serving() as started:
        yield started


@pytest.fixture
async def browser(server: Server) -> AsyncIterator[Browser]:
    """Somebody in front of it."""
    async with browsing(server) as opened:
        yield opened

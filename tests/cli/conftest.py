"""Fixtures: an operator with an empty DATA_DIR, a running server and a browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.cli_client import Browser, Operator, Server, open_browser


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """An operator without a DATA_DIR yet: the first command creates it."""
    return Operator(tmp_path / "data")


@pytest.fixture
async def server(operator: Operator) -> AsyncIterator[Server]:
    """A running server of this operator."""
    async with operator.serving() as started:
        yield started


@pytest.fixture
async def browser(server: Server) -> AsyncIterator[Browser]:
    """A browser that talks to the server."""
    async with open_browser(server) as opened:
        yield opened

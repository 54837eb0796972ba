"""On PostgreSQL an error ends the transaction, whatever a verb makes of it, and COMMIT then undoes all and succeeds."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chat.store.works import Work, Works
from tests.store.conftest import OpenWorks, Room
from tests.store.notebook import count, write, write_all, written


@pytest.fixture
async def works(postgresql: str, open_works: OpenWorks, room: Room) -> AsyncIterator[Works]:
    async with open_works(postgresql, room.hear) as opened:
        yield opened


def write_and_swallow(work: Work, line: str) -> str:
    write(work, "Vic", line)
    with suppress(DBAPIError):
        work.sql.execute(text("SELECT 1 / 0"))
    return line


def swallow_all(works: Sequence[Work], lines: Sequence[str]) -> list[str]:
    return [write_and_swallow(work, line) for work, line in zip(works, lines, strict=True)]


async def test_a_verb_that_swallows_an_error_is_not_acknowledged(works: Works, room: Room) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await works.run(write_and_swallow, "lost")
    assert await works.read(count) == 0
    await works.run(write, "Ada", "kept")
    assert await works.read(written) == room.facts == ["kept"]


async def test_posts_that_swallow_an_error_are_not_acknowledged(works: Works, room: Room) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await works.post(swallow_all, "lost")
    assert await works.read(count) == 0
    await works.post(write_all, "kept")
    assert await works.read(written) == room.facts == ["kept"]

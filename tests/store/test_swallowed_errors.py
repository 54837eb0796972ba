"""On PostgreSQL an error ends the transaction, whatever a verb makes of it, and COMMIT then undoes all and succeeds."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chat.store.store import Store
from chat.store.transaction import Transaction
from tests.store.conftest import OpenWorks, Room
from tests.store.toy_schema import count, write, write_all, written


@pytest.fixture
async def store(postgresql: str, open_works: OpenWorks, room: Room) -> AsyncIterator[Store]:
    async with open_works(postgresql, room.hear) as opened:
        yield opened


def write_and_swallow(tx: Transaction, line: str) -> str:
    write(tx, "Vic", line)
    with suppress(DBAPIError):
        tx.sql.execute(text("SELECT 1 / 0"))
    return line


def swallow_all(store: Sequence[Transaction], lines: Sequence[str]) -> list[str]:
    return [write_and_swallow(tx, line) for tx, line in zip(store, lines, strict=True)]


async def test_a_verb_that_swallows_an_error_is_not_acknowledged(store: Store, room: Room) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await store.write(write_and_swallow, "lost")
    assert await store.read(count) == 0
    await store.write(write, "Ada", "kept")
    assert await store.read(written) == room.facts == ["kept"]


async def test_posts_that_swallow_an_error_are_not_acknowledged(store: Store, room: Room) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await store.post(swallow_all, "lost")
    assert await store.read(count) == 0
    await store.post(write_all, "kept")
    assert await store.read(written) == room.facts == ["kept"]

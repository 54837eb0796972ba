"""On PostgreSQL an error ends the transaction even when an action swallows it; COMMIT then rolls back and succeeds."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chat.store.store import Store
from chat.store.transaction import Transaction
from tests.store.conftest import Deliveries, OpenStore
from tests.store.toy_schema import add_entries, add_entry, count_entries, entry_texts


@pytest.fixture
async def store(postgresql: str, open_store: OpenStore, deliveries: Deliveries) -> AsyncIterator[Store]:
    async with open_store(postgresql, deliveries.deliver) as opened:
        yield opened


def add_entry_and_swallow(tx: Transaction, entry: str) -> str:
    add_entry(tx, "Vic", entry)
    with suppress(DBAPIError):
        tx.sql.execute(text("SELECT 1 / 0"))
    return entry


def add_entries_and_swallow(store: Sequence[Transaction], lines: Sequence[str]) -> list[str]:
    return [add_entry_and_swallow(tx, entry) for tx, entry in zip(store, lines, strict=True)]


async def test_an_action_that_swallows_an_error_is_not_acknowledged(store: Store, deliveries: Deliveries) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await store.write(add_entry_and_swallow, "lost")
    assert await store.read(count_entries) == 0
    await store.write(add_entry, "Ada", "kept")
    assert await store.read(entry_texts) == deliveries.facts == ["kept"]


async def test_posts_that_swallow_an_error_are_not_acknowledged(store: Store, deliveries: Deliveries) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await store.post(add_entries_and_swallow, "lost")
    assert await store.read(count_entries) == 0
    await store.post(add_entries, "kept")
    assert await store.read(entry_texts) == deliveries.facts == ["kept"]

"""A server that closes every connection stands in for a PostgreSQL that is away."""

import asyncio

import pytest

from chat.store.store import Store
from chat.store.transaction import Unavailable
from tests.store.conftest import Deliveries
from tests.store.toy_schema import count_entries, no_reaction


async def test_a_store_starts_and_closes_without_connecting(deliveries: Deliveries) -> None:
    callers: list[asyncio.StreamWriter] = []

    def hang_up(_reader: asyncio.StreamReader, caller: asyncio.StreamWriter) -> None:
        callers.append(caller)
        caller.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as away:
        port = away.sockets[0].getsockname()[1]
        store = Store(f"postgresql://nobody@127.0.0.1:{port}/nothing", deliveries.deliver, no_reaction)
        await store.start()
        assert not callers
        with pytest.raises(Unavailable):
            await store.read(count_entries)
        assert callers, "otherwise this test would see no connection"
        callers.clear()
        await store.close()
        assert not callers

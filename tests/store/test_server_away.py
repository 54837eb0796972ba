"""Where PostgreSQL should be, somebody hangs up on every caller."""

import asyncio

import pytest

from chat.store.store import Store
from chat.store.transaction import Unavailable
from tests.store.conftest import Room
from tests.store.toy_schema import count, no_reaction


async def test_a_node_starts_and_ends_without_asking_for_its_server(room: Room) -> None:
    callers: list[asyncio.StreamWriter] = []

    def hang_up(_reader: asyncio.StreamReader, caller: asyncio.StreamWriter) -> None:
        callers.append(caller)
        caller.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as away:
        port = away.sockets[0].getsockname()[1]
        store = Store(f"postgresql://nobody@127.0.0.1:{port}/nothing", room.hear, no_reaction)
        await store.start()
        assert not callers
        with pytest.raises(Unavailable):
            await store.read(count)
        assert callers, "or this test sees nobody who asks"
        callers.clear()
        await store.close()
        assert not callers

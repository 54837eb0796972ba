"""Where PostgreSQL should be, somebody hangs up on every caller."""

import asyncio

import pytest

from chat.store.works import Unavailable, Works
from tests.store.conftest import Room
from tests.store.notebook import count


async def test_a_node_starts_and_ends_without_asking_for_its_server(room: Room) -> None:
    callers: list[asyncio.StreamWriter] = []

    def hang_up(_reader: asyncio.StreamReader, caller: asyncio.StreamWriter) -> None:
        callers.append(caller)
        caller.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as away:
        port = away.sockets[0].getsockname()[1]
        works = Works(f"postgresql://nobody@127.0.0.1:{port}/nothing", room.hear)
        await works.start()
        assert not callers
        with pytest.raises(Unavailable):
            await works.read(count)
        assert callers, "or this test sees nobody who asks"
        callers.clear()
        await works.close()
        assert not callers

"""A moment in which what is asked for waits, so that it is done together."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from threading import Event

from chat.store.store import Store
from chat.store.transaction import Transaction


@asynccontextmanager
async def queueing(store: Store) -> AsyncIterator[None]:
    """Holds up the one who writes posts (on SQLite: who writes anything) until the end of the block."""
    reached, go_on = Event(), Event()

    def hold_up(held: Sequence[Transaction], items: Sequence[None]) -> Sequence[None]:
        held[0].sql.exec_driver_sql("SELECT 1")  # a transaction like others, which SQLAlchemy knows of
        reached.set()
        assert go_on.wait(10)
        return items

    holding = asyncio.ensure_future(store.post(hold_up, None))
    await asyncio.to_thread(reached.wait, 10)
    try:
        yield
        await asyncio.sleep(0)  # one turn, in which the callers queue
    finally:
        go_on.set()
    await holding

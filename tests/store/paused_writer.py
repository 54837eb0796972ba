"""A pause of the writer, in which calls wait so that they run together."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from threading import Event

from chat.store.store import Store
from chat.store.transaction import Transaction


@asynccontextmanager
async def paused_writer(store: Store) -> AsyncIterator[None]:
    """Pause the thread that commits batches (on SQLite: that commits anything) until the end of the block."""
    reached, go_on = Event(), Event()

    def wait(txs: Sequence[Transaction], items: Sequence[None]) -> Sequence[None]:
        txs[0].sql.exec_driver_sql("SELECT 1")  # a transaction like others, which SQLAlchemy has joined
        reached.set()
        assert go_on.wait(10)
        return items

    waiting = asyncio.ensure_future(store.post(wait, None))
    await asyncio.to_thread(reached.wait, 10)
    try:
        yield
        await asyncio.sleep(0)  # one turn of the loop, in which the callers queue
    finally:
        go_on.set()
    await waiting

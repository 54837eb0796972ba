"""Read marks: clients send one for nearly every message, so those of 50 ms are written in one transaction."""

import asyncio
from collections.abc import Callable

from chat.domain.messages import read_marks
from chat.domain.messages.read_marks import ReadMark
from chat.store.store import Store

BATCH_DELAY_S = 0.05

Callback = Callable[[Exception | None], None]


class ReadMarkBatcher:
    """One write for all read marks of BATCH_DELAY_S. On SQLite, one write for each would flush the tickets' rows after
    their messages each time, and make the writer drop its cached ticket states."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[ReadMark, Callback]] = []
        self._writing: set[asyncio.Task[None]] = set()

    def add(self, mark: ReadMark, callback: Callback) -> None:
        """Queue a mark; `callback` gets None once it is committed, or the error."""
        self._waiting.append((mark, callback))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(BATCH_DELAY_S, self._flush)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        task = asyncio.ensure_future(self._write(waiting))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, waiting: list[tuple[ReadMark, Callback]]) -> None:
        outcomes: list[Exception | None]
        try:
            outcomes = [*await self._store.write(read_marks.apply_read_marks, [mark for mark, _ in waiting])]
        except Exception as error:  # noqa: BLE001 (each caller gets it, whatever it is)
            outcomes = [error] * len(waiting)
        for (_, callback), outcome in zip(waiting, outcomes, strict=True):
            callback(outcome)

"""Read marks: people send one for nearly every message, so they are written together, twenty times a second."""

import asyncio
from collections.abc import Callable
from functools import partial

from chat.domain.messages import read_marks
from chat.domain.messages.read_marks import ReadMark
from chat.store.store import Store

BATCH_DELAY_S = 0.05

Callback = Callable[[Exception | None], None]


class ReadMarkBatcher:
    """One call for all that came within WAIT_S: on SQLite a call of its own for each would make the tickets' rows
    follow their messages at once, and the writer forget what it knows of its threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[ReadMark, Callback]] = []
        self._writing: set[asyncio.Task[None]] = set()

    def add(self, read: ReadMark, then: Callback) -> None:
        """`then` is called once the mark is committed, or with what stood in its way."""
        self._waiting.append((read, then))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(BATCH_DELAY_S, self._flush)

    async def write(self, read: ReadMark) -> None:
        """As `take`, for those who would rather wait; raises what stood in its way."""
        answered: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.add(read, partial(_answer, answered))
        if error := await answered:
            raise error

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        task = asyncio.ensure_future(self._write(waiting))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, waiting: list[tuple[ReadMark, Callback]]) -> None:
        answers: list[Exception | None]
        try:
            answers = [*await self._store.write(read_marks.apply_read_marks, [read for read, _ in waiting])]
        except Exception as error:  # noqa: BLE001 (each of them is told, whatever it is)
            answers = [error] * len(waiting)
        for (_, then), answer in zip(waiting, answers, strict=True):
            then(answer)


def _answer(answered: asyncio.Future[Exception | None], answer: Exception | None) -> None:
    if not answered.done():  # its socket may have gone meanwhile
        answered.set_result(answer)

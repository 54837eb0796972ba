"""Read marks: people send one for nearly every message, so they are written together, twenty times a second."""

import asyncio
from collections.abc import Callable
from functools import partial

from chat.desk import messages
from chat.desk.messages import Read
from chat.store.works import Works

WAIT_S = 0.05

Then = Callable[[Exception | None], None]


class Reads:
    """One call for all that came within WAIT_S: on SQLite a call of its own for each would make the tickets' rows
    follow their messages at once, and the writer forget what it knows of its threads."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._waiting: list[tuple[Read, Then]] = []
        self._writing: set[asyncio.Task[None]] = set()

    def take(self, read: Read, then: Then) -> None:
        """`then` is called once the mark is committed, or with what stood in its way."""
        self._waiting.append((read, then))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(WAIT_S, self._hand_over)

    async def done(self, read: Read) -> None:
        """As `take`, for those who would rather wait; raises what stood in its way."""
        answered: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.take(read, partial(_answer, answered))
        if error := await answered:
            raise error

    def _hand_over(self) -> None:
        waiting, self._waiting = self._waiting, []
        task = asyncio.ensure_future(self._write(waiting))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, waiting: list[tuple[Read, Then]]) -> None:
        answers: list[Exception | None]
        try:
            answers = [*await self._works.run(messages.read_all, [read for read, _ in waiting])]
        except Exception as error:  # noqa: BLE001 (each of them is told, whatever it is)
            answers = [error] * len(waiting)
        for (_, then), answer in zip(waiting, answers, strict=True):
            then(answer)


def _answer(answered: asyncio.Future[Exception | None], answer: Exception | None) -> None:
    if not answered.done():  # its socket may have gone meanwhile
        answered.set_result(answer)

"""Works: the one bridge from the asynchronous doors to the synchronous domain, its commits and its reads."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from sqlalchemy import Connection

from chat.store.calls import Batch, Call, Outcome, Told, Unavailable, Work
from chat.store.engine import READERS, WRITERS, Database, passing
from chat.store.lane import WAITING_MAX, Lane
from chat.store.many_writers import ManyWriters
from chat.store.one_writer import OneWriter

__all__ = ["Told", "Unavailable", "Work", "Works", "WorksFor"]

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


class Lanes(NamedTuple):
    """Where calls wait: on SQLite both are the same lane."""

    posts: Lane
    verbs: Lane


class Works:
    """Queues domain calls for the writer and answers them after COMMIT.

    `deliver` gets the facts of each transaction, in order, on the loop; it must not block, and what it raises
    goes to the loop's exception handler. On PostgreSQL several transactions run at a time: their facts come
    in the order in which their threads return, which for one ticket is nearly always that of the commits.
    """

    def __init__(self, url: str, deliver: Callable[[Sequence[Told]], None]) -> None:
        self._database = Database(url)
        self._deliver = deliver
        self._reading = 0
        self._lanes: Lanes | None = None

    async def start(self) -> None:
        """Starts the threads. A PostgreSQL server that is away is no error: callers get Unavailable."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._database.open)
        self._readers = ThreadPoolExecutor(READERS, "guichet-reader")
        if self._database.is_sqlite:
            one = Lane(OneWriter(self._database), self._hand_back)
            self._lanes = Lanes(one, one)
        else:
            many = ManyWriters(self._database)
            posts = Lane(many, self._hand_back)
            self._lanes = Lanes(posts, Lane(many, self._hand_back, threads=WRITERS - 1, at_once=1))

    async def close(self) -> None:
        """Does and answers what was asked before, then ends the threads; who asks later gets Unavailable."""
        lanes, self._lanes = self._lanes, None
        if lanes:
            await asyncio.to_thread(self._end, lanes)

    async def run(self, verb: Callable[Concatenate[Work, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `verb(work, …)` and returns once it is committed; raises what it raised, or Unavailable.

        The verb may be run twice. A caller who is cancelled meanwhile changes nothing: the call is done.
        """
        return await self._alone(None, lambda work: verb(work, *args, **kwargs))

    def as_from(self, origin: str) -> "WorksFor":
        """The same `run`, in the name of the socket whose ack is its copy of what happens."""
        return WorksFor(self, origin)

    async def post(
        self,
        verb: Callable[[Sequence[Work], Sequence[Item]], Sequence[T | Exception]],
        item: Item,
        origin: str | None = None,
    ) -> T:
        """Like `run`, for a verb that takes all the posts that wait at once, each with a Work of its own.

        It answers in their order; an Exception in its list is that member's refusal, which must have written
        nothing. What it raises makes its members run again one by one.
        """
        return cast(T, await self._ask(self._open().posts, cast(Batch, verb), item, origin))

    def post_then(
        self,
        verb: Callable[[Sequence[Work], Sequence[Item]], Sequence[T | Exception]],
        item: Item,
        origin: str | None,
        then: Callable[[T | Exception], None],
    ) -> None:
        """Like `post`, for who waits by no coroutine: `then` is called on the loop after COMMIT."""
        asked = self._ask(self._open().posts, cast(Batch, verb), item, origin)
        asked.add_done_callback(lambda done: then(cast(T, done.exception() or done.result())))

    async def read(self, question: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `question(sql, …)` on one snapshot that sees every commit acknowledged before; never waits for
        the writer."""
        self._open()
        if self._reading >= WAITING_MAX:
            raise Unavailable(f"{WAITING_MAX} questions are waiting already")
        self._reading += 1
        answer = self._loop.run_in_executor(
            self._readers, self._on_a_snapshot, lambda sql: question(sql, *args, **kwargs)
        )
        answer.add_done_callback(self._has_read)
        return await answer

    async def _alone(self, origin: str | None, act: Callable[[Work], T]) -> T:
        # Unlike a post's, this batch is equal to no neighbour's, so that it is never grouped.
        def batch(works: Sequence[Work], _items: Sequence[object]) -> Sequence[object]:
            return [act(works[0])]

        return cast(T, await self._ask(self._open().verbs, batch, None, origin))

    def _ask(self, lane: Lane, batch: Batch, item: object, origin: str | None) -> asyncio.Future[object]:
        future: asyncio.Future[object] = self._loop.create_future()
        lane.put(Call(batch, item, origin, future))
        return future

    def _open(self) -> Lanes:
        if not self._lanes:
            raise Unavailable("the store is closed")
        return self._lanes

    def _hand_back(self, outcomes: list[Outcome]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._answer, outcomes)

    def _answer(self, outcomes: list[Outcome]) -> None:
        """On the loop, after COMMIT. Futures first: what `deliver` raises then costs nobody their answer.

        The wire still sees events before acks: resolving a future only schedules the one who waits, and
        `deliver` runs before that turn. So no ack runs ahead of a message with a smaller seq.
        """
        for outcome in outcomes:
            _resolve(outcome.call.future, outcome.answer)
        told = [fact for outcome in outcomes for fact in outcome.told]
        if told:
            self._deliver(told)

    def _on_a_snapshot(self, question: Callable[[Connection], T]) -> T:
        """Asks again once: after a restart of the server a pooled connection is dead without knowing it."""
        try:
            return self._ask_once(question)
        except Exception as error:
            if not passing(error):
                raise
        try:
            return self._ask_once(question)
        except Exception as error:
            if not passing(error):
                raise
            raise Unavailable("the store can't be read") from error

    def _ask_once(self, question: Callable[[Connection], T]) -> T:
        with self._database.reads.begin() as sql:
            return question(sql)

    def _has_read(self, _answer: asyncio.Future[T]) -> None:
        self._reading -= 1

    def _end(self, lanes: Lanes) -> None:
        for lane in set(lanes):
            lane.close()
        self._readers.shutdown()
        self._database.close()


class WorksFor:
    """Works in the name of one socket."""

    def __init__(self, works: Works, origin: str) -> None:
        self._works = works
        self._origin = origin

    async def run(self, verb: Callable[Concatenate[Work, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As Works.run; the facts carry the origin."""
        return await self._works._alone(self._origin, lambda work: verb(work, *args, **kwargs))


def _resolve(future: asyncio.Future[object], answer: object) -> None:
    if future.done():  # cancelled: the socket is gone, the call is committed all the same
        return
    if isinstance(answer, StopIteration):  # a future takes none, and the rest of the batch would hang
        future.set_exception(RuntimeError("StopIteration"))
    elif isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)

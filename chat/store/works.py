"""Works: the one bridge from the asynchronous doors to the synchronous domain, its commits and its reads."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from sqlalchemy import Connection

from chat.store.calls import Call, Outcome, Told, Unavailable, Work
from chat.store.engine import READERS, WRITERS, Database, passing
from chat.store.lane import WAITING_MAX, Lane, Writer
from chat.store.many_writers import ManyWriters
from chat.store.one_writer import OneWriter
from chat.store.pace import Pace

__all__ = ["Told", "Unavailable", "Work", "Works", "WorksFor"]

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")

# How long a ticket's row may be behind its messages when nobody asks.
SETTLE_S = 1.0


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
        self._writer: Writer = (OneWriter if self._database.is_sqlite else ManyWriters)(self._database)
        self._pace = Pace(self._database.is_sqlite)
        self._deliver = deliver
        self._reading = 0
        self._lanes: Lanes | None = None
        self._collected: list[Call] = []
        self._settling: asyncio.Future[object] | None = None
        self._timers: dict[Callable[[], None], asyncio.TimerHandle] = {}

    async def start(self) -> None:
        """Starts the threads. A PostgreSQL server that is away is no error: callers get Unavailable."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._database.open)
        self._readers = ThreadPoolExecutor(READERS, "guichet-reader")
        posts = verbs = Lane(self._writer, self._hand_back)
        if not self._database.is_sqlite:
            verbs = Lane(self._writer, self._hand_back, threads=WRITERS - 1, at_once=1)
        self._lanes = Lanes(posts, verbs)

    async def close(self) -> None:
        """Does and answers what was asked before, then ends the threads; who asks later gets Unavailable."""
        if self._lanes:
            self._hand_over()
            if self._database.is_sqlite:  # elsewhere no row is ever behind, and a server that is away is waited for
                self._lanes.verbs.put(_settle(_nobody_asked))
            lanes, self._lanes = self._lanes, None
            for timer in self._timers.values():
                timer.cancel()
            await asyncio.to_thread(self._end, lanes)

    async def run(self, verb: Callable[Concatenate[Work, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `verb(work, …)` and returns once it is committed; raises what it raised, or Unavailable.

        The verb may be run twice. A caller who is cancelled meanwhile changes nothing: the call is done.
        """
        return await self._alone(None, lambda work: verb(work, *args, **kwargs))

    def as_from(self, origin: str) -> "WorksFor":
        """The same `run`, in the name of the socket whose ack is its copy of what happens."""
        return WorksFor(self, origin)

    def post_then(
        self,
        verb: Callable[[Sequence[Work], Sequence[Item]], Sequence[T | Exception]],
        item: Item,
        origin: str | None,
        then: Callable[[T | Exception], None],
    ) -> None:
        """Like `run`, for a verb that takes all the posts that wait at once, each with a Work of its own; `then` is
        called on the loop with the answer. Raises Unavailable at once when that is known now.

        The verb answers in their order; an Exception in its list is that member's refusal, which must have written
        nothing. What it raises makes its members run again one by one.
        """
        collected = self._collected
        self._open().posts.make_room(len(collected))
        collected.append(Call(verb, item, origin, then, "post"))
        if len(collected) == 1:
            self._in(self._pace.linger_s(self._loop.time()), self._hand_over)

    async def post(
        self,
        verb: Callable[[Sequence[Work], Sequence[Item]], Sequence[T | Exception]],
        item: Item,
        origin: str | None = None,
    ) -> T:
        """As `post_then`, for those who would rather wait."""
        future: asyncio.Future[object] = self._loop.create_future()
        self.post_then(verb, item, origin, partial(_resolve, future))
        return cast(T, await future)

    async def read(self, question: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `question(sql, …)` on one snapshot that sees every commit acknowledged before.

        Waits for the writer only while tickets' rows are behind words that were acknowledged.
        """
        self._open()
        if self._writer.behind:
            await asyncio.shield(self._settled())
        return await self.peek(question, *args, **kwargs)

    async def peek(self, question: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read`, and never waits for the writer: for questions that are not about what was said last, such as
        whether a session lives."""
        self._open()
        if self._reading >= WAITING_MAX:
            raise Unavailable(f"{WAITING_MAX} questions are waiting already")
        self._reading += 1
        try:
            return await self._loop.run_in_executor(
                self._readers, self._on_a_snapshot, lambda sql: question(sql, *args, **kwargs)
            )
        finally:
            self._reading -= 1

    # -- on the loop -------------------------------------------------------------------------------------------

    async def _alone(self, origin: str | None, act: Callable[[Work], T]) -> T:
        # Unlike a post's, this batch is equal to no neighbour's, so that it is never grouped.
        def batch(works: Sequence[Work], _items: Sequence[object]) -> Sequence[object]:
            return [act(works[0])]

        verbs = self._open().verbs
        verbs.make_room(len(self._collected))
        self._hand_over()  # what was posted before comes before it
        future: asyncio.Future[object] = self._loop.create_future()
        verbs.put(Call(batch, None, origin, partial(_resolve, future), "verb"))
        return cast(T, await future)

    def _open(self) -> Lanes:
        if not self._lanes:
            raise Unavailable("the store is closed")
        return self._lanes

    def _in(self, seconds: float, act: Callable[[], None]) -> None:
        """Once, however often it is asked for until then."""
        if act not in self._timers:
            self._timers[act] = self._loop.call_later(seconds, self._ring, act)

    def _ring(self, act: Callable[[], None]) -> None:
        del self._timers[act]
        act()

    def _hand_over(self) -> None:
        """All posts that were collected go to the writer."""
        if self._collected:
            collected, self._collected = self._collected, []
            self._pace.went(len(collected), self._loop.time())
            self._open().posts.put(*collected)

    def _settled(self) -> asyncio.Future[object]:
        """Everything acknowledged by now will be in its ticket's row; those who ask at the same time share it."""
        if self._settling is None:
            self._settling = self._loop.create_future()
            self._open().verbs.put(_settle(partial(_resolve, self._settling)))
        return self._settling

    def _settle_now(self) -> None:
        if self._writer.behind:
            self._open().verbs.put(_settle(_nobody_asked))

    def _answer(self, outcomes: list[Outcome]) -> None:
        """After COMMIT. Events before acks, so that no ack runs ahead of a message with a smaller seq; and nobody's
        answer depends on what somebody else's ears or answer raise."""
        self._settling = None  # it was asked for before this was acknowledged
        if self._lanes and self._writer.behind:
            self._in(SETTLE_S, self._settle_now)
        if told := [fact for _, _, facts in outcomes for fact in facts]:
            try:
                self._deliver(told)
            except Exception as error:  # noqa: BLE001
                self._complain(error)
        for call, answer, _ in outcomes:
            try:
                call.then(answer)
            except Exception as error:  # noqa: BLE001 (whatever it is, the others are told)
                self._complain(error)

    def _complain(self, error: Exception) -> None:
        self._loop.call_exception_handler({"message": "told of a commit, somebody raised", "exception": error})

    # -- on other threads --------------------------------------------------------------------------------------

    def _hand_back(self, outcomes: list[Outcome]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._answer, outcomes)

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

    def _end(self, lanes: Lanes) -> None:
        for lane in set(lanes):
            lane.close()
        self._readers.shutdown()
        self._writer.let_go()
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


def _settle(then: Callable[[object], None]) -> Call:
    """A call that does nothing: before any but a post, the writer brings the tickets' rows up to their messages."""
    return Call(lambda works, items: items, None, None, then, "settle")


def _nobody_asked(_answer: object) -> None:
    """If it failed, the next second tries again."""

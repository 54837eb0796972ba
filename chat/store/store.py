"""Works: the one bridge from the asynchronous doors to the synchronous domain, its commits and its reads."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from sqlalchemy import Connection

from chat.store.engines import READERS, WRITERS, Database, is_transient
from chat.store.transaction import RecordedFact, Transaction, Unavailable
from chat.store.writers.batching import BatchDelay
from chat.store.writers.postgres import PostgresWriter
from chat.store.writers.sqlite import SqliteWriter
from chat.store.writers.write_queue import MAX_WAITING, Outcome, QueuedCall, WriteQueue, Writer

__all__ = ["RecordedFact", "Store", "StoreAs", "Transaction", "Unavailable"]

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")

# How long a ticket's row may be behind its messages when nobody asks.
FLUSH_ROWS_S = 1.0


class Queues(NamedTuple):
    """Where calls wait: on SQLite both are the same lane."""

    posts: WriteQueue
    actions: WriteQueue


class Store:
    """Queues domain calls for the writer and answers them after COMMIT.

    `deliver` gets the facts of each transaction, in order, on the loop; it must not block, and what it raises
    goes to the loop's exception handler. On PostgreSQL several transactions run at a time: their facts come
    in the order in which their threads return, which for one ticket is nearly always that of the commits.
    """

    def __init__(self, url: str, deliver: Callable[[Sequence[RecordedFact]], None]) -> None:
        self._database = Database(url)
        self._writer: Writer = (SqliteWriter if self._database.is_sqlite else PostgresWriter)(self._database)
        self._batch_delay = BatchDelay(self._database.is_sqlite)
        self._deliver = deliver
        self._reading = 0
        self._queues: Queues | None = None
        self._collected_posts: list[QueuedCall] = []
        self._flushing: asyncio.Future[object] | None = None
        self._timers: dict[Callable[[], None], asyncio.TimerHandle] = {}

    async def start(self) -> None:
        """Starts the threads. A PostgreSQL server that is away is no error: callers get Unavailable."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._database.open)
        self._readers = ThreadPoolExecutor(READERS, "guichet-reader")
        posts = verbs = WriteQueue(self._writer, self._return_results)
        if not self._database.is_sqlite:
            verbs = WriteQueue(self._writer, self._return_results, threads=WRITERS - 1, at_once=1)
        self._queues = Queues(posts, verbs)

    async def close(self) -> None:
        """Does and answers what was asked before, then ends the threads; who asks later gets Unavailable."""
        if self._queues:
            self._flush_posts()
            if self._database.is_sqlite:  # elsewhere no row is ever behind, and a server that is away is waited for
                self._queues.actions.put(_flush_rows_call(_ignore_answer))
            lanes, self._queues = self._queues, None
            for timer in self._timers.values():
                timer.cancel()
            await asyncio.to_thread(self._end, lanes)

    async def write(self, action: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `verb(work, …)` and returns once it is committed; raises what it raised, or Unavailable.

        The verb may be run twice. A caller who is cancelled meanwhile changes nothing: the call is done.
        """
        return await self._write(None, lambda tx: action(tx, *args, **kwargs))

    def as_from(self, origin: str) -> "StoreAs":
        """The same `run`, in the name of the socket whose ack is its copy of what happens."""
        return StoreAs(self, origin)

    def post_with_callback(
        self,
        action: Callable[[Sequence[Transaction], Sequence[Item]], Sequence[T | Exception]],
        item: Item,
        origin: str | None,
        callback: Callable[[T | Exception], None],
    ) -> None:
        """Like `run`, for a verb that takes all the posts that wait at once, each with a Work of its own; `then` is
        called on the loop with the answer. Raises Unavailable at once when that is known now.

        The verb answers in their order; an Exception in its list is that member's refusal, which must have written
        nothing. What it raises makes its members run again one by one.
        """
        collected = self._collected_posts
        self._open().posts.require_room(len(collected))
        collected.append(QueuedCall(action, item, origin, callback, "post"))
        if len(collected) == 1:
            self._schedule_once(self._batch_delay.delay_s(self._loop.time()), self._flush_posts)

    async def post(
        self,
        action: Callable[[Sequence[Transaction], Sequence[Item]], Sequence[T | Exception]],
        item: Item,
        origin: str | None = None,
    ) -> T:
        """As `post_then`, for those who would rather wait."""
        future: asyncio.Future[object] = self._loop.create_future()
        self.post_with_callback(action, item, origin, partial(_resolve, future))
        return cast(T, await future)

    async def read(self, question: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `question(sql, …)` on one snapshot that sees every commit acknowledged before.

        Waits for the writer only while tickets' rows are behind words that were acknowledged.
        """
        self._open()
        if self._writer.rows_pending:
            await asyncio.shield(self._rows_flushed())
        return await self.read_stale(question, *args, **kwargs)

    async def read_stale(
        self, question: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `read`, and never waits for the writer: for questions that are not about what was said last, such as
        whether a session lives."""
        self._open()
        if self._reading >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} questions are waiting already")
        self._reading += 1
        try:
            return await self._loop.run_in_executor(
                self._readers, self._read_snapshot, lambda sql: question(sql, *args, **kwargs)
            )
        finally:
            self._reading -= 1

    # -- on the loop -------------------------------------------------------------------------------------------

    async def _write(self, origin: str | None, act: Callable[[Transaction], T]) -> T:
        # Unlike a post's, this batch is equal to no neighbour's, so that it is never grouped.
        def batch(txs: Sequence[Transaction], _items: Sequence[object]) -> Sequence[object]:
            return [act(txs[0])]

        verbs = self._open().actions
        verbs.require_room(len(self._collected_posts))
        self._flush_posts()  # what was posted before comes before it
        future: asyncio.Future[object] = self._loop.create_future()
        verbs.put(QueuedCall(batch, None, origin, partial(_resolve, future), "verb"))
        return cast(T, await future)

    def _open(self) -> Queues:
        if not self._queues:
            raise Unavailable("the store is closed")
        return self._queues

    def _schedule_once(self, seconds: float, act: Callable[[], None]) -> None:
        """Once, however often it is asked for until then."""
        if act not in self._timers:
            self._timers[act] = self._loop.call_later(seconds, self._run_scheduled, act)

    def _run_scheduled(self, act: Callable[[], None]) -> None:
        del self._timers[act]
        act()

    def _flush_posts(self) -> None:
        """All posts that were collected go to the writer."""
        if self._collected_posts:
            collected, self._collected_posts = self._collected_posts, []
            self._batch_delay.record_flush(len(collected), self._loop.time())
            self._open().posts.put(*collected)

    def _rows_flushed(self) -> asyncio.Future[object]:
        """Everything acknowledged by now will be in its ticket's row; those who ask at the same time share it."""
        if self._flushing is None:
            self._flushing = self._loop.create_future()
            self._open().actions.put(_flush_rows_call(partial(_resolve, self._flushing)))
        return self._flushing

    def _flush_rows(self) -> None:
        if self._writer.rows_pending:
            self._open().actions.put(_flush_rows_call(_ignore_answer))

    def _answer(self, outcomes: list[Outcome]) -> None:
        """After COMMIT. Events before acks, so that no ack runs ahead of a message with a smaller seq; and nobody's
        answer depends on what somebody else's ears or answer raise."""
        self._flushing = None  # it was asked for before this was acknowledged
        if self._queues and self._writer.rows_pending:
            self._schedule_once(FLUSH_ROWS_S, self._flush_rows)
        if told := [fact for _, _, facts in outcomes for fact in facts]:
            try:
                self._deliver(told)
            except Exception as error:  # noqa: BLE001
                self._report_error(error)
        for call, answer, _ in outcomes:
            try:
                call.callback(answer)
            except Exception as error:  # noqa: BLE001 (whatever it is, the others are told)
                self._report_error(error)

    def _report_error(self, error: Exception) -> None:
        self._loop.call_exception_handler({"message": "told of a commit, somebody raised", "exception": error})

    # -- on other threads --------------------------------------------------------------------------------------

    def _return_results(self, outcomes: list[Outcome]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._answer, outcomes)

    def _read_snapshot(self, question: Callable[[Connection], T]) -> T:
        """Asks again once: after a restart of the server a pooled connection is dead without knowing it."""
        try:
            return self._read_once(question)
        except Exception as error:
            if not is_transient(error):
                raise
        try:
            return self._read_once(question)
        except Exception as error:
            if not is_transient(error):
                raise
            raise Unavailable("the store can't be read") from error

    def _read_once(self, question: Callable[[Connection], T]) -> T:
        with self._database.reads.begin() as sql:
            return question(sql)

    def _end(self, lanes: Queues) -> None:
        for lane in set(lanes):
            lane.close()
        self._readers.shutdown()
        self._writer.release_connection()
        self._database.close()


class StoreAs:
    """Works in the name of one socket."""

    def __init__(self, txs: Store, origin: str) -> None:
        self._store = txs
        self._origin = origin

    async def write(self, action: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As Works.run; the facts carry the origin."""
        return await self._store._write(self._origin, lambda tx: action(tx, *args, **kwargs))


def _resolve(future: asyncio.Future[object], answer: object) -> None:
    if future.done():  # cancelled: the socket is gone, the call is committed all the same
        return
    if isinstance(answer, StopIteration):  # a future takes none, and the rest of the batch would hang
        future.set_exception(RuntimeError("StopIteration"))
    elif isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _flush_rows_call(then: Callable[[object], None]) -> QueuedCall:
    """A call that does nothing: before any but a post, the writer brings the tickets' rows up to their messages."""
    return QueuedCall(lambda txs, items: items, None, None, then, "settle")


def _ignore_answer(_answer: object) -> None:
    """If it failed, the next second tries again."""

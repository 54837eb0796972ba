"""The store: queues the writes of asynchronous callers, answers them after COMMIT, and runs their reads."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from sqlalchemy import Connection

from chat.store.engines import READERS, WRITERS, Database, is_transient
from chat.store.transaction import RecordedFact, Transaction, Unavailable
from chat.store.writers.postgres import PostgresWriter
from chat.store.writers.sqlite import SqliteWriter
from chat.store.writers.write_queue import MAX_WAITING, BatchDelay, Outcome, QueuedCall, React, WriteQueue, Writer

__all__ = ["RecordedFact", "Store", "StoreAs", "Transaction", "Unavailable"]

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


class Queues(NamedTuple):
    """Where calls wait for the writer; on SQLite both are the same queue."""

    batches: WriteQueue
    actions: WriteQueue


class Store:
    """Queues domain calls for the writer and answers them after COMMIT.

    `deliver` gets the facts of each transaction, in order, on the event loop. It must not block; what it raises goes
    to the loop's exception handler. On PostgreSQL several transactions run at a time: their facts come in the order in
    which their threads return, which for one ticket is nearly always that of the commits.
    `react` gets each fact before COMMIT, in its transaction, on the writer's thread; what it raises fails the call.
    """

    def __init__(self, url: str, deliver: Callable[[Sequence[RecordedFact]], None], react: React) -> None:
        self._database = Database(url)
        writer = SqliteWriter if self._database.is_sqlite else PostgresWriter
        self._writer: Writer = writer(self._database, react)
        self._batch_delay = BatchDelay(self._database.is_sqlite)
        self._deliver = deliver
        self._reading = 0
        self._queues: Queues | None = None
        # Items of batches on their way to the queue, by their `delay_s`.
        self._collected: dict[float | None, list[QueuedCall]] = {}

    async def start(self) -> None:
        """Start the threads. No error when a PostgreSQL server is away: callers get Unavailable."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._database.open)
        self._readers = ThreadPoolExecutor(READERS, "guichet-reader")
        batches = actions = WriteQueue(self._writer, self._return_results)
        if not self._database.is_sqlite:
            actions = WriteQueue(self._writer, self._return_results, threads=WRITERS - 1, batch_size=1)
        self._queues = Queues(batches, actions)

    async def close(self) -> None:
        """Finish and answer the calls that wait, then end the threads. Later callers get Unavailable."""
        if self._queues:
            self._flush_all()
            queues, self._queues = self._queues, None
            await asyncio.to_thread(self._end, queues)

    async def write(self, action: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `action(tx, …)` and return its answer once it is committed. Raises what it raised, or Unavailable.

        The action may run twice. Cancelling the caller does not cancel the action.
        """
        return await self._write(None, lambda tx: action(tx, *args, **kwargs))

    def as_from(self, origin: str) -> "StoreAs":
        """The same `write` for one socket, whose ack is its copy of the facts."""
        return StoreAs(self, origin)

    def post_with_callback(
        self,
        action: Callable[[Sequence[Transaction], Sequence[Item]], Sequence[T | Exception]],
        item: Item,
        origin: str | None,
        callback: Callable[[T | Exception], None],
        delay_s: float | None = None,
    ) -> None:
        """Queue one item of a batch action, and call `callback` on the event loop with its answer after COMMIT.

        The action gets all items that wait, each with a Transaction of its own, and answers them in their order. An
        Exception among the answers refuses that item alone, which must have written nothing; when the action raises,
        its items run again one by one. Items wait `delay_s` for each other, by default as long as BatchDelay says.
        Raises Unavailable when too many calls wait.
        """
        self._open().batches.require_room(self._collected_count())
        collected = self._collected.setdefault(delay_s, [])
        collected.append(QueuedCall(action, item, origin, callback, "batch"))
        if len(collected) == 1:
            wait_s = self._batch_delay.delay_s(self._loop.time()) if delay_s is None else delay_s
            self._loop.call_later(wait_s, self._flush, delay_s)

    async def post(
        self,
        action: Callable[[Sequence[Transaction], Sequence[Item]], Sequence[T | Exception]],
        item: Item,
        origin: str | None = None,
        delay_s: float | None = None,
    ) -> T:
        """As `post_with_callback`, but return the answer, or raise it when it is an Exception."""
        future: asyncio.Future[object] = self._loop.create_future()
        self.post_with_callback(action, item, origin, partial(_resolve, future), delay_s)
        return cast(T, await future)

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(sql, …)` on one snapshot that has every commit acknowledged before. Raises Unavailable."""
        self._open()
        if self._reading >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} queries are waiting already")
        self._reading += 1
        try:
            return await self._loop.run_in_executor(
                self._readers, self._read_snapshot, lambda sql: query(sql, *args, **kwargs)
            )
        finally:
            self._reading -= 1

    # -- on the event loop -------------------------------------------------------------------------------------

    async def _write(self, origin: str | None, act: Callable[[Transaction], T]) -> T:
        # A new function for each call, so that an action never runs as one with its neighbour.
        def action(txs: Sequence[Transaction], _items: Sequence[object]) -> Sequence[object]:
            return [act(txs[0])]

        actions = self._open().actions
        actions.require_room(self._collected_count())
        self._flush_all()  # an action does not overtake what was posted before
        future: asyncio.Future[object] = self._loop.create_future()
        actions.put(QueuedCall(action, None, origin, partial(_resolve, future), "action"))
        return cast(T, await future)

    def _open(self) -> Queues:
        if not self._queues:
            raise Unavailable("the store is closed")
        return self._queues

    def _collected_count(self) -> int:
        return sum(map(len, self._collected.values()))

    def _flush_all(self) -> None:
        for delay_s in [*self._collected]:
            self._flush(delay_s)

    def _flush(self, delay_s: float | None) -> None:
        """Put the collected items into the queue. A timer may find none: an action has flushed them before it."""
        if collected := self._collected.pop(delay_s, None):
            if delay_s is None:
                self._batch_delay.record_flush(len(collected), self._loop.time())
            self._open().batches.put(*collected)

    def _answer(self, outcomes: list[Outcome]) -> None:
        """After COMMIT. Events go before acks, so that no ack overtakes a message with a smaller seq. No caller's
        answer depends on what a listener or another callback raises."""
        if facts := [fact for _, _, recorded in outcomes for fact in recorded]:
            try:
                self._deliver(facts)
            except Exception as error:  # noqa: BLE001
                self._report_error(error)
        for call, answer, _ in outcomes:
            try:
                call.callback(answer)
            except Exception as error:  # noqa: BLE001 (whatever it is, the others get their answers)
                self._report_error(error)

    def _report_error(self, error: Exception) -> None:
        self._loop.call_exception_handler({"message": "a listener of a commit raised", "exception": error})

    # -- on other threads --------------------------------------------------------------------------------------

    def _return_results(self, outcomes: list[Outcome]) -> None:
        with suppress(RuntimeError):  # the loop is closed: no caller waits any more
            self._loop.call_soon_threadsafe(self._answer, outcomes)

    def _read_snapshot(self, query: Callable[[Connection], T]) -> T:
        """Try twice: after a restart of the server a pooled connection is dead and does not know it."""
        try:
            return self._read_once(query)
        except Exception as error:
            if not is_transient(error):
                raise
        try:
            return self._read_once(query)
        except Exception as error:
            if not is_transient(error):
                raise
            raise Unavailable("the store can't be read") from error

    def _read_once(self, query: Callable[[Connection], T]) -> T:
        with self._database.reads.begin() as sql:
            return query(sql)

    def _end(self, queues: Queues) -> None:
        for queue in set(queues):
            queue.close()
        self._readers.shutdown()
        self._writer.release_connection()
        self._database.close()


class StoreAs:
    """A Store whose writes come from one socket."""

    def __init__(self, store: Store, origin: str) -> None:
        self._store = store
        self._origin = origin

    async def write(self, action: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As Store.write; the facts carry the origin."""
        return await self._store._write(self._origin, lambda tx: action(tx, *args, **kwargs))


def _resolve(future: asyncio.Future[object], answer: object) -> None:
    if future.done():  # cancelled: the socket is gone, the call is committed all the same
        return
    if isinstance(answer, StopIteration):  # a future refuses it, and the rest of the batch would hang
        future.set_exception(RuntimeError("StopIteration"))
    elif isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)

"""The write queue: how long posts wait for each other, what waits for the writer, and the threads that run it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from math import exp, inf
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Literal, NamedTuple, Protocol

from sqlalchemy import Connection

from chat.store.message_writers.base import MessageWriter
from chat.store.transaction import RecordedFact, Transaction, Unavailable

MAX_WAITING = 10_000
MAX_BATCH = 512

# Waking the writer for each post, and the event loop for each answer, costs more than storing the post. So posts wait
# for each other: nobody notices 2 ms, and at a low rate they share a COMMIT as well (CPU per message fell from 1.8 to
# 0.9 times that of a relay which stores nothing).
DELAY_S = 0.002
# A transaction on PostgreSQL is four round trips, however many posts are in it, and all nodes share the one server. So
# there posts wait until about TARGET_BATCH have come, within these bounds. Below BUSY_RATE posts a second they don't.
TARGET_BATCH = 8
POSTGRES_DELAY_S = (0.016, 0.032)
BUSY_RATE = 60
RATE_WINDOW_S = 1.0

log = logging.getLogger(__name__)

# Takes the transactions and the items of all calls that run together, and returns an answer for each, in their order.
# An Exception among the answers refuses that call alone, which must have written nothing.
BatchAction = Callable[[Sequence[Transaction], Sequence[Any]], Sequence[object]]
Callback = Callable[[Any], None]
# Runs the reactions to a recorded fact, in the transaction that recorded it.
React = Callable[[Transaction, object], None]
# "batch" calls may keep the writer's ticket states up to date themselves; after an "action" they are all forgotten.
Kind = Literal["batch", "action"]


class QueuedCall:
    """A call that waits for the writer. Neighbours in the queue with the same `action` run together."""

    __slots__ = ("action", "callback", "item", "kind", "origin")

    def __init__(self, action: BatchAction, item: object, origin: str | None, callback: Callback, kind: Kind) -> None:
        self.action = action
        self.item = item
        self.origin = origin
        self.callback = callback
        self.kind = kind


class Outcome(NamedTuple):
    """The answer to a call (its caller raises an Exception) and the facts to publish."""

    call: QueuedCall
    answer: object
    facts: Sequence[RecordedFact] = ()


def run_batch(sql: Connection, calls: Sequence[QueuedCall], writer: MessageWriter, react: React) -> list[Outcome]:
    """Run calls that share their `action`, then the reactions to their facts, in the open transaction of `sql`."""
    txs = [Transaction(sql, call.origin, writer) for call in calls]
    answers = calls[0].action(txs, [call.item for call in calls])
    outcomes = []
    for call, answer, tx in zip(calls, answers, txs, strict=True):
        refusal = isinstance(answer, Exception)
        if not refusal:
            for recorded in tx.facts:  # grows meanwhile: a reaction may record facts, which have reactions too
                react(tx, recorded.fact)
        outcomes.append(Outcome(call, answer, () if refusal else tx.facts))
    return outcomes


def unavailable(call: QueuedCall, reason: Exception) -> Outcome:
    """The outcome of a call that could not be committed."""
    answer = Unavailable(f"the store is out of reach: {reason}")
    answer.__cause__ = reason
    return Outcome(call, answer)


class Writer(Protocol):
    """Commits calls and yields the outcomes of each transaction, until every call has one. `release_connection` is
    called last, when the threads have ended."""

    def commit(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]: ...
    def release_connection(self) -> None: ...


class WriteQueue:
    """A bounded queue. Its threads pass the waiting calls to the writer, `batch_size` at most, and the outcomes to
    `return_results`."""

    def __init__(
        self,
        writer: Writer,
        return_results: Callable[[list[Outcome]], None],
        threads: int = 1,
        batch_size: int = MAX_BATCH,
    ) -> None:
        self._writer = writer
        self._return_results = return_results
        self._batch_size = batch_size
        # None closes one thread. SimpleQueue waits and wakes in C, which Python's own conditions do not.
        self._waiting: SimpleQueue[QueuedCall | None] = SimpleQueue()
        # Daemons, so that a process which ends without close() does not hang; clients repeat what was not acknowledged.
        self._threads = [Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def require_room(self, collected: int = 0) -> None:
        """Raises Unavailable when too many calls wait, `collected` others included."""
        if self._waiting.qsize() + collected >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} calls are waiting already")

    def put(self, *calls: QueuedCall) -> None:
        """Put all of them before the thread looks, unless this thread is interrupted."""
        for call in calls:
            self._waiting.put(call)

    def close(self) -> None:
        """Block until all calls are done. Nothing may be put after this."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while calls := self._take_waiting():
            done: list[Outcome] = []
            try:
                for outcomes in self._writer.commit(calls):
                    self._return_results(outcomes)
                    done += outcomes
            except Exception as error:
                log.exception("the writer itself failed; it goes on")
                answered = {outcome.call for outcome in done}
                self._return_results([unavailable(call, error) for call in calls if call not in answered])

    def _take_waiting(self) -> list[QueuedCall]:
        """Wait for a call and take those that wait with it; empty when the queue is closed."""
        calls: list[QueuedCall] = []
        call = self._waiting.get()
        while call is not None:
            calls.append(call)
            if len(calls) == self._batch_size:
                return calls
            try:
                call = self._waiting.get_nowait()
            except Empty:
                return calls
        if calls:
            self._waiting.put(None)  # for the next time
        return calls


class BatchDelay:
    """How long the posts of one node wait for each other, by the rate at which they have been coming."""

    def __init__(self, is_sqlite: bool) -> None:
        self._is_sqlite = is_sqlite
        self._rate = 0.0
        self._at = -inf

    def record_flush(self, posts: int, now: float) -> None:
        """So many posts were passed on at `now`, in seconds of one clock."""
        self._rate = self._current_rate(now) + posts / RATE_WINDOW_S
        self._at = now

    def delay_s(self, now: float) -> float:
        """How long a post that comes at `now`, the first of its batch, waits for others, in seconds."""
        rate = self._current_rate(now)
        if self._is_sqlite or rate < BUSY_RATE:
            return DELAY_S
        shortest, longest = POSTGRES_DELAY_S
        return min(max(TARGET_BATCH / rate, shortest), longest)

    def _current_rate(self, now: float) -> float:
        # A post that came t seconds ago counts e^-t: at an even rate, the sum tends to posts a second.
        return self._rate * exp((self._at - now) / RATE_WINDOW_S)

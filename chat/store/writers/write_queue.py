"""A bounded queue of calls and the threads that empty it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Literal, NamedTuple, Protocol

from sqlalchemy import Connection

from chat.store.message_writers.base import MessageWriter
from chat.store.transaction import RecordedFact, Transaction, Unavailable

MAX_WAITING = 10_000
MAX_BATCH = 512

log = logging.getLogger(__name__)


# Many works of one transaction in, as many answers out; an Exception among them is that member's refusal.
Batch = Callable[[Sequence["Transaction"], Sequence[Any]], Sequence[object]]
Callback = Callable[[Any], None]
Kind = Literal["post", "verb", "settle"]


class QueuedCall:
    """A caller, whose `then` is given the answer. Neighbours in the queue with an equal `batch` are run as one.

    A post keeps the journal by itself. Before any other kind the tickets' rows follow their messages; to settle is
    that and nothing more.
    """

    __slots__ = ("batch", "callback", "item", "kind", "origin")

    def __init__(self, batch: Batch, item: object, origin: str | None, then: Callback, kind: Kind) -> None:
        self.batch = batch
        self.item = item
        self.origin = origin
        self.callback = then
        self.kind = kind


class Outcome(NamedTuple):
    """What a call's caller is to get (an Exception is raised there), and what the world is told."""

    call: QueuedCall
    answer: object
    facts: Sequence[RecordedFact] = ()


def run_batch(sql: Connection, calls: Sequence[QueuedCall], writer: MessageWriter) -> list[Outcome]:
    """Runs calls that share their `batch`, in the transaction that is open on `sql`."""
    txs = [Transaction(sql, call.origin, writer) for call in calls]
    answers = calls[0].batch(txs, [call.item for call in calls])
    return [
        Outcome(call, answer, () if isinstance(answer, Exception) else tx.facts)
        for call, answer, tx in zip(calls, answers, txs, strict=True)
    ]


def refused(call: QueuedCall, why: Exception) -> Outcome:
    """The outcome of a call that could not be brought to a COMMIT."""
    answer = Unavailable(f"the store is out of reach: {why}")
    answer.__cause__ = why
    return Outcome(call, answer)


class Writer(Protocol):
    """Yields the outcomes of each transaction once it is committed, until every call has had one.

    `behind`: tickets' rows do not know of all committed words yet; any call that is no post makes them. `let_go` is
    called last, when the threads have ended.
    """

    @property
    def rows_pending(self) -> bool: ...
    def commit(self, calls: Sequence[QueuedCall]) -> Iterator[list[Outcome]]: ...
    def release_connection(self) -> None: ...


class WriteQueue:
    """Its threads give what waits to the writer, `at_once` calls at most, and the outcomes to `hand_back`."""

    def __init__(
        self,
        writer: Writer,
        hand_back: Callable[[list[Outcome]], None],
        threads: int = 1,
        at_once: int = MAX_BATCH,
    ) -> None:
        self._writer = writer
        self._return_results = hand_back
        self._at_once = at_once
        # None, once for each thread, means closed. It waits and wakes in C, which Python's own conditions do not.
        self._waiting: SimpleQueue[QueuedCall | None] = SimpleQueue()
        # Daemons: a process that ends without close() must not hang; what was not acknowledged comes again.
        self._threads = [Thread(target=self._empty, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def require_room(self, besides: int = 0) -> None:
        """Raises Unavailable when too many wait already, `besides` others not counted here."""
        if self._waiting.qsize() + besides >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} calls are waiting already")

    def put(self, *calls: QueuedCall) -> None:
        """All of them before the thread can look, unless this one is interrupted."""
        for call in calls:
            self._waiting.put(call)

    def close(self) -> None:
        """Blocks until all that was put before is done; the caller sees to it that nothing is put after."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _empty(self) -> None:
        while calls := self._gather():
            done: list[Outcome] = []
            try:
                for outcomes in self._writer.commit(calls):
                    self._return_results(outcomes)
                    done += outcomes
            except Exception as error:
                log.exception("the writer itself failed; it goes on")
                answered = {outcome.call for outcome in done}
                self._return_results([refused(call, error) for call in calls if call not in answered])

    def _gather(self) -> list[QueuedCall]:
        """Waits for a call and takes what waits with it; nothing when the lane is closed."""
        calls: list[QueuedCall] = []
        call = self._waiting.get()
        while call is not None:
            calls.append(call)
            if len(calls) == self._at_once:
                return calls
            try:
                call = self._waiting.get_nowait()
            except Empty:
                return calls
        if calls:
            self._waiting.put(None)  # for the next time
        return calls

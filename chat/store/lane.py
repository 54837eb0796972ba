"""A bounded queue of calls and the threads that empty it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from chat.store.calls import Call, Outcome, Unavailable, refused

WAITING_MAX = 10_000
BATCH_MAX = 512

log = logging.getLogger(__name__)


class Writer(Protocol):
    """Yields the outcomes of each transaction once it is committed, until every call has had one."""

    def commit(self, calls: Sequence[Call]) -> Iterator[list[Outcome]]: ...


class Lane:
    """Its threads give what waits to the writer, `at_once` calls at most, and the outcomes to `hand_back`."""

    def __init__(
        self,
        writer: Writer,
        hand_back: Callable[[list[Outcome]], None],
        threads: int = 1,
        at_once: int = BATCH_MAX,
    ) -> None:
        self._writer = writer
        self._hand_back = hand_back
        self._at_once = at_once
        self._waiting: SimpleQueue[Call | None] = SimpleQueue()
        # Daemons: a process that ends without close() must not hang; what was not acknowledged comes again.
        self._threads = [Thread(target=self._empty, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def put(self, call: Call) -> None:
        """Raises Unavailable at once when too many wait already."""
        if self._waiting.qsize() >= WAITING_MAX:
            raise Unavailable(f"{WAITING_MAX} calls are waiting already")
        self._waiting.put(call)

    def close(self) -> None:
        """Blocks until all that was put before is done; the caller sees to it that nothing is put after."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _empty(self) -> None:
        while calls := self._gather():
            left = dict.fromkeys(calls)
            try:
                for outcomes in self._writer.commit(calls):
                    self._hand_back(outcomes)
                    for outcome in outcomes:
                        del left[outcome.call]
            except Exception as error:
                log.exception("the writer itself failed; it goes on")
                self._hand_back([refused(call, error) for call in left])

    def _gather(self) -> list[Call]:
        """Waits for one call and takes what waits behind it; nothing when the lane is closed."""
        call = self._waiting.get()
        # The place for a linger: 1 to 2 ms here would let more calls share a COMMIT when few come at a time.
        calls: list[Call] = []
        while call is not None:
            calls.append(call)
            if len(calls) == self._at_once or self._waiting.empty():
                return calls
            call = self._waiting.get()
        if calls:
            self._waiting.put(None)
        return calls

"""A bounded queue of calls and the threads that empty it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from chat.store.calls import Call, Outcome, Unavailable, refused

WAITING_MAX = 10_000
BATCH_MAX = 512

log = logging.getLogger(__name__)


class Writer(Protocol):
    """Yields the outcomes of each transaction once it is committed, until every call has had one.

    `behind`: tickets' rows do not know of all committed words yet; any call that is no post makes them. `let_go` is
    called last, when the threads have ended.
    """

    @property
    def behind(self) -> bool: ...
    def commit(self, calls: Sequence[Call]) -> Iterator[list[Outcome]]: ...
    def let_go(self) -> None: ...


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
        # None, once for each thread, means closed. It waits and wakes in C, which Python's own conditions do not.
        self._waiting: SimpleQueue[Call | None] = SimpleQueue()
        # Daemons: a process that ends without close() must not hang; what was not acknowledged comes again.
        self._threads = [Thread(target=self._empty, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def make_room(self, besides: int = 0) -> None:
        """Raises Unavailable when too many wait already, `besides` others not counted here."""
        if self._waiting.qsize() + besides >= WAITING_MAX:
            raise Unavailable(f"{WAITING_MAX} calls are waiting already")

    def put(self, *calls: Call) -> None:
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
                    self._hand_back(outcomes)
                    done += outcomes
            except Exception as error:
                log.exception("the writer itself failed; it goes on")
                answered = {outcome.call for outcome in done}
                self._hand_back([refused(call, error) for call in calls if call not in answered])

    def _gather(self) -> list[Call]:
        """Waits for a call and takes what waits with it; nothing when the lane is closed."""
        calls: list[Call] = []
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

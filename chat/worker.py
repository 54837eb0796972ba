"""What has to happen by itself: a list of (every so many seconds, do this), and offers as soon as something changed."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from chat.desk import dues, handing_on, offers, waits
from chat.desk.changes import Pauses, Situation
from chat.desk.facts import MessagePosted, NotePosted, ReadMoved, WordsPosted
from chat.live.presence import Presence
from chat.store.works import Told, Unavailable, Work, Works

P = TypeVar("P")

log = logging.getLogger(__name__)

# Facts after which nobody can have become free, and nothing waits that did not wait before.
QUIET = (WordsPosted, NotePosted, ReadMoved)


@dataclass
class Worker:
    """Rings agents and lets time do its work. Several may run: SQL picks the winner, twice is once.

    `ticking` False leaves only the offers that follow a change; the slow list is the worker process's then.
    """

    works: Works
    agents: Presence
    clock: Callable[[], datetime]
    pauses: Pauses
    ticking: bool = True
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def heard(self, told: Sequence[Told]) -> None:
        """Facts of this node: whatever may have freed or filled a place is looked at right away."""
        if any(not isinstance(fact, QUIET) and not _mid_chat(fact) for fact, _ in told):
            self.wake()

    def wake(self) -> None:
        """Look at the queue now."""
        self._woken.set()

    async def start(self) -> None:
        """Start the offers and, where this worker ticks, the list below."""
        self._tasks = [asyncio.create_task(self._offer_when_woken())]
        if self.ticking:
            self._tasks += [asyncio.create_task(self._every(seconds, job)) for seconds, job in self._list()]

    async def close(self) -> None:
        """Stop; what is under way is finished by the writer."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _list(self) -> list[tuple[float, Callable[[], Awaitable[object]]]]:
        quick = min(1.0, self.pauses.offer.total_seconds() / 2)
        return [(quick, self._look), (min(10.0, self.pauses.quiet.total_seconds() / 4), self._silences)]

    async def _every(self, seconds: float, job: Callable[[], Awaitable[object]]) -> None:
        while True:
            await self._carefully(job)
            await asyncio.sleep(seconds)

    async def _offer_when_woken(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            await self._carefully(self._offer)

    async def _carefully(self, job: Callable[[], Awaitable[object]]) -> None:
        """A database that is away for a while must not end the worker."""
        with contextlib.suppress(Unavailable):
            try:
                await job()
            except Unavailable:
                raise
            except Exception:
                log.exception("a job of the worker failed")

    async def _offer(self) -> None:
        """Asks before it acts: with everybody busy that is most of the time all there is to do."""
        situation = await self._now()
        if await self.works.peek(waits.anybody_back, situation):
            await self.works.run(waits.give_back, situation)
        if await self.works.peek(offers.anything_to_offer, situation):
            await self.works.run(offers.offer_waiting, situation, self.pauses)
        if await self.works.peek(handing_on.anything_to_hand_on):
            await self.works.run(handing_on.hand_on, situation, self.pauses)

    async def _look(self) -> None:
        """The net under the wakes, and what time alone brings: all is asked at once, for mostly there is nothing."""
        situation = await self._now()
        sure = situation if self.agents.steady() else situation._replace(present=None)
        due = await self.works.peek(dues.look, situation, sure, self.pauses)
        if due.overdue:
            await self.works.run(offers.expire_offers, situation.now)
        if due.waits:
            await self._offer()
        if due.absent:
            await self._all(waits.release_absent, sure)
        if due.long_wait:
            await self._all(waits.long_waits, sure)

    async def _silences(self) -> None:
        if await self.works.peek(waits.any_silence, self.clock(), self.pauses):
            await self._all(waits.silences, self.clock())

    async def _all(self, verb: Callable[[Work, P, Pauses], int], argument: P) -> None:
        """Portion by portion, so that others get their turn in between."""
        while await self.works.run(verb, argument, self.pauses) >= waits.AT_ONCE:
            pass

    async def _now(self) -> Situation:
        keys = await self.agents.present()
        return Situation(self.clock(), None if keys is None else frozenset(map(int, keys)))


def _mid_chat(fact: object) -> bool:
    return isinstance(fact, MessagePosted) and fact.ticket.assignee_id is not None

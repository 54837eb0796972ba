"""What has to happen by itself: a list of (every so many seconds, do this), and offers as soon as something changed."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chat.cluster.presence import Presence
from chat.domain.context import DomainContext, Timeouts
from chat.domain.facts import MessagePosted, NotePosted, PlainMessagePosted, ReadMarkMoved
from chat.domain.routing import department_transfer, due_work, idle_chats, long_waits, lost_agents, offers
from chat.domain.tickets import locks
from chat.store.store import Store
from chat.store.transaction import RecordedFact, Transaction, Unavailable

log = logging.getLogger(__name__)

# Facts after which nobody can have become free, and nothing waits that did not wait before.
IRRELEVANT = (PlainMessagePosted, NotePosted, ReadMarkMoved)


@dataclass
class Worker:
    """Rings agents and lets time do its work. Several may run: SQL picks the winner, twice is once.

    `ticking` False leaves only the offers that follow a change; the slow list is the worker process's then.
    """

    store: Store
    agent_presence: Presence
    clock: Callable[[], datetime]
    timeouts: Timeouts
    ticking: bool = True
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def on_facts(self, told: Sequence[RecordedFact]) -> None:
        """Facts of this node: whatever may have freed or filled a place is looked at right away."""
        if any(not isinstance(fact, IRRELEVANT) and not _mid_chat(fact) for fact, _ in told):
            self.wake()

    def wake(self) -> None:
        """Look at the queue now."""
        self._woken.set()

    async def start(self) -> None:
        """Start the offers and, where this worker ticks, the list below."""
        self._tasks = [asyncio.create_task(self._offer_when_woken())]
        if self.ticking:
            self._tasks += [asyncio.create_task(self._every(seconds, job)) for seconds, job in self._jobs()]

    async def close(self) -> None:
        """Stop; what is under way is finished by the writer."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _jobs(self) -> list[tuple[float, Callable[[], Awaitable[object]]]]:
        quick = min(1.0, self.timeouts.ring.total_seconds() / 2)
        return [
            (quick, self._check_due_work),
            (min(10.0, self.timeouts.idle_after.total_seconds() / 4), self._close_idle_chats),
        ]

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
        context = await self._context()
        if await self.store.read_stale(lost_agents.has_returned_agents, context):
            await self.store.write(lost_agents.return_chats, context)
        if await self.store.read_stale(offers.has_work, context):
            await self.store.write(offers.offer_waiting, context)
        if await self.store.read_stale(department_transfer.has_passed_transfers):
            await self.store.write(department_transfer.offer_to_next_member, context)

    async def _check_due_work(self) -> None:
        """The net under the wakes, and what time alone brings: all is asked at once, for mostly there is nothing."""
        context = await self._context()
        sure = context if self.agent_presence.is_reliable() else context._replace(online_agents=None)
        due = await self.store.read_stale(due_work.check, context, sure)
        if due.overdue_offers:
            await self.store.write(offers.expire_offers, context.now)
        if due.waiting_chats:
            await self._offer()
        if due.absent_agents:
            await self._repeat(lost_agents.release_chats_of_absent_agents, sure)
        if due.long_waits:
            await self._repeat(long_waits.escalate_long_waits, sure)

    async def _close_idle_chats(self) -> None:
        context = DomainContext(self.clock(), None, self.timeouts)  # idle chats depend on no agent's presence
        if await self.store.read_stale(idle_chats.has_idle_chats, context):
            await self._repeat(idle_chats.close_idle_chats, context)

    async def _repeat(self, action: Callable[[Transaction, DomainContext], int], context: DomainContext) -> None:
        """Portion by portion, so that others get their turn in between."""
        while await self.store.write(action, context) >= locks.BATCH_SIZE:
            pass

    async def _context(self) -> DomainContext:
        keys = await self.agent_presence.present()
        return DomainContext(self.clock(), None if keys is None else frozenset(map(int, keys)), self.timeouts)


def _mid_chat(fact: object) -> bool:
    return isinstance(fact, MessagePosted) and fact.ticket.assignee_id is not None

"""What happens to tickets by itself: offers when a slot may be free, and what is due because time has passed."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from chat.cluster.presence import Presence
from chat.domain.context import DomainContext, Timeouts
from chat.domain.facts import MessagePosted, NotePosted, PlainMessagePosted, ReadMarkMoved
from chat.domain.promises import actions as promises
from chat.domain.promises import queries as promise_queries
from chat.domain.routing import department_transfer, due_work, idle_chats, long_waits, lost_agents, offers
from chat.domain.tickets import locks
from chat.store.store import Store
from chat.store.transaction import RecordedFact, Transaction

# Facts that free no slot and make no chat wait.
IRRELEVANT = (PlainMessagePosted, NotePosted, ReadMarkMoved)


@dataclass
class Worker:
    """The functions of the jobs on tickets (chat/jobs.py). Several nodes may run them at a time: SQL picks the winner
    of each action, and an action that is done twice has the effect of one."""

    store: Store
    agent_presence: Presence
    clock: Callable[[], datetime]
    timeouts: Timeouts
    # Set when `offer` should run now.
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def on_facts(self, facts: Sequence[RecordedFact]) -> None:
        """Committed facts of this node: each that may have freed or filled a slot wakes the offers."""
        if any(not isinstance(fact, IRRELEVANT) and not _is_answered_message(fact) for fact, _ in facts):
            self.woken.set()

    async def offer(self) -> None:
        """Return chats to agents who are back, and offer those that wait. It reads before it writes: while all agents
        are busy there is mostly nothing to write."""
        context = await self._context()
        with _independent_parts() as part:
            with part():
                if await self.store.read(lost_agents.has_returned_agents, context):
                    await self.store.write(lost_agents.return_chats, context)
            with part():
                if await self.store.read(offers.has_work, context):
                    await self.store.write(offers.offer_waiting, context)
            with part():
                if await self.store.read(department_transfer.has_passed_transfers):
                    await self.store.write(department_transfer.offer_to_next_member, context)

    async def do_due_work(self) -> None:
        """End overdue offers, release chats of absent agents and escalate long waits, and offer what no fact of this
        node has woken it for. One read asks for all of it, because mostly nothing is due."""
        context = await self._context()
        # Absence is concluded only from presence that Redis has reported for the whole grace without a break.
        reliable = context if self.agent_presence.is_reliable() else context._replace(online_agents=None)
        due = await self.store.read(due_work.check, context, reliable)
        with _independent_parts() as part:
            if due.overdue_offers:
                with part():
                    await self.store.write(offers.expire_offers, context.now)
            if due.waiting_chats:
                with part():
                    await self.offer()
            if due.absent_agents:
                with part():
                    await self._repeat(lost_agents.release_chats_of_absent_agents, reliable)
            if due.long_waits:
                with part():
                    await self._repeat(long_waits.escalate_long_waits, reliable)

    async def keep_promises(self) -> None:
        """Tell the team of promises that near their due time, and the customers of those that were broken."""
        context = DomainContext(self.clock(), None, self.timeouts)  # promises depend on no agent's presence
        if await self.store.read(promise_queries.has_due_promises, context.now):
            await self._repeat(promises.tell_due_promises, context)

    async def close_idle_chats(self) -> None:
        """Pause and close chats whose visitor is gone or silent."""
        context = DomainContext(self.clock(), None, self.timeouts)  # idle chats depend on no agent's presence
        if await self.store.read(idle_chats.has_idle_chats, context):
            await self._repeat(idle_chats.close_idle_chats, context)

    async def _repeat(self, action: Callable[[Transaction, DomainContext], int], context: DomainContext) -> None:
        """One transaction for each batch, so that other writes get their turn in between."""
        while await self.store.write(action, context) >= locks.LOCK_BATCH_SIZE:
            pass

    async def _context(self) -> DomainContext:
        keys = await self.agent_presence.present()
        return DomainContext(self.clock(), None if keys is None else frozenset(map(int, keys)), self.timeouts)


@contextlib.contextmanager
def _independent_parts() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Run parts of which none may keep the others from running: what they raise is raised together at the end."""
    errors: list[Exception] = []

    @contextlib.contextmanager
    def part() -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised below
            errors.append(error)

    yield part
    if errors:
        raise ExceptionGroup("some parts failed", errors)


def _is_answered_message(fact: object) -> bool:
    return isinstance(fact, MessagePosted) and fact.ticket.assignee_id is not None

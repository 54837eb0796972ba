"""Cards: the inbox lines of dialogues that go on, told once a second instead of once a message."""

import asyncio
from collections.abc import Callable, Sequence

from chat.domain.facts import InboxCardChanged, PlainMessagePosted, TicketChanged
from chat.domain.queries import node_sync
from chat.realtime.context import Services
from chat.store.transaction import RecordedFact, Unavailable

# Between these others have their turn: a card is told to every agent, and what is said meanwhile would wait.
BATCH_SIZE = 50


class CardUpdates:
    """Collects the tickets of this node's words. `announce` tells every node, for each has agents of its own."""

    def __init__(self, behind: Services, announce: Callable[[Sequence[RecordedFact]], None]) -> None:
        self._store = behind.store
        self._announce = announce
        self._changed: set[int] = set()
        # Whose card was told by a verb while it was being read: what was read is older.
        self._announced_meanwhile: set[int] = set()

    def on_facts(self, told: Sequence[RecordedFact]) -> None:
        """Facts of this node."""
        for fact, _ in told:
            if isinstance(fact, PlainMessagePosted):
                self._changed.add(fact.ticket_id)
            elif isinstance(fact, TicketChanged):
                self._announced_meanwhile.add(fact.ticket.id)

    async def publish_changed(self) -> None:
        """Tell what has moved since the last look; what can't be read now is told next time."""
        moved, self._changed = self._changed, set()
        self._announced_meanwhile.clear()
        if not moved:
            return
        try:
            rows = await self._store.read(node_sync.tickets_by_ids, sorted(moved))
        except Unavailable:
            self._changed |= moved
            raise
        for at in range(0, len(rows), BATCH_SIZE):
            some = rows[at : at + BATCH_SIZE]
            self._announce(
                [RecordedFact(InboxCardChanged(row), None) for row in some if row.id not in self._announced_meanwhile]
            )
            await asyncio.sleep(0)

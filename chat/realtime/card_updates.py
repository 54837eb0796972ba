"""Card updates: the inbox cards of tickets with new plain messages, announced once a second instead of per message."""

import asyncio
from collections.abc import Callable, Sequence

from chat.domain.facts import InboxCardChanged, PlainMessagePosted, TicketChanged
from chat.domain.queries.tickets import tickets_by_ids
from chat.realtime.context import Services
from chat.store.transaction import RecordedFact, Unavailable

# Between two batches the loop serves others: every agent receives each card, and messages would wait meanwhile.
CARDS_PER_TURN = 50


class CardUpdates:
    """Collects the tickets of this node's plain messages. `announce` reaches every node: each has agents."""

    def __init__(self, services: Services, announce: Callable[[Sequence[RecordedFact]], None]) -> None:
        self._store = services.store
        self._announce = announce
        self._changed: set[int] = set()
        # Tickets that an action announced while `publish_changed` was reading: the rows it has read are older.
        self._announced_meanwhile: set[int] = set()

    def on_facts(self, facts: Sequence[RecordedFact]) -> None:
        """Committed facts of this node."""
        for fact, _ in facts:
            if isinstance(fact, PlainMessagePosted):
                self._changed.add(fact.ticket_id)
            elif isinstance(fact, TicketChanged):
                self._announced_meanwhile.add(fact.ticket.id)

    async def publish_changed(self) -> None:
        """Announce the cards that changed since the last call. After Unavailable, which it raises, the next call
        announces them."""
        changed, self._changed = self._changed, set()
        self._announced_meanwhile.clear()
        if not changed:
            return
        try:
            rows = await self._store.read(tickets_by_ids, sorted(changed))
        except Unavailable:
            self._changed |= changed
            raise
        for first in range(0, len(rows), CARDS_PER_TURN):
            batch = rows[first : first + CARDS_PER_TURN]
            current = [row for row in batch if row.id not in self._announced_meanwhile]
            self._announce([RecordedFact(InboxCardChanged(row), None) for row in current])
            await asyncio.sleep(0)

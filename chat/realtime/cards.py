"""Cards: the inbox lines of dialogues that go on, told once a second instead of once a message."""

import asyncio
from collections.abc import Callable, Sequence

from chat.desk import held
from chat.desk.facts import CardMoved, TicketChanged, WordsPosted
from chat.realtime.behind import Behind
from chat.store.works import Told, Unavailable

# Between these others have their turn: a card is told to every agent, and what is said meanwhile would wait.
AT_ONCE = 50


class Cards:
    """Collects the tickets of this node's words. `announce` tells every node, for each has agents of its own."""

    def __init__(self, behind: Behind, announce: Callable[[Sequence[Told]], None]) -> None:
        self._works = behind.works
        self._announce = announce
        self._moved: set[int] = set()
        # Whose card was told by a verb while it was being read: what was read is older.
        self._told_meanwhile: set[int] = set()

    def heard(self, told: Sequence[Told]) -> None:
        """Facts of this node."""
        for fact, _ in told:
            if isinstance(fact, WordsPosted):
                self._moved.add(fact.ticket_id)
            elif isinstance(fact, TicketChanged):
                self._told_meanwhile.add(fact.ticket.id)

    async def look(self) -> None:
        """Tell what has moved since the last look; what can't be read now is told next time."""
        moved, self._moved = self._moved, set()
        self._told_meanwhile.clear()
        if not moved:
            return
        try:
            rows = await self._works.read(held.by_keys, sorted(moved))
        except Unavailable:
            self._moved |= moved
            raise
        for at in range(0, len(rows), AT_ONCE):
            some = rows[at : at + AT_ONCE]
            self._announce([Told(CardMoved(row), None) for row in some if row.id not in self._told_meanwhile])
            await asyncio.sleep(0)

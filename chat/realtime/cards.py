"""Cards: the inbox lines of dialogues that go on, told once a second instead of once a message."""

from collections.abc import Callable, Sequence

from chat.desk import held
from chat.desk.facts import CardMoved, WordsPosted
from chat.realtime.behind import Behind
from chat.store.works import Told


class Cards:
    """Collects the tickets of this node's words. `announce` tells every node, for each has agents of its own."""

    def __init__(self, behind: Behind, announce: Callable[[Sequence[Told]], None]) -> None:
        self._works = behind.works
        self._announce = announce
        self._moved: set[int] = set()

    def heard(self, told: Sequence[Told]) -> None:
        """Facts of this node."""
        self._moved.update(fact.ticket_id for fact, _ in told if isinstance(fact, WordsPosted))

    async def look(self) -> None:
        """Tell what has moved since the last look; what can't be read now is told next time."""
        if moved := sorted(self._moved):
            rows = await self._works.read(held.by_keys, moved)
            self._moved.difference_update(moved)
            self._announce([Told(CardMoved(row), None) for row in rows])

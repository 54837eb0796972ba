"""Leaving: visitors of whom no node holds a socket any more are gone, and sockets whose session ended are cut."""

from collections.abc import Iterable

from chat.desk import agents, held, visitors
from chat.realtime.behind import Behind
from chat.realtime.sockets import AgentSocket


class Leaving:
    """Concludes from what is not there, and only from two looks in a row while Redis answers steadily."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._left: set[int] = set()
        self._missed: set[int] = set()

    def left(self, visitor_id: int) -> None:
        """One of a visitor's sockets has closed here; they may have others, or come back on the next page."""
        self._left.add(visitor_id)

    async def look_for_visitors(self) -> None:
        """Gone is whoever closed their last socket, or is believed here by SQL (a node may have died), once
        presence has not seen them for its whole grace."""
        presence = self._behind.visitors
        here = await self._behind.works.peek(held.not_gone) | self._left
        seen = await presence.present() if here else frozenset()
        if seen is None or not presence.steady():
            self._missed.clear()
            return
        missing = {visitor_id for visitor_id in here if str(visitor_id) not in seen}
        for visitor_id in missing & self._missed:
            self._left.discard(visitor_id)
            await self._behind.works.run(visitors.moved, visitor_id, "gone", self._behind.clock())
        self._left.difference_update(map(int, presence.held()))
        self._missed = missing - self._missed

    async def ended(self, sockets: Iterable[AgentSocket]) -> list[AgentSocket]:
        """Those of these sockets whose session holds no longer, or whose agent was removed."""
        sockets = list(sockets)
        sessions = {socket.session for socket in sockets}
        if not sessions:
            return []
        good = await self._behind.works.peek(agents.live_sessions, sorted(sessions), self._behind.clock())
        return [socket for socket in sockets if socket.session not in good]

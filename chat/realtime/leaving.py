"""Leaving: visitors of whom no node holds a socket any more are gone, and sockets whose session ended are cut."""

from collections.abc import Iterable

from chat.desk import agents, held, visitors
from chat.realtime.behind import Behind
from chat.realtime.sockets import AgentSocket


class Leaving:
    """Concludes from what is not there, and only from two looks in a row while Redis answers steadily."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._missed: set[int] = set()

    async def look_for_visitors(self) -> None:
        """Gone is whoever SQL believes here and presence has not seen for its whole grace."""
        here = await self._behind.works.read(held.not_gone)
        seen = await self._behind.visitors.present()
        if seen is None or not self._behind.visitors.steady():
            self._missed.clear()
            return
        missing = {visitor_id for visitor_id in here if str(visitor_id) not in seen}
        for visitor_id in missing & self._missed:
            await self._behind.works.run(visitors.moved, visitor_id, "gone", self._behind.clock())
        self._missed = missing - self._missed

    async def ended(self, sockets: Iterable[AgentSocket]) -> list[AgentSocket]:
        """Those of these sockets whose session holds no longer, or whose agent was removed."""
        sockets = list(sockets)
        sessions = {socket.session for socket in sockets}
        if not sessions:
            return []
        good = await self._behind.works.read(agents.live_sessions, sorted(sessions), self._behind.clock())
        return [socket for socket in sockets if socket.session not in good]

"""Leaving: visitors of whom no node holds a socket any more are gone, and sockets whose session ended are cut."""

from collections.abc import Iterable

from chat.domain.people import visitors
from chat.domain.people.sessions import valid_sessions
from chat.domain.queries import node_sync
from chat.realtime.connections import AgentSocket
from chat.realtime.context import Services


class Departures:
    """Concludes from what is not there, and only from two looks in a row while Redis answers steadily."""

    def __init__(self, behind: Services) -> None:
        self._services = behind
        self._left: set[int] = set()
        self._missed: set[int] = set()

    def on_socket_closed(self, visitor_id: int) -> None:
        """One of a visitor's sockets has closed here; they may have others, or come back on the next page."""
        self._left.add(visitor_id)

    async def mark_gone_visitors(self) -> None:
        """Gone is whoever closed their last socket, or is believed here by SQL (a node may have died), once
        presence has not seen them for its whole grace."""
        presence = self._services.visitor_presence
        here = await self._services.store.read_stale(node_sync.visitors_marked_present) | self._left
        seen = await presence.present() if here else frozenset()
        if seen is None or not presence.is_reliable():
            self._missed.clear()
            return
        missing = {visitor_id for visitor_id in here if str(visitor_id) not in seen}
        for visitor_id in missing & self._missed:
            self._left.discard(visitor_id)
            context = self._services.domain_context()
            await self._services.store.write(visitors.set_visitor_presence, visitor_id, "gone", context)
        self._left.difference_update(map(int, presence.local_keys()))
        self._missed = missing - self._missed

    async def ended_sessions(self, sockets: Iterable[AgentSocket]) -> list[AgentSocket]:
        """Those of these sockets whose session holds no longer, or whose agent was removed."""
        sockets = list(sockets)
        sessions = {socket.session for socket in sockets}
        if not sessions:
            return []
        good = await self._services.store.read_stale(valid_sessions, sorted(sessions), self._services.clock())
        return [socket for socket in sockets if socket.session not in good]

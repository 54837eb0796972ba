"""Departures: visitors without a socket on any node are marked gone, and consoles whose session ended are found."""

from collections.abc import Iterable

from chat.domain.people import visitors
from chat.domain.people.sessions import record_use, valid_sessions
from chat.domain.queries import node_sync
from chat.realtime.connections import AgentSocket
from chat.realtime.context import Services


class Departures:
    """Concludes that a visitor is gone only from two checks in a row, while Redis answers reliably."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._closed: set[int] = set()
        self._absent: set[int] = set()
        self._after = 0

    def on_socket_closed(self, visitor_id: int) -> None:
        """A visitor's socket has closed here; they may have others, or come back on the next page."""
        self._closed.add(visitor_id)

    async def mark_gone_visitors(self) -> None:
        """Mark gone whom presence has not seen for its whole grace, in this check and in the last one: among those
        whose socket closed here, and one page of those marked present in SQL, for another node may have died."""
        presence = self._services.visitor_presence
        candidates = await self._next_marked_present() | self._closed | self._absent
        seen = await presence.present() if candidates else frozenset()
        if seen is None or not presence.is_reliable():
            self._absent.clear()
            return
        absent = {visitor_id for visitor_id in candidates if str(visitor_id) not in seen}
        gone = absent & self._absent
        for visitor_id in gone:
            self._closed.discard(visitor_id)
            context = self._services.domain_context()
            await self._services.store.write(visitors.set_visitor_presence, visitor_id, "gone", context)
        self._closed.difference_update(map(int, presence.local_keys()))
        self._absent = absent - gone

    async def _next_marked_present(self) -> set[int]:
        page = await self._services.store.read(node_sync.next_visitors_marked_present, self._after)
        self._after = page[-1] if len(page) >= node_sync.SYNC_PAGE_SIZE else 0
        return set(page)

    async def ended_sessions(self, sockets: Iterable[AgentSocket]) -> list[AgentSocket]:
        """Those of these sockets whose session is no longer valid, or whose agent was removed."""
        sockets = list(sockets)
        sessions = {socket.session for socket in sockets}
        if not sessions:
            return []
        valid = await self._services.store.read(valid_sessions, sorted(sessions), self._services.clock())
        return [socket for socket in sockets if socket.session not in valid]

    async def record_used_sessions(self, sockets: Iterable[AgentSocket]) -> None:
        """A connected console uses its session."""
        used = sorted({socket.session for socket in sockets})
        if used:
            await self._services.store.write(record_use, used, self._services.clock())

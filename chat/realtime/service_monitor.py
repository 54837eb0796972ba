"""The outlook: what is to be had now, who of the team is there, which place one has; told when it changes."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from chat import presenters, protocol
from chat.domain import service_status
from chat.domain.audience import ALL_AGENTS, ALL_VISITORS, visitor_room
from chat.domain.facts import AgentChanged
from chat.domain.queries import agents, node_sync
from chat.domain.service_status import Service
from chat.protocol import Emission
from chat.realtime.agent_presence import AgentPresenceCache
from chat.realtime.broadcaster import Broadcaster
from chat.realtime.connections import VisitorSocket
from chat.realtime.context import Services
from chat.realtime.reconciliation.reconciler import Reconciler
from chat.store.transaction import RecordedFact

FRESH_S = 0.25
# What may open or close the chat; messages come as cards only.
SERVICE_EVENTS = (protocol.Agent, protocol.Ticket)
# What may move the queue: waits begin and end as tickets, and who has left stands behind who is here.
QUEUE_EVENTS = (protocol.Ticket, protocol.VisitorEvent)


class ServiceMonitor:
    """Every node looks for itself and tells its own sockets."""

    def __init__(
        self,
        behind: Services,
        hub: Broadcaster,
        onlooker: AgentPresenceCache,
        again: Callable[[Sequence[RecordedFact]], None],
    ) -> None:
        self._services = behind
        self._broadcaster = hub
        self._agent_presence = onlooker
        self._announce_locally = again
        self._service: Service | None = None
        self._online: frozenset[int] | None = None
        self._queue_moved = False
        self._asked: asyncio.Future[Service] | None = None
        self._asked_at = self._looked_at = 0.0
        self.woken = asyncio.Event()

    def on_event(self, told: Emission) -> None:
        """Something is being told to this node's sockets."""
        if isinstance(told.shape, SERVICE_EVENTS):
            self.woken.set()
        self._queue_moved |= isinstance(told.shape, QUEUE_EVENTS)

    def on_service_shown(self, found: Service) -> None:
        """Somebody was shown this service: when it is not what was told last, the others are to hear of it too."""
        if self._service is None or visible_difference(found) != visible_difference(self._service):
            self.woken.set()

    async def current(self) -> Service:
        """What is to be had, asked at most once in FRESH_S however many say hello; who is told otherwise a moment
        later is told by `look`."""
        if time.monotonic() - self._asked_at > FRESH_S or self._asked is None:
            self._asked_at, self._asked = time.monotonic(), asyncio.ensure_future(self._query())
        asked_at, found = self._asked_at, await asyncio.shield(self._asked)
        if self._service is not None and self._looked_at > asked_at:
            return self._service  # the room has been told of this one: an older answer would never be corrected
        self.on_service_shown(found)
        return found

    async def _query(self) -> Service:
        return await self._services.store.read_stale(
            service_status.current_service, await self._agent_presence.context()
        )

    def seconds_left(self, now: datetime) -> float | None:
        """Until the state that was told last ends, by the calendar."""
        until = self._service.until if self._service else None
        return None if until is None else max(0.0, (until - now).total_seconds())

    async def check(self) -> None:
        """Tell the service when state or mode differ from what was told last, and who came or went."""
        there = await self._agent_presence.refresh()
        began, found = time.monotonic(), await self._query()
        before, self._service, self._looked_at = self._service, found, began
        if before is not None and visible_difference(before) != visible_difference(found):
            shape = presenters.service(found)
            self._broadcaster.send_local(Emission.of("service", shape, visitors=ALL_VISITORS, agents=ALL_AGENTS))
        await self._announce_presence_changes(there)

    async def _announce_presence_changes(self, there: frozenset[int] | None) -> None:
        before, self._online = self._online, self._online if there is None else there
        moved = (there or frozenset()) ^ (before or frozenset()) if there is not None else frozenset()
        if moved:
            team = await self._services.store.read_stale(agents.all_agents)
            self._announce_locally([RecordedFact(AgentChanged(agent), None) for agent in team if agent.id in moved])

    async def check_queue(self, visitors: Iterable[VisitorSocket], net: Reconciler) -> None:
        """Tell the waiting visitors of this node whose place or wait has changed, if anything has."""
        if not self._queue_moved:
            return
        self._queue_moved = False
        keys = {joined.key for socket in visitors for joined in socket.tickets.values()}
        for row in await self._services.store.read(node_sync.waiting_tickets, sorted(keys)):
            if not net.is_delivered(row):
                shown = presenters.ticket(row, self._services.links)
                self._broadcaster.send_local(Emission.of("ticket", shown, visitors=visitor_room(row.visitor_id)))


def visible_difference(found: Service) -> tuple[str, str]:
    """What makes one service another for whoever looks at it."""
    return found.state, found.mode

"""The service monitor: announces changes of the service, of the agents online, and of queue positions."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence

from chat import presenters, protocol
from chat.domain import service_status
from chat.domain.audience import ALL_AGENTS, ALL_VISITORS, visitor_room
from chat.domain.facts import AgentChanged
from chat.domain.queries import agents
from chat.domain.queries.tickets import moved_tickets
from chat.domain.service_status import Service
from chat.protocol import Emission
from chat.realtime.agent_presence import AgentPresenceCache
from chat.realtime.broadcaster import Broadcaster
from chat.realtime.connections import VisitorSocket
from chat.realtime.context import Services
from chat.realtime.reconciliation.reconciler import Reconciler
from chat.store.transaction import RecordedFact

FRESH_S = 0.25
# Events that may open or close the chat. Plain messages do not: only their cards are announced.
SERVICE_EVENTS = (protocol.Agent, protocol.Ticket)
# Events that may move the queue: a wait begins or ends with a ticket, and present visitors come before those who left.
QUEUE_EVENTS = (protocol.Ticket, protocol.VisitorEvent)


class ServiceMonitor:
    """Each node computes the service by itself and announces changes to its own sockets. `woken` is set when the
    service may have changed."""

    def __init__(
        self,
        services: Services,
        broadcaster: Broadcaster,
        agent_presence: AgentPresenceCache,
        announce_locally: Callable[[Sequence[RecordedFact]], None],
    ) -> None:
        self._services = services
        self._broadcaster = broadcaster
        self._agent_presence = agent_presence
        self._announce_locally = announce_locally
        self._announced: Service | None = None
        self._online: frozenset[int] | None = None
        self._queue_changed = False
        self._query: asyncio.Future[Service] | None = None
        self._queried_at = self._announced_at = 0.0
        self._state_end: asyncio.TimerHandle | None = None
        self.woken = asyncio.Event()

    def close(self) -> None:
        """Stop waiting for the end of the service's state."""
        if self._state_end is not None:
            self._state_end.cancel()

    def on_event(self, emission: Emission) -> None:
        """Called with each agent, ticket and visitor event for this node's sockets."""
        if isinstance(emission.shape, SERVICE_EVENTS):
            self.woken.set()
        self._queue_changed |= isinstance(emission.shape, QUEUE_EVENTS)

    def on_service_shown(self, service: Service) -> None:
        """One client was shown this service: when it differs from the announced one, check it for the others too."""
        if self._announced is None or visible_state(service) != visible_state(self._announced):
            self.woken.set()

    def expire(self) -> None:
        """An agent has moved the service: whoever says hello after its ack gets no older answer."""
        self._query = None
        self.woken.set()

    async def current(self) -> Service:
        """The service now, queried at most once in FRESH_S and after each `expire`, however many clients say hello;
        `check` announces what changes a moment later."""
        if time.monotonic() - self._queried_at > FRESH_S or self._query is None:
            self._queried_at, self._query = time.monotonic(), asyncio.ensure_future(self._query_service())
        queried_at, service = self._queried_at, await asyncio.shield(self._query)
        if self._announced is not None and self._announced_at > queried_at:
            return self._announced  # nothing would ever correct an answer that is older than the announcement
        self.on_service_shown(service)
        return service

    async def _query_service(self) -> Service:
        context = await self._agent_presence.context()
        return await self._services.store.read(service_status.current_service, context)

    async def check(self) -> None:
        """Announce the service when state or mode differ from those announced last, and agents who came or left."""
        online = await self._agent_presence.refresh()
        began, service = time.monotonic(), await self._query_service()
        before, self._announced, self._announced_at = self._announced, service, began
        if before is not None and visible_state(before) != visible_state(service):
            shape = presenters.service(service)
            self._broadcaster.send_local(Emission.of("service", shape, visitors=ALL_VISITORS, agents=ALL_AGENTS))
        self._wake_at_state_end(service)
        await self._announce_presence_changes(online)

    def _wake_at_state_end(self, service: Service) -> None:
        self.close()
        if service.until is not None:
            left_s = (service.until - self._services.clock()).total_seconds()
            # The pause prevents a busy loop when the clock lags behind a state that has just ended.
            self._state_end = asyncio.get_running_loop().call_later(max(0.0, left_s) + 0.05, self.woken.set)

    async def _announce_presence_changes(self, online: frozenset[int] | None) -> None:
        before, self._online = self._online, self._online if online is None else online
        moved = (online or frozenset()) ^ (before or frozenset()) if online is not None else frozenset()
        if moved:
            team = await self._services.store.read(agents.all_agents)
            self._announce_locally([RecordedFact(AgentChanged(agent), None) for agent in team if agent.id in moved])

    async def check_queue(self, visitors: Iterable[VisitorSocket], reconciler: Reconciler) -> None:
        """After an event that may have moved the queue, send the visitors of this node who wait their ticket, if they
        have moved (`availability.has_moved`)."""
        if not self._queue_changed:
            return
        self._queue_changed = False
        followed = {ticket.key: public_id for socket in visitors for public_id, ticket in socket.tickets.items()}
        shown = {key: reconciler.shown_position(ticket) for key, ticket in followed.items()}
        for row in await self._services.store.read(moved_tickets, shown):
            if not reconciler.is_delivered(row):
                shape = presenters.ticket(row, self._services.links)
                self._broadcaster.send_local(Emission.of("ticket", shape, visitors=visitor_room(row.visitor_id)))


def visible_state(service: Service) -> tuple[str, str, bool]:
    """The part of a service whose change is announced; the rest moves with time."""
    return service.state, service.mode, service.extra_hours

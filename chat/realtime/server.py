"""Realtime: the Socket.IO server of a node with its two namespaces, and the functions of the jobs on its sockets."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import chain

from aiohttp import web

from chat import protocol
from chat.cluster.bus.bus import Bus
from chat.domain.facts import AgentRemoved, SessionEnded, SettingsChanged
from chat.protocol import Emission
from chat.realtime.agent.base import AgentCommands
from chat.realtime.agent_presence import AgentPresenceCache
from chat.realtime.broadcaster import AGENT_NAMESPACE, Broadcaster
from chat.realtime.card_updates import CardUpdates
from chat.realtime.connections import AgentSocket, ClientSocket, Sockets, VisitorSocket
from chat.realtime.context import Services
from chat.realtime.namespace import NamespaceDeps, with_all_handlers
from chat.realtime.reconciliation.departures import Departures
from chat.realtime.reconciliation.offer_reconciler import OfferReconciler
from chat.realtime.reconciliation.reconciler import Reconciler
from chat.realtime.service_monitor import ServiceMonitor
from chat.realtime.visitor.base import VisitorCommands
from chat.store.transaction import RecordedFact
from chat.websocket.socketio_server import SocketServer

Announce = Callable[[Sequence[RecordedFact]], None]


class Realtime:
    """`announce_locally` publishes facts to this node's sockets only, `announce` to every node's. `reconcile_now` and
    `service_changed` wake the jobs `reconcile` and `check_service` (chat/jobs.py)."""

    def __init__(self, services: Services, bus: Bus, announce_locally: Announce, announce: Announce) -> None:
        self._services = services
        self._server = SocketServer(
            services.handshakes.is_own_origin,
            services.handshakes.read,
            credential=lambda connection: connection.session,
        )
        self._broadcaster = Broadcaster(self._server, bus)
        self._agent_presence = AgentPresenceCache(services)
        self._visitors: Sockets[VisitorSocket] = Sockets()
        self._agents: Sockets[AgentSocket] = Sockets()
        self._reconciler = Reconciler(services, self._sockets_with_tickets, announce_locally)
        self._offers = OfferReconciler(services, self._broadcaster, announce_locally)
        self._service_monitor = ServiceMonitor(services, self._broadcaster, self._agent_presence, announce_locally)
        self._cards = CardUpdates(services, announce)
        self._departures = Departures(services)
        self.reconcile_now = asyncio.Event()
        self.service_changed = self._service_monitor.woken
        self._register_namespaces()

    def _register_namespaces(self) -> None:
        deps = NamespaceDeps(
            self._services,
            self._broadcaster,
            self._reconciler,
            self._agent_presence,
            self._service_monitor,
        )
        visitor_namespace = with_all_handlers(VisitorCommands, "chat.realtime.visitor")
        agent_namespace = with_all_handlers(AgentCommands, "chat.realtime.agent")
        self._server.register_namespace(visitor_namespace(deps, self._visitors, self._departures))
        self._server.register_namespace(agent_namespace(deps, self._agents, self._offers))
        listen = self._broadcaster.listen
        listen(self._reconciler.on_message, protocol.Message)
        listen(self._reconciler.on_event, protocol.Note, protocol.ReadEvent, protocol.Ticket, protocol.Card)
        listen(self._offers.on_event, protocol.Offer, protocol.OfferEnded)
        listen(self._service_monitor.on_event, protocol.Agent, protocol.Ticket, protocol.VisitorEvent)

    def emit(self, emission: Emission) -> None:
        """Send to this node's sockets, in order, without waiting."""
        self._broadcaster.send_local(emission)

    def send_remote(self, emission: Emission) -> None:
        """Send to the other nodes, in order, without waiting."""
        self._broadcaster.send_remote(emission)

    def on_bus_payload(self, payload: bytes) -> None:
        """An event that another node sent on the bus."""
        self._broadcaster.on_bus_payload(payload)

    def on_bus_recovered(self) -> None:
        """The bus may have missed events: reconcile at once."""
        self.reconcile_now.set()

    def on_facts(self, facts: Sequence[RecordedFact]) -> None:
        """Committed facts of this node. From now on, agents who signed out or were removed may do nothing more."""
        self._cards.on_facts(facts)
        for fact, _ in facts:
            if isinstance(fact, SettingsChanged):
                self._service_monitor.expire()
            elif isinstance(fact, AgentRemoved | SessionEnded):
                for socket in self._agents:
                    socket.ended |= fact in (AgentRemoved(socket.agent_id), SessionEnded(socket.session))

    def connected(self, agent_id: int) -> bool:
        """Whether an agent has a socket on any node, as far as this node knows."""
        return self._agent_presence.is_connected(agent_id)

    def attach(self, app: web.Application) -> None:
        """Serve /socket.io/ in this app; when it shuts down, the sockets are closed first."""
        self._server.attach(app)
        app.on_shutdown.append(self._drain)

    async def close(self) -> None:
        """Call after the app has shut down and before the store closes."""
        self._service_monitor.close()
        await self._server.shutdown()

    async def _drain(self, _: web.Application) -> None:
        await self._server.engine.drain()

    def _sockets_with_tickets(self) -> list[ClientSocket]:
        return [socket for socket in chain[ClientSocket](self._visitors, self._agents) if socket.tickets]

    # -- jobs --------------------------------------------------------------------------------------------------

    async def reconcile(self) -> None:
        """Send this node's sockets what they miss of their tickets, the inbox and their offers."""
        if not any(True for _ in self._agents):
            self._reconciler.leave_inbox()
        await self._reconciler.reconcile()
        await self._offers.reconcile(self._agents)

    async def check_service(self) -> None:
        """Announce a changed service, and agents who came online or went offline."""
        await self._service_monitor.check()

    async def announce_cards(self) -> None:
        """Announce the inbox cards of tickets with new messages."""
        await self._cards.publish_changed()

    async def check_queue(self) -> None:
        """Announce changed queue positions to the visitors who wait."""
        await self._service_monitor.check_queue(self._visitors, self._reconciler)

    async def disconnect_ended_sessions(self) -> None:
        """Disconnect the consoles whose session has ended or whose agent was removed."""
        for socket in await self._departures.ended_sessions(self._agents):
            socket.ended = True
            await self._server.disconnect(socket.sid, AGENT_NAMESPACE)

    async def record_used_sessions(self) -> None:
        """Store that the sessions of the connected consoles are used."""
        await self._departures.record_used_sessions(self._agents)

    async def mark_gone_visitors(self) -> None:
        """Mark visitors gone who have had no socket for their grace."""
        await self._departures.mark_gone_visitors()

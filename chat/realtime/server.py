"""Realtime: the socket doors, the net under them, and their beats; app.py starts and ends it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain

from aiohttp import web

from chat import protocol
from chat.cluster.bus.bus import Bus
from chat.domain.facts import AgentRemoved, SessionEnded
from chat.protocol import Emission
from chat.realtime.agent.namespace import AgentNamespace
from chat.realtime.agent_presence import AgentPresenceCache
from chat.realtime.broadcaster import AGENT_NAMESPACE, Broadcaster, ChatStarted
from chat.realtime.card_updates import CardUpdates
from chat.realtime.connections import AgentSocket, ClientSocket, Sockets, VisitorSocket
from chat.realtime.context import Services
from chat.realtime.namespace import NamespaceDeps
from chat.realtime.read_mark_batcher import ReadMarkBatcher
from chat.realtime.reconciliation.departures import Departures
from chat.realtime.reconciliation.offer_reconciler import OfferReconciler
from chat.realtime.reconciliation.reconciler import Reconciler
from chat.realtime.service_monitor import ServiceMonitor
from chat.realtime.visitor.namespace import VisitorNamespace
from chat.store.transaction import RecordedFact, Unavailable
from chat.websocket.socketio_server import SocketServer

# After these an agent may do nothing more.
SESSION_ENDS = (AgentRemoved, SessionEnded)
SERVICE_S = 3.0
QUEUE_S = 1.0
CARDS_S = 1.0
SESSIONS_S = 2.0
DEPARTURES_S = 2.0

Announce = Callable[[Sequence[RecordedFact]], None]

log = logging.getLogger(__name__)


class Realtime:
    """`emit` tells this node's sockets, `hear` takes what the bus brings, `healed` is for the bus too.

    `elsewhere` tells the other nodes by `bus`, without waiting. `announce` tells facts to every node's sockets, `again`
    to this node's only.
    """

    def __init__(self, behind: Services, bus: Bus, again: Announce, announce: Announce) -> None:
        self._services = behind
        self._server = SocketServer(behind.handshakes.is_own_origin, behind.handshakes.read)
        self._broadcaster = Broadcaster(self._server, bus)
        self._agent_presence = AgentPresenceCache(behind)
        self._visitors: Sockets[VisitorSocket] = Sockets()
        self._agents: Sockets[AgentSocket] = Sockets()
        self._reconciler = Reconciler(behind, self._followers, again)
        self._offers = OfferReconciler(behind, self._broadcaster, again)
        self._service_monitor = ServiceMonitor(behind, self._broadcaster, self._agent_presence, again)
        self._cards = CardUpdates(behind, announce)
        self._departures = Departures(behind)
        self._reconcile_now = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._register_namespaces()

    def _register_namespaces(self) -> None:
        deps = NamespaceDeps(
            self._services,
            self._broadcaster,
            self._reconciler,
            self._agent_presence,
            self._service_monitor,
            ReadMarkBatcher(self._services.store),
        )
        visitor_namespace = VisitorNamespace(deps, self._visitors, self._departures)
        self._server.register_namespace(visitor_namespace)
        self._server.register_namespace(AgentNamespace(deps, self._agents, self._offers))
        self._broadcaster.listen(visitor_namespace.on_chat_started, ChatStarted)
        self._broadcaster.listen(self._reconciler.on_message, protocol.Message)
        self._broadcaster.listen(
            self._reconciler.on_event, protocol.Note, protocol.ReadEvent, protocol.Ticket, protocol.Card
        )
        self._broadcaster.listen(self._offers.on_event, protocol.Offer, protocol.OfferEnded)
        self._broadcaster.listen(self._service_monitor.on_event, protocol.Agent, protocol.Ticket, protocol.VisitorEvent)

    def emit(self, emission: Emission) -> None:
        """Tell this node's sockets, in order, without waiting."""
        self._broadcaster.send_local(emission)

    def send_remote(self, emission: Emission) -> None:
        """Tell the other nodes, in order, without waiting."""
        self._broadcaster.send_remote(emission)

    def on_bus_payload(self, payload: bytes) -> None:
        """What another node said on the bus."""
        self._broadcaster.on_bus_payload(payload)

    def on_bus_recovered(self) -> None:
        """The bus may have missed something: look now, not in a while."""
        self._reconcile_now.set()

    def on_facts(self, told: Sequence[RecordedFact]) -> None:
        """Facts of this node: who has signed out or was removed may do nothing more, from this moment on."""
        self._cards.on_facts(told)
        for fact, _ in told:
            if isinstance(fact, SESSION_ENDS):
                for socket in self._agents:
                    socket.ended |= fact in (AgentRemoved(socket.agent_id), SessionEnded(socket.session))

    def connected(self, agent_id: int) -> bool:
        """Whether an agent has a socket anywhere, as far as this node knows."""
        return self._agent_presence.is_connected(agent_id)

    def attach(self, app: web.Application) -> None:
        """Take /socket.io/ of an app; its connections are closed before anything else when it ends."""
        self._server.attach(app)
        app.on_shutdown.append(self._drain)

    async def start(self) -> None:
        """Start the beats."""
        beats = (
            self._run_every(self._reconcile, self._until_next_reconcile),
            self._run_every(self._service_monitor.check, self._until_next_service_check),
            self._run_every(self._cards.publish_changed, self._until_next_cards),
            self._run_every(self._check_queue, lambda: asyncio.sleep(QUEUE_S)),
            self._run_every(self._close_ended_sessions, lambda: asyncio.sleep(SESSIONS_S)),
            self._run_every(self._departures.mark_gone_visitors, lambda: asyncio.sleep(DEPARTURES_S)),
        )
        self._tasks = [asyncio.create_task(beat) for beat in beats]

    async def close(self) -> None:
        """End the beats; call after the app has shut down and before works close."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.shutdown()

    async def _drain(self, _: web.Application) -> None:
        await self._server.engine.drain()

    def _followers(self) -> list[ClientSocket]:
        return [socket for socket in chain[ClientSocket](self._visitors, self._agents) if socket.tickets]

    async def _run_every(self, look: Callable[[], Awaitable[None]], pause: Callable[[], Awaitable[None]]) -> None:
        """For ever; one look that fails must not be the last."""
        while True:
            try:
                await look()
            except Unavailable:
                log.warning("the store can't be asked, looking again soon")
            except Exception:
                log.exception("a look of the net failed")
            await pause()

    async def _reconcile(self) -> None:
        if not any(True for _ in self._agents):
            self._reconciler.leave_inbox()
        await self._reconciler.reconcile()
        await self._offers.reconcile(self._agents)

    async def _until_next_reconcile(self) -> None:
        await within(self._reconcile_now, self._services.settings.reconcile_s)

    async def _until_next_service_check(self) -> None:
        left_s = self._service_monitor.seconds_left(self._services.clock())
        # A state that has just ended must not make a busy loop of a clock that lags behind.
        pause_s = SERVICE_S if left_s is None else min(SERVICE_S, left_s + 0.05)
        await within(self._service_monitor.woken, pause_s)
        # Ten looks a second are at once; a rush of changes must not make hundreds of them.
        await asyncio.sleep(0.1)

    async def _until_next_cards(self) -> None:
        # More often than the net looks, which would take a card that is still to be told for one that was lost.
        await asyncio.sleep(min(CARDS_S, self._services.settings.reconcile_s / 3))

    async def _check_queue(self) -> None:
        await self._service_monitor.check_queue(self._visitors, self._reconciler)

    async def _close_ended_sessions(self) -> None:
        for socket in await self._departures.ended_sessions(self._agents):
            socket.ended = True
            await self._server.disconnect(socket.sid, AGENT_NAMESPACE)


async def within(event: asyncio.Event, seconds: float) -> None:
    """Until the event or the time, whichever is first; the event starts anew."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
    event.clear()

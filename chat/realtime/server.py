"""Realtime: the socket doors, the net under them, and their beats; app.py starts and ends it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain

from aiohttp import web

from chat import wire
from chat.desk.facts import AgentRemoved, SessionEnded
from chat.lane.gate import Gate
from chat.live.bus import Bus
from chat.realtime.agents import NAMESPACE as AGENTS
from chat.realtime.agents import AgentDoor
from chat.realtime.behind import Behind, Onlooker
from chat.realtime.cards import Cards
from chat.realtime.doors import Shared
from chat.realtime.hub import Begun, Hub
from chat.realtime.leaving import Leaving
from chat.realtime.net import Net
from chat.realtime.outlook import Outlook
from chat.realtime.reads import Reads
from chat.realtime.rings import Rings
from chat.realtime.sockets import AgentSocket, Socket, Sockets, VisitorSocket
from chat.realtime.visitors import VisitorDoor
from chat.store.works import Told, Unavailable
from chat.wire import Emission

# After these an agent may do nothing more.
ENDINGS = (AgentRemoved, SessionEnded)
SERVICE_S = 3.0
QUEUE_S = 1.0
CARDS_S = 1.0
SESSIONS_S = 2.0
LEAVING_S = 2.0

Announce = Callable[[Sequence[Told]], None]

log = logging.getLogger(__name__)


class Realtime:
    """`emit` tells this node's sockets, `hear` takes what the bus brings, `healed` is for the bus too.

    `elsewhere` tells the other nodes by `bus`, without waiting. `announce` tells facts to every node's sockets, `again`
    to this node's only.
    """

    def __init__(self, behind: Behind, bus: Bus, again: Announce, announce: Announce) -> None:
        self._behind = behind
        self._gate = Gate(behind.handshakes.is_own, behind.handshakes.came)
        self._hub = Hub(self._gate, bus)
        self._onlooker = Onlooker(behind)
        self._visitors: Sockets[VisitorSocket] = Sockets()
        self._agents: Sockets[AgentSocket] = Sockets()
        self._net = Net(behind, self._following, again)
        self._rings = Rings(behind, self._hub, again)
        self._outlook = Outlook(behind, self._hub, self._onlooker, again)
        self._cards = Cards(behind, announce)
        self._leaving = Leaving(behind)
        self._mending = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._open_doors()

    def _open_doors(self) -> None:
        shared = Shared(self._behind, self._hub, self._net, self._onlooker, self._outlook, Reads(self._behind.works))
        door = VisitorDoor(shared, self._visitors, self._leaving)
        self._gate.register_namespace(door)
        self._gate.register_namespace(AgentDoor(shared, self._agents, self._rings))
        self._hub.listen(door.hear, Begun)
        self._hub.listen(self._net.hear_line, wire.Message)
        self._hub.listen(self._net.hear, wire.Note, wire.ReadEvent, wire.Ticket, wire.Card)
        self._hub.listen(self._rings.hear, wire.Offer, wire.OfferEnded)
        self._hub.listen(self._outlook.hear, wire.Agent, wire.Ticket, wire.VisitorEvent)

    def emit(self, emission: Emission) -> None:
        """Tell this node's sockets, in order, without waiting."""
        self._hub.here(emission)

    def elsewhere(self, emission: Emission) -> None:
        """Tell the other nodes, in order, without waiting."""
        self._hub.elsewhere(emission)

    def hear(self, payload: bytes) -> None:
        """What another node said on the bus."""
        self._hub.hear(payload)

    def healed(self) -> None:
        """The bus may have missed something: look now, not in a while."""
        self._mending.set()

    def heard(self, told: Sequence[Told]) -> None:
        """Facts of this node: who has signed out or was removed may do nothing more, from this moment on."""
        self._cards.heard(told)
        for fact, _ in told:
            if isinstance(fact, ENDINGS):
                for socket in self._agents:
                    socket.ended |= fact in (AgentRemoved(socket.agent_id), SessionEnded(socket.session))

    def connected(self, agent_id: int) -> bool:
        """Whether an agent has a socket anywhere, as far as this node knows."""
        return self._onlooker.connected(agent_id)

    def attach(self, app: web.Application) -> None:
        """Take /socket.io/ of an app; its connections are closed before anything else when it ends."""
        self._gate.attach(app)
        app.on_shutdown.append(self._drain)

    async def start(self) -> None:
        """Start the beats."""
        beats = (
            self._beat(self._mend, self._mended),
            self._beat(self._outlook.look, self._service_moved),
            self._beat(self._cards.look, self._cards_moved),
            self._beat(self._look_at_queue, lambda: asyncio.sleep(QUEUE_S)),
            self._beat(self._cut_ended, lambda: asyncio.sleep(SESSIONS_S)),
            self._beat(self._leaving.look_for_visitors, lambda: asyncio.sleep(LEAVING_S)),
        )
        self._tasks = [asyncio.create_task(beat) for beat in beats]

    async def close(self) -> None:
        """End the beats; call after the app has shut down and before works close."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._gate.shutdown()

    async def _drain(self, _: web.Application) -> None:
        await self._gate.engine.drain()

    def _following(self) -> list[Socket]:
        return [socket for socket in chain[Socket](self._visitors, self._agents) if socket.tickets]

    async def _beat(self, look: Callable[[], Awaitable[None]], pause: Callable[[], Awaitable[None]]) -> None:
        """For ever; one look that fails must not be the last."""
        while True:
            try:
                await look()
            except Unavailable:
                log.warning("the store can't be asked, looking again soon")
            except Exception:
                log.exception("a look of the net failed")
            await pause()

    async def _mend(self) -> None:
        if not any(True for _ in self._agents):
            self._net.leave_inbox()
        await self._net.look()
        await self._rings.look(self._agents)

    async def _mended(self) -> None:
        await within(self._mending, self._behind.settings.net_s)

    async def _service_moved(self) -> None:
        left_s = self._outlook.seconds_left(self._behind.clock())
        # A state that has just ended must not make a busy loop of a clock that lags behind.
        pause_s = SERVICE_S if left_s is None else min(SERVICE_S, left_s + 0.05)
        await within(self._outlook.stirred, pause_s)
        # Ten looks a second are at once; a rush of changes must not make hundreds of them.
        await asyncio.sleep(0.1)

    async def _cards_moved(self) -> None:
        # More often than the net looks, which would take a card that is still to be told for one that was lost.
        await asyncio.sleep(min(CARDS_S, self._behind.settings.net_s / 3))

    async def _look_at_queue(self) -> None:
        await self._outlook.look_at_queue(self._visitors, self._net)

    async def _cut_ended(self) -> None:
        for socket in await self._leaving.ended(self._agents):
            socket.ended = True
            await self._gate.disconnect(socket.sid, AGENTS)


async def within(event: asyncio.Event, seconds: float) -> None:
    """Until the event or the time, whichever is first; the event starts anew."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
    event.clear()

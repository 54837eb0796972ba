"""The outlook: what is to be had now, who of the team is there, which place one has; told when it changes."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from chat import present, wire
from chat.desk import agents, held, service
from chat.desk.facts import AgentChanged
from chat.desk.service import Service
from chat.realtime.behind import Behind, Onlooker
from chat.realtime.hub import Hub
from chat.realtime.net import Net
from chat.realtime.sockets import VisitorSocket
from chat.store.works import Told
from chat.wire import Emission

FRESH_S = 0.25
# What may open or close the chat; messages come as cards only.
STIRRING = (wire.Agent, wire.Ticket)
# What may move the queue: waits begin and end as tickets, and who has left stands behind who is here.
MOVING = (wire.Ticket, wire.VisitorEvent)


class Outlook:
    """Every node looks for itself and tells its own sockets."""

    def __init__(self, behind: Behind, hub: Hub, onlooker: Onlooker, again: Callable[[Sequence[Told]], None]) -> None:
        self._behind = behind
        self._hub = hub
        self._onlooker = onlooker
        self._again = again
        self._service: Service | None = None
        self._there: frozenset[int] | None = None
        self._queue_moved = False
        self._asked: asyncio.Future[Service] | None = None
        self._asked_at = self._looked_at = 0.0
        self.stirred = asyncio.Event()

    def hear(self, told: Emission) -> None:
        """Something is being told to this node's sockets."""
        if isinstance(told.shape, STIRRING):
            self.stirred.set()
        self._queue_moved |= isinstance(told.shape, MOVING)

    def seen(self, found: Service) -> None:
        """Somebody was shown this service: when it is not what was told last, the others are to hear of it too."""
        if self._service is None or told_apart(found) != told_apart(self._service):
            self.stirred.set()

    async def now(self) -> Service:
        """What is to be had, asked at most once in FRESH_S however many say hello; who is told otherwise a moment
        later is told by `look`."""
        if time.monotonic() - self._asked_at > FRESH_S or self._asked is None:
            self._asked_at, self._asked = time.monotonic(), asyncio.ensure_future(self._ask())
        asked_at, found = self._asked_at, await asyncio.shield(self._asked)
        if self._service is not None and self._looked_at > asked_at:
            return self._service  # the room has been told of this one: an older answer would never be corrected
        self.seen(found)
        return found

    async def _ask(self) -> Service:
        return await self._behind.works.peek(service.now_for, await self._onlooker.situation())

    def seconds_left(self, now: datetime) -> float | None:
        """Until the state that was told last ends, by the calendar."""
        until = self._service.until if self._service else None
        return None if until is None else max(0.0, (until - now).total_seconds())

    async def look(self) -> None:
        """Tell the service when state or mode differ from what was told last, and who came or went."""
        there = await self._onlooker.look()
        began, found = time.monotonic(), await self._ask()
        before, self._service, self._looked_at = self._service, found, began
        if before is not None and told_apart(before) != told_apart(found):
            shape = present.service(found)
            self._hub.here(Emission.of("service", shape, visitors="site", agents="agents"))
        await self._who_came_or_went(there)

    async def _who_came_or_went(self, there: frozenset[int] | None) -> None:
        before, self._there = self._there, self._there if there is None else there
        moved = (there or frozenset()) ^ (before or frozenset()) if there is not None else frozenset()
        if moved:
            team = await self._behind.works.peek(agents.team)
            self._again([Told(AgentChanged(agent), None) for agent in team if agent.id in moved])

    async def look_at_queue(self, visitors: Iterable[VisitorSocket], net: Net) -> None:
        """Tell the waiting visitors of this node whose place or wait has changed, if anything has."""
        if not self._queue_moved:
            return
        self._queue_moved = False
        keys = {joined.key for socket in visitors for joined in socket.tickets.values()}
        for row in await self._behind.works.read(held.waiting_among, sorted(keys)):
            if not net.knows(row):
                shown = present.ticket(row, self._behind.links)
                self._hub.here(Emission.of("ticket", shown, visitors=f"v:{row.visitor_id}"))


def told_apart(found: Service) -> tuple[str, str]:
    """What makes one service another for whoever looks at it."""
    return found.state, found.mode

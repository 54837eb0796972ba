"""What rings on this node's consoles: an offer that the bus did not bring rings all the same."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from chat import wire
from chat.desk import held
from chat.desk.facts import OfferMade
from chat.realtime.behind import Behind
from chat.realtime.hub import Hub
from chat.realtime.net import SETTLE_S
from chat.realtime.sockets import AgentSocket
from chat.store.works import Told
from chat.wire import Emission


class Rings:
    """Remembers by (room, ticket) what its consoles were told."""

    def __init__(self, behind: Behind, hub: Hub, again: Callable[[Sequence[Told]], None]) -> None:
        self._works = behind.works
        self._hub = hub
        self._again = again
        self._told: set[tuple[str, str]] = set()

    def hear(self, told: Emission) -> None:
        """Something is being told to this node's sockets."""
        if isinstance(told.shape, wire.Offer):
            self._told.update((room, told.shape.card.ticket) for room in told.agents)
        elif isinstance(told.shape, wire.OfferEnded):
            self._told.difference_update((room, told.shape.ticket) for room in told.agents)

    def know(self, agent_id: int, tickets: Iterable[str]) -> None:
        """A console has read that these ring on it."""
        self._told.update((f"a:{agent_id}", ticket) for ticket in tickets)

    async def look(self, agents: Iterable[AgentSocket]) -> None:
        """Ask SQL what rings; tell what a moment later is still news."""
        ids = {agent.agent_id for agent in agents}
        before = self._told.copy()
        rings = await self._works.read(held.ringing_for, ids) if ids else []
        ringing = {(f"a:{ring.offer.agent_id}", ring.ticket.public_id): ring for ring in rings}
        if ringing.keys() == before:
            return
        await asyncio.sleep(SETTLE_S)
        for place in ringing.keys() - before - self._told:
            self._again([Told(OfferMade(*ringing[place]), None)])
        for room, ticket in (before & self._told) - ringing.keys():
            ended = wire.OfferEnded(ticket=ticket, reason="withdrawn")
            self._hub.here(Emission.of("offer_ended", ended, agents=room))

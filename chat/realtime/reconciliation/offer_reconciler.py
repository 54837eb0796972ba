"""What rings on this node's consoles: an offer that the bus did not bring rings all the same."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from chat import protocol
from chat.domain.audience import agent_room
from chat.domain.facts import OfferMade
from chat.domain.queries import offers
from chat.protocol import Emission
from chat.realtime.broadcaster import Broadcaster
from chat.realtime.connections import AgentSocket
from chat.realtime.context import Services
from chat.realtime.reconciliation.reconciler import SETTLE_S
from chat.store.transaction import RecordedFact


class OfferReconciler:
    """Remembers by (room, ticket) what its consoles were told."""

    def __init__(
        self, behind: Services, hub: Broadcaster, announce_locally: Callable[[Sequence[RecordedFact]], None]
    ) -> None:
        self._store = behind.store
        self._broadcaster = hub
        self._announce_locally = announce_locally
        self._delivered: set[tuple[str, str]] = set()

    def on_event(self, told: Emission) -> None:
        """Something is being told to this node's sockets."""
        if isinstance(told.shape, protocol.Offer):
            self._delivered.update((room, told.shape.card.ticket) for room in told.agents)
        elif isinstance(told.shape, protocol.OfferEnded):
            self._delivered.difference_update((room, told.shape.ticket) for room in told.agents)

    def mark_delivered(self, agent_id: int, tickets: Iterable[str]) -> None:
        """A console has read that these ring on it."""
        self._delivered.update((agent_room(agent_id), ticket) for ticket in tickets)

    async def reconcile(self, agents: Iterable[AgentSocket]) -> None:
        """Ask SQL what rings; tell what a moment later is still news."""
        ids = {agent.agent_id for agent in agents}
        before = self._delivered.copy()
        rings = await self._store.read(offers.offers_ringing_for, ids) if ids else []
        ringing = {(agent_room(ring.offer.agent_id), ring.ticket.public_id): ring for ring in rings}
        if ringing.keys() == before:
            return
        await asyncio.sleep(SETTLE_S)
        for place in ringing.keys() - before - self._delivered:
            self._announce_locally([RecordedFact(OfferMade(*ringing[place]), None)])
        for room, ticket in (before & self._delivered) - ringing.keys():
            ended = protocol.OfferEnded(ticket=ticket, reason="withdrawn")
            self._broadcaster.send_local(Emission.of("offer_ended", ended, agents=room))

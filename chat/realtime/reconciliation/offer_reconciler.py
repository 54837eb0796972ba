"""The offer reconciler: sends this node's consoles the offers, and the ends of offers, that the bus did not bring."""

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
    """Remembers by room and ticket which offers its consoles show."""

    def __init__(
        self,
        services: Services,
        broadcaster: Broadcaster,
        announce_locally: Callable[[Sequence[RecordedFact]], None],
    ) -> None:
        self._store = services.store
        self._broadcaster = broadcaster
        self._announce_locally = announce_locally
        self._delivered: set[tuple[str, str]] = set()

    def on_event(self, emission: Emission) -> None:
        """Called with each offer and end of an offer for this node's sockets."""
        if isinstance(emission.shape, protocol.Offer):
            self._delivered.update((room, emission.shape.card.ticket) for room in emission.agents)
        elif isinstance(emission.shape, protocol.OfferEnded):
            self._delivered.difference_update((room, emission.shape.ticket) for room in emission.agents)

    def mark_delivered(self, agent_id: int, tickets: Iterable[str]) -> None:
        """A console has read that it has offers of these tickets."""
        self._delivered.update((agent_room(agent_id), ticket) for ticket in tickets)

    async def reconcile(self, agents: Iterable[AgentSocket]) -> None:
        """Compare with the offers in SQL, and send what a moment later is still missing."""
        ids = {agent.agent_id for agent in agents}
        before = self._delivered.copy()
        found = await self._store.read(offers.offers_ringing_for, ids) if ids else []
        ringing = {(agent_room(one.offer.agent_id), one.ticket.public_id): one for one in found}
        if ringing.keys() == before:
            return
        await asyncio.sleep(SETTLE_S)
        for missing in ringing.keys() - before - self._delivered:
            self._announce_locally([RecordedFact(OfferMade(*ringing[missing]), None)])
        for room, ticket in (before & self._delivered) - ringing.keys():
            ended = protocol.OfferEnded(ticket=ticket, reason="withdrawn")
            self._broadcaster.send_local(Emission.of("offer_ended", ended, agents=room))

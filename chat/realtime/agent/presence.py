"""Agents come online: hello, with everything that the console shows first, and available or away."""

import math

from chat import presenters, protocol
from chat.domain.audience import ALL_AGENTS, agent_room
from chat.domain.people import agents
from chat.domain.queries.console import ConsoleSnapshot, console_snapshot
from chat.domain.refusals import NotAllowed, NotFound
from chat.realtime.agent.base import AgentCommands
from chat.realtime.broadcaster import AGENT_NAMESPACE
from chat.realtime.connections import AgentSocket


class PresenceCommands(AgentCommands):
    """hello and set_presence."""

    async def on_hello(self, socket: AgentSocket, _: protocol.Hello) -> protocol.AgentHelloAck:
        """Enter the rooms first and read afterwards, so that a concurrent change arrives twice rather than never."""
        self._mark_present(socket)
        for room in (ALL_AGENTS, agent_room(socket.agent_id)):
            self.broadcaster.enter(socket.sid, AGENT_NAMESPACE, room)
        await self.reconciler.follow_inbox()
        snapshot = await self.store.read(console_snapshot, socket.agent_id)
        self.offers.mark_delivered(socket.agent_id, (offer.ticket.public_id for offer in snapshot.offers))
        for row in snapshot.inbox.mine:
            self.start_following(socket, row)
        return self._hello_ack(socket, snapshot, presenters.service(await self.service_monitor.current()))

    def _mark_present(self, socket: AgentSocket) -> None:
        if socket not in self.sockets:
            raise NotFound("session")
        if socket.presence_key is None:
            socket.presence_key = str(socket.agent_id)
            self.services.agent_presence.add(socket.presence_key)
            self.agent_presence.add_connected(socket.agent_id)
            self.service_monitor.expire()

    def _hello_ack(
        self, socket: AgentSocket, snapshot: ConsoleSnapshot, service: protocol.Service
    ) -> protocol.AgentHelloAck:
        own = next((agent for agent in snapshot.team if agent.id == socket.agent_id), None)
        if own is None:
            raise NotAllowed("this agent has been removed")
        cards = (presenters.cards(rows) for rows in snapshot.inbox[:3])
        return protocol.AgentHelloAck(
            agent=presenters.agent(own, connected=True),
            presence=own.state,
            cards=protocol.Cards(*cards),
            counts=protocol.Counts(**snapshot.inbox.counts),
            team=[presenters.agent(agent, self.agent_presence.is_connected(agent.id)) for agent in snapshot.team],
            departments=[presenters.department(department) for department in snapshot.departments],
            offers=[presenters.offer(*offer) for offer in snapshot.offers],
            service=service,
            ring_s=math.ceil(self.services.timeouts.ring.total_seconds()),
        )

    async def on_set_presence(self, socket: AgentSocket, command: protocol.SetPresence) -> protocol.SetPresenceAck:
        agent = await self.store.write(agents.set_presence, socket.agent_id, command.state, self.now())
        self.service_monitor.expire()
        return protocol.SetPresenceAck(presence=agent.state)

"""Who has a ticket: an agent claims it, declines its offer, hands it over, or takes it over from another agent."""

import secrets

from chat import protocol
from chat.domain.messages.notes import NewNote
from chat.domain.routing import claims
from chat.domain.routing.offers import decline
from chat.domain.routing.transfer import HandOver, Receiver, hand_over
from chat.realtime.agent.base import AgentCommands, ticket_ack
from chat.realtime.connections import AgentSocket


class AssignmentCommands(AgentCommands):
    """claim, decline, hand_over and take_over."""

    async def on_claim(self, socket: AgentSocket, command: protocol.Claim) -> protocol.TicketAck:
        await self.follow_ticket(socket, command.ticket)
        store = self.store.as_from(socket.sid)
        return ticket_ack(await store.write(claims.claim, socket.agent_id, command.ticket, command.over, self.now()))

    async def on_decline(self, socket: AgentSocket, command: protocol.TicketCommand) -> protocol.Ack:
        await self.store.as_from(socket.sid).write(decline, socket.agent_id, command.ticket, self.now())
        return protocol.Ack()

    async def on_hand_over(self, socket: AgentSocket, command: protocol.HandOver) -> protocol.TicketAck:
        await self.follow_ticket(socket, command.ticket)
        note = NewNote(secrets.token_urlsafe(16), command.note) if command.note else None
        request = HandOver(command.ticket, Receiver(**command.to), note)
        context = await self.agent_presence.context()
        store = self.store.as_from(socket.sid)
        return ticket_ack(await store.write(hand_over, socket.agent_id, request, context))

    async def on_take_over(self, socket: AgentSocket, command: protocol.TicketCommand) -> protocol.TicketAck:
        await self.follow_ticket(socket, command.ticket)
        store = self.store.as_from(socket.sid)
        return ticket_ack(await store.write(claims.take_over, socket.agent_id, command.ticket, self.now()))

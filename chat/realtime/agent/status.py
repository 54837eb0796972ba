"""Agents move a ticket's status: they end its chat, set a status, or mark it as spam."""

from chat import protocol
from chat.domain.tickets import lifecycle
from chat.realtime.agent.base import AgentCommands, ticket_ack
from chat.realtime.connections import AgentSocket


class StatusCommands(AgentCommands):
    """end_chat, set_status and spam."""

    async def on_end_chat(self, socket: AgentSocket, command: protocol.TicketCommand) -> protocol.TicketAck:
        await self.follow_ticket(socket, command.ticket)
        store = self.store.as_from(socket.sid)
        return ticket_ack(await store.write(lifecycle.end_by_agent, socket.agent_id, command.ticket, self.now()))

    async def on_set_status(self, socket: AgentSocket, command: protocol.SetStatus) -> protocol.TicketAck:
        await self.follow_ticket(socket, command.ticket)
        store = self.store.as_from(socket.sid)
        ticket, status = command.ticket, command.status
        return ticket_ack(await store.write(lifecycle.set_status, socket.agent_id, ticket, status, self.now()))

    async def on_spam(self, socket: AgentSocket, command: protocol.TicketCommand) -> protocol.TicketAck:
        await self.follow_ticket(socket, command.ticket)
        store = self.store.as_from(socket.sid)
        return ticket_ack(await store.write(lifecycle.mark_spam, socket.agent_id, command.ticket, self.now()))

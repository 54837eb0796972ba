"""Agents put tickets on hold."""

from chat import protocol
from chat.domain.promises import on_hold
from chat.protocol.promises import Hold
from chat.realtime.agent.base import AgentCommands, ticket_ack
from chat.realtime.connections import AgentSocket


class HoldCommands(AgentCommands):
    """hold."""

    async def on_hold(self, socket: AgentSocket, command: Hold) -> protocol.TicketAck:
        await self.follow_ticket(socket, command.ticket)
        hold = on_hold.Hold(command.until, command.reason, command.tell)
        store = self.store.as_from(socket.sid)
        return ticket_ack(await store.write(on_hold.put_on_hold, socket.agent_id, command.ticket, hold, self.now()))

"""Visitors write: typing notices, catching up after a reconnect, and ending the chat."""

from msgspec import UNSET

from chat import presenters, protocol
from chat.domain.audience import ticket_room
from chat.domain.messages import catch_up
from chat.domain.tickets import lifecycle
from chat.protocol import Emission
from chat.realtime.connections import VisitorSocket
from chat.realtime.visitor.base import VisitorCommands


class ConversationCommands(VisitorCommands):
    """catch_up, typing and end_chat."""

    async def on_catch_up(self, socket: VisitorSocket, command: protocol.CatchUp) -> protocol.CatchUpAck:
        await self.follow_ticket(socket, command.ticket)
        visitor_id = self.visitor_id(socket)
        found = await self.store.read(catch_up.visitor_catch_up, visitor_id, command.ticket, command.after)
        return protocol.CatchUpAck(
            restart=True if found.restart else UNSET,
            ticket=self.ticket_payload(found.ticket),
            messages=[presenters.message(row) for row in found.messages],
            head=found.ticket.last_seq,
        )

    async def on_typing(self, socket: VisitorSocket, command: protocol.Typing) -> protocol.Ack:
        ticket = await self.follow_ticket(socket, command.ticket)
        typing = protocol.TypingEvent(ticket=command.ticket, on=command.on, name=ticket.name)
        self.broadcaster.broadcast(Emission.of("typing", typing, agents=ticket_room(ticket.key)))
        return protocol.Ack()

    async def on_end_chat(self, socket: VisitorSocket, command: protocol.TicketCommand) -> protocol.TicketAck:
        await self.follow_ticket(socket, command.ticket)
        store = self.store.as_from(socket.sid)
        row = await store.write(lifecycle.end_by_visitor, self.visitor_id(socket), command.ticket, self.now())
        return protocol.TicketAck(ticket=self.ticket_payload(row))

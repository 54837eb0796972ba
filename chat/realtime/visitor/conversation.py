"""Visitors write: messages, typing notices and read marks, catching up after a reconnect, and ending the chat."""

from msgspec import UNSET

from chat import presenters, protocol
from chat.domain.audience import ticket_room
from chat.domain.messages import catch_up
from chat.domain.messages.incoming import Post
from chat.domain.messages.read_marks import ReadMark
from chat.domain.tickets import lifecycle
from chat.protocol import Emission
from chat.realtime.connections import VisitorSocket
from chat.realtime.visitor.base import VisitorCommands


class ConversationCommands(VisitorCommands):
    """catch_up, typing and end_chat; what is a visitor's in send_message and mark_read."""

    def post_of(self, socket: VisitorSocket, command: protocol.SendMessage) -> Post:
        context = self.agent_presence.latest_context()
        return Post(command.ticket, command.client_id, command.text, context, visitor_id=socket.visitor_id)

    def read_mark_of(self, socket: VisitorSocket, command: protocol.MarkRead) -> ReadMark:
        ticket = socket.tickets[command.ticket]
        return ReadMark(ticket.key, command.seq, self.now(), visitor_id=self.visitor_id(socket))

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

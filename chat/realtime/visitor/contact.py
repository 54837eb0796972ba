"""Visitors give their e-mail address, and wait on or leave the queue."""

from chat import protocol
from chat.domain.tickets.contact import Contact, give_contact
from chat.realtime.connections import VisitorSocket
from chat.realtime.visitor.base import VisitorCommands


class ContactCommands(VisitorCommands):
    """give_contact."""

    async def on_give_contact(self, socket: VisitorSocket, command: protocol.GiveContact) -> protocol.TicketAck:
        await self.follow_ticket(socket, command.ticket)
        contact = Contact(command.email, command.name, command.wait)
        store = self.store.as_from(socket.sid)
        row = await store.write(give_contact, self.visitor_id(socket), command.ticket, contact, self.now())
        return protocol.TicketAck(ticket=self.ticket_payload(row))

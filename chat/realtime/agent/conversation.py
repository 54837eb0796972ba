"""Agents write: notes, typing notices, and catching up after a reconnect."""

from msgspec import UNSET

from chat import presenters, protocol
from chat.domain.audience import visitor_room
from chat.domain.messages import catch_up, notes
from chat.domain.queries import tickets
from chat.protocol import Emission
from chat.realtime.agent.base import AgentCommands
from chat.realtime.connections import AgentSocket


class ConversationCommands(AgentCommands):
    """catch_up, add_note and typing."""

    async def on_catch_up(self, socket: AgentSocket, command: protocol.AgentCatchUp) -> protocol.AgentCatchUpAck:
        await self.follow_ticket(socket, command.ticket)
        cursors = (command.after, command.notes_after)
        found = await self.store.read(catch_up.agent_catch_up, command.ticket, *cursors)
        return protocol.AgentCatchUpAck(
            restart=True if found.restart else UNSET,
            ticket=presenters.ticket(found.ticket),
            messages=[presenters.message(row) for row in found.messages],
            head=found.ticket.last_seq,
            notes=[presenters.note(row) for row in found.notes],
            notes_head=found.ticket.last_note_seq,
        )

    async def on_add_note(self, socket: AgentSocket, command: protocol.AddNote) -> protocol.AddNoteAck:
        await self.follow_ticket(socket, command.ticket)
        new = notes.NewNote(command.client_id, command.text)
        store = self.store.as_from(socket.sid)
        note = await store.write(notes.add_note, socket.agent_id, command.ticket, new, self.now())
        return protocol.AddNoteAck(note_seq=note.note_seq, id=note.public_id, at=note.at)

    async def on_typing(self, socket: AgentSocket, command: protocol.Typing) -> protocol.Ack:
        """Only the typing of the ticket's agent is shown to the visitor: any other agent is about to write a note."""
        ticket = await self.follow_ticket(socket, command.ticket)
        row = await self.store.read(tickets.ticket_by_public_id, command.ticket)
        if row.assignee_id not in (None, socket.agent_id):
            return protocol.Ack()
        typing = protocol.TypingEvent(ticket=command.ticket, on=command.on, name=socket.name)
        self.broadcaster.broadcast(Emission.of("typing", typing, visitors=visitor_room(ticket.visitor)))
        return protocol.Ack()

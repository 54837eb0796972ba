"""Agents look tickets up: the lists of the inbox, one ticket as a whole, and the routing's decisions about it."""

from chat import presenters, protocol
from chat.domain.queries import decisions, inbox
from chat.domain.queries.console import open_ticket
from chat.realtime.agent.base import AgentCommands
from chat.realtime.connections import AgentSocket


class InboxCommands(AgentCommands):
    """list, open_ticket and explain."""

    async def on_list(self, socket: AgentSocket, command: protocol.ListTickets) -> protocol.ListAck:
        page = await self.store.read(inbox.list_tickets, socket.agent_id, command.view, command.q, command.after)
        return protocol.ListAck(cards=presenters.cards(page.rows), next=page.next)

    async def on_open_ticket(self, socket: AgentSocket, command: protocol.TicketCommand) -> protocol.OpenTicketAck:
        await self.follow_ticket(socket, command.ticket)
        found, visitor, earlier = await self.store.read(open_ticket, command.ticket)
        return protocol.OpenTicketAck(
            ticket=presenters.ticket(found.ticket),
            messages=[presenters.message(row) for row in found.messages],
            head=found.ticket.last_seq,
            notes=[presenters.note(row) for row in found.notes],
            notes_head=found.ticket.last_note_seq,
            visitor=presenters.visitor(visitor, earlier),
        )

    async def on_explain(self, socket: AgentSocket, command: protocol.TicketCommand) -> protocol.ExplainAck:
        rows = await self.store.read(decisions.explain, command.ticket)
        return protocol.ExplainAck(decisions=[presenters.decision(row) for row in rows])

"""The agents' door: /agent, one small handler a command."""

import secrets
from collections.abc import Iterable

from msgspec import UNSET

from chat import presenters, protocol
from chat.domain.messages import catch_up, notes, post
from chat.domain.messages.incoming import Post
from chat.domain.messages.read_marks import ReadMark
from chat.domain.people import agents, sessions
from chat.domain.queries import inbox, offers, tickets
from chat.domain.queries.console import ConsoleSnapshot, console_snapshot, open_ticket
from chat.domain.refusals import NotAllowed, NotFound
from chat.domain.routing import claims
from chat.domain.routing.offers import decline
from chat.domain.routing.transfer import HandoverNote, HandOverTo, hand_over_with_note
from chat.domain.tickets import lifecycle
from chat.protocol import Emission
from chat.realtime.connections import AgentSocket, FollowedTicket, Sockets
from chat.realtime.context import ConnectionInfo
from chat.realtime.namespace import CommandNamespace, NamespaceDeps, sent_ack
from chat.realtime.reconciliation.offer_reconciler import OfferReconciler
from chat.store.rows import TicketRow

NAMESPACE = "/agent"


class AgentNamespace(CommandNamespace[AgentSocket]):
    """Each command is allowed again by its verb; the session is looked at again every few seconds."""

    name = NAMESPACE
    commands = protocol.AGENT_COMMANDS

    def __init__(self, shared: NamespaceDeps, sockets: Sockets[AgentSocket], rings: OfferReconciler) -> None:
        super().__init__(shared, sockets)
        self._offers = rings

    async def admit(self, sid: str, came: ConnectionInfo, auth: object) -> AgentSocket:
        """By the console's cookie; NotAllowed without a session. The engine has looked at the origin."""
        agent = (
            await self.store.read_stale(sessions.agent_for_session, came.session, self.now()) if came.session else None
        )
        if came.session is None or agent is None:
            raise NotAllowed("sign in first")
        return AgentSocket(sid, came.address, agent.id, agent.name, came.session)

    def authorise(self, who: AgentSocket) -> None:
        """At each command, for the socket of an ended session is cut only a moment later."""
        if who.ended:
            raise NotAllowed("sign in first")

    def on_left(self, who: AgentSocket) -> None:
        """The last socket's going starts the agent's grace."""
        if who.presence_key is not None:
            self.services.agent_presence.remove(who.presence_key)

    def budgets(self, who: AgentSocket) -> Iterable[tuple[str, int]]:
        yield str(who.agent_id), self.services.settings.agent_commands

    # -- coming ------------------------------------------------------------------------------------------------

    async def on_hello(self, who: AgentSocket, _: protocol.Hello) -> protocol.AgentHello:
        self._mark_present(who)
        for room in ("agents", f"a:{who.agent_id}"):
            self.broadcaster.enter(who.sid, NAMESPACE, room)
        await self.reconciler.follow_inbox()
        desk = await self.store.read(console_snapshot, who.agent_id)
        self._offers.mark_delivered(who.agent_id, (ring.ticket.public_id for ring in desk.offers))
        for row in desk.inbox.mine:
            self.start_following(who, row)
        return self._hello_ack(who, desk, presenters.service(await self.service_monitor.current()))

    def _mark_present(self, who: AgentSocket) -> None:
        if who not in self.sockets:
            raise NotFound("session")
        if who.presence_key is None:
            who.presence_key = str(who.agent_id)
            self.services.agent_presence.add(who.presence_key)
            self.agent_presence.add_connected(who.agent_id)
            self.service_monitor.woken.set()

    def _hello_ack(self, who: AgentSocket, desk: ConsoleSnapshot, service: protocol.Service) -> protocol.AgentHello:
        own = next((agent for agent in desk.team if agent.id == who.agent_id), None)
        if own is None:
            raise NotAllowed("this agent has been removed")
        cards = (presenters.cards(rows) for rows in desk.inbox[:3])
        return protocol.AgentHello(
            agent=presenters.agent(own, connected=True),
            presence=own.state,
            cards=protocol.Cards(*cards),
            counts=protocol.Counts(**desk.inbox.counts),
            team=[presenters.agent(one, self.agent_presence.is_connected(one.id)) for one in desk.team],
            departments=[presenters.department(part) for part in desk.departments],
            offers=[presenters.offer(*ring) for ring in desk.offers],
            service=service,
        )

    async def on_set_presence(self, who: AgentSocket, command: protocol.SetPresence) -> protocol.PresenceSet:
        agent = await self.store.write(agents.set_presence, who.agent_id, command.state, self.now())
        return protocol.PresenceSet(presence=agent.state)

    # -- the inbox ---------------------------------------------------------------------------------------------

    async def on_list(self, who: AgentSocket, command: protocol.ListTickets) -> protocol.Listed:
        found = await self.store.read(inbox.list_tickets, who.agent_id, command.view, command.q, command.after)
        return protocol.Listed(cards=presenters.cards(found.rows), next=found.next)

    async def on_open_ticket(self, who: AgentSocket, command: protocol.OfTicket) -> protocol.Opened:
        await self._follow_ticket(who, command.ticket)
        found, visitor, earlier = await self.store.read(open_ticket, command.ticket)
        return protocol.Opened(
            ticket=presenters.ticket(found.ticket),
            messages=[presenters.message(row) for row in found.messages],
            head=found.ticket.last_seq,
            notes=[presenters.note(row) for row in found.notes],
            notes_head=found.ticket.last_note_seq,
            visitor=presenters.visitor(visitor, earlier),
        )

    async def on_catch_up(self, who: AgentSocket, command: protocol.AgentCatchUp) -> protocol.AgentCaughtUp:
        await self._follow_ticket(who, command.ticket)
        cursors = (command.after, command.notes_after)
        found = await self.store.read(catch_up.agent_catch_up, command.ticket, *cursors)
        return protocol.AgentCaughtUp(
            restart=True if found.restart else UNSET,
            ticket=presenters.ticket(found.ticket),
            messages=[presenters.message(row) for row in found.messages],
            head=found.ticket.last_seq,
            notes=[presenters.note(row) for row in found.notes],
            notes_head=found.ticket.last_note_seq,
        )

    async def on_explain(self, who: AgentSocket, command: protocol.OfTicket) -> protocol.Explained:
        rows = await self.store.read(offers.explain, command.ticket)
        return protocol.Explained(decisions=[presenters.decision(row) for row in rows])

    # -- who has it --------------------------------------------------------------------------------------------

    async def on_claim(self, who: AgentSocket, command: protocol.Claim) -> protocol.TicketDone:
        await self._follow_ticket(who, command.ticket)
        own = self.store.as_from(who.sid)
        return ticket_ack(await own.write(claims.claim, who.agent_id, command.ticket, command.over, self.now()))

    async def on_decline(self, who: AgentSocket, command: protocol.OfTicket) -> protocol.Done:
        own = self.store.as_from(who.sid)
        await own.write(decline, who.agent_id, command.ticket, self.now())
        return protocol.Done()

    async def on_hand_over(self, who: AgentSocket, command: protocol.HandOver) -> protocol.TicketDone:
        await self._follow_ticket(who, command.ticket)
        to, giver = HandOverTo(**command.to), (who.agent_id, command.ticket)
        said = HandoverNote(secrets.token_urlsafe(16), command.note) if command.note else None
        context = await self.agent_presence.context()
        return ticket_ack(await self.store.as_from(who.sid).write(hand_over_with_note, giver, to, said, context))

    async def on_take_over(self, who: AgentSocket, command: protocol.OfTicket) -> protocol.TicketDone:
        await self._follow_ticket(who, command.ticket)
        own = self.store.as_from(who.sid)
        return ticket_ack(await own.write(claims.take_over, who.agent_id, command.ticket, self.now()))

    # -- talking -----------------------------------------------------------------------------------------------

    async def on_send_message(self, who: AgentSocket, command: protocol.SendMessage) -> protocol.Sent:
        await self._follow_ticket(who, command.ticket)
        return sent_ack(await self.store.post(post.post_batch, self.post_of(who, command), who.sid))

    def post_of(self, who: AgentSocket, said: protocol.SendMessage) -> Post:
        return Post(said.ticket, said.client_id, said.text, self.agent_presence.latest_context(), agent_id=who.agent_id)

    async def on_add_note(self, who: AgentSocket, command: protocol.AddNote) -> protocol.Noted:
        await self._follow_ticket(who, command.ticket)
        said = (command.client_id, command.text)
        own = self.store.as_from(who.sid)
        note = await own.write(notes.add_note, who.agent_id, command.ticket, said, self.now())
        return protocol.Noted(note_seq=note.note_seq, id=note.public_id, at=note.at)

    async def on_typing(self, who: AgentSocket, command: protocol.Typing) -> protocol.Done:
        """Told to the visitor by the ticket's agent only: whoever else writes is about to write a note."""
        ticket = await self._follow_ticket(who, command.ticket)
        row = await self.store.read_stale(tickets.ticket_by_public_id, command.ticket)  # whose it is, is never behind
        if row.assignee_id not in (None, who.agent_id):
            return protocol.Done()
        told = protocol.TypingEvent(ticket=command.ticket, on=command.on, name=who.name)
        self.broadcaster.broadcast(Emission.of("typing", told, visitors=f"v:{ticket.visitor}"))
        return protocol.Done()

    async def on_mark_read(self, who: AgentSocket, command: protocol.MarkRead) -> protocol.Done:
        await self._follow_ticket(who, command.ticket)
        await self.read_marks.write(self.read_mark_of(who, command))
        return protocol.Done()

    def read_mark_of(self, who: AgentSocket, read: protocol.MarkRead) -> ReadMark:
        return ReadMark(who.tickets[read.ticket].key, read.seq, self.now(), who.sid, agent_id=who.agent_id)

    # -- how it ends -------------------------------------------------------------------------------------------

    async def on_end_chat(self, who: AgentSocket, command: protocol.OfTicket) -> protocol.TicketDone:
        await self._follow_ticket(who, command.ticket)
        own = self.store.as_from(who.sid)
        return ticket_ack(await own.write(lifecycle.end_by_agent, who.agent_id, command.ticket, self.now()))

    async def on_set_status(self, who: AgentSocket, command: protocol.SetStatus) -> protocol.TicketDone:
        await self._follow_ticket(who, command.ticket)
        own = self.store.as_from(who.sid)
        ticket, status = command.ticket, command.status
        return ticket_ack(await own.write(lifecycle.set_status, who.agent_id, ticket, status, self.now()))

    async def on_spam(self, who: AgentSocket, command: protocol.OfTicket) -> protocol.TicketDone:
        await self._follow_ticket(who, command.ticket)
        own = self.store.as_from(who.sid)
        return ticket_ack(await own.write(lifecycle.mark_spam, who.agent_id, command.ticket, self.now()))

    # -- what the handlers share -------------------------------------------------------------------------------

    async def _follow_ticket(self, who: AgentSocket, ticket: str) -> FollowedTicket:
        """In the ticket's room from now on; NotFound."""

        async def find() -> TicketRow:
            return await self.store.read(tickets.ticket_by_public_id, ticket)

        return await self.follow(who, ticket, find)

    def start_following(self, who: AgentSocket, ticket: TicketRow) -> None:
        super().start_following(who, ticket)
        self.broadcaster.enter(who.sid, NAMESPACE, f"t:{ticket.id}")


def ticket_ack(row: TicketRow) -> protocol.TicketDone:
    """The ack of what moved a ticket."""
    return protocol.TicketDone(ticket=presenters.ticket(row))

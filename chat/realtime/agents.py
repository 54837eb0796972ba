"""The agents' door: /agent, one small handler a command."""

import secrets
from collections.abc import Iterable

from msgspec import UNSET

from chat import present, wire
from chat.desk import agents, endings, inbox, messages, notes, queue, records
from chat.desk.messages import Post, Read
from chat.desk.queue import HandOverTo
from chat.desk.refusals import NotAllowed, NotFound
from chat.realtime.behind import Came
from chat.realtime.desks import Desk, Parting, hand_over, opened, whole_desk
from chat.realtime.doors import Door, Shared, sent
from chat.realtime.rings import Rings
from chat.realtime.sockets import AgentSocket, Joined, Sockets
from chat.store.rows import TicketRow
from chat.wire import Emission

NAMESPACE = "/agent"


class AgentDoor(Door[AgentSocket]):
    """Each command is allowed again by its verb; the session is looked at again every few seconds."""

    name = NAMESPACE
    commands = wire.AGENT_COMMANDS

    def __init__(self, shared: Shared, sockets: Sockets[AgentSocket], rings: Rings) -> None:
        super().__init__(shared, sockets)
        self._rings = rings

    async def admit(self, sid: str, came: Came, auth: object) -> AgentSocket:
        """By the console's cookie; NotAllowed without a session. The engine has looked at the origin."""
        agent = await self.works.peek(agents.by_session, came.session, self.now()) if came.session else None
        if came.session is None or agent is None:
            raise NotAllowed("sign in first")
        return AgentSocket(sid, came.address, agent.id, agent.name, came.session)

    def authorise(self, who: AgentSocket) -> None:
        """At each command, for the socket of an ended session is cut only a moment later."""
        if who.ended:
            raise NotAllowed("sign in first")

    def left(self, who: AgentSocket) -> None:
        """The last socket's going starts the agent's grace."""
        if who.held is not None:
            self.behind.agents.drop(who.held)

    def budgets(self, who: AgentSocket) -> Iterable[tuple[str, int]]:
        yield str(who.agent_id), self.behind.settings.agent_commands

    # -- coming ------------------------------------------------------------------------------------------------

    async def on_hello(self, who: AgentSocket, _: wire.Hello) -> wire.AgentHello:
        self._hold(who)
        for room in ("agents", f"a:{who.agent_id}"):
            self.hub.enter(who.sid, NAMESPACE, room)
        await self.net.follow_inbox()
        desk = await self.works.read(whole_desk, who.agent_id)
        self._rings.know(who.agent_id, (ring.ticket.public_id for ring in desk.rings))
        for row in desk.lists.mine:
            self.enter(who, row)
        return self._welcome(who, desk, present.service(await self.outlook.now()))

    def _hold(self, who: AgentSocket) -> None:
        if who not in self.sockets:
            raise NotFound("session")
        if who.held is None:
            who.held = str(who.agent_id)
            self.behind.agents.hold(who.held)
            self.onlooker.noticed(who.agent_id)
            self.outlook.stirred.set()

    def _welcome(self, who: AgentSocket, desk: Desk, service: wire.Service) -> wire.AgentHello:
        own = next((agent for agent in desk.team if agent.id == who.agent_id), None)
        if own is None:
            raise NotAllowed("this agent has been removed")
        cards = (present.cards(rows) for rows in desk.lists[:3])
        return wire.AgentHello(
            agent=present.agent(own, connected=True),
            presence=own.state,
            cards=wire.Cards(*cards),
            counts=wire.Counts(**desk.lists.counts),
            team=[present.agent(one, self.onlooker.connected(one.id)) for one in desk.team],
            departments=[present.department(part) for part in desk.departments],
            offers=[present.offer(*ring) for ring in desk.rings],
            service=service,
        )

    async def on_set_presence(self, who: AgentSocket, command: wire.SetPresence) -> wire.PresenceSet:
        agent = await self.works.run(agents.set_presence, who.agent_id, command.state, self.now())
        return wire.PresenceSet(presence=agent.state)

    # -- the inbox ---------------------------------------------------------------------------------------------

    async def on_list(self, who: AgentSocket, command: wire.ListTickets) -> wire.Listed:
        found = await self.works.read(inbox.list_tickets, who.agent_id, command.view, command.q, command.after)
        return wire.Listed(cards=present.cards(found.rows), next=found.next)

    async def on_open_ticket(self, who: AgentSocket, command: wire.OfTicket) -> wire.Opened:
        await self._open(who, command.ticket)
        found, visitor, earlier = await self.works.read(opened, command.ticket)
        return wire.Opened(
            ticket=present.ticket(found.ticket),
            messages=[present.message(row) for row in found.messages],
            head=found.ticket.last_seq,
            notes=[present.note(row) for row in found.notes],
            notes_head=found.ticket.last_note_seq,
            visitor=present.visitor(visitor, earlier),
        )

    async def on_catch_up(self, who: AgentSocket, command: wire.AgentCatchUp) -> wire.AgentCaughtUp:
        await self._open(who, command.ticket)
        cursors = (command.after, command.notes_after)
        found = await self.works.read(messages.agent_catch_up, command.ticket, *cursors)
        return wire.AgentCaughtUp(
            restart=True if found.restart else UNSET,
            ticket=present.ticket(found.ticket),
            messages=[present.message(row) for row in found.messages],
            head=found.ticket.last_seq,
            notes=[present.note(row) for row in found.notes],
            notes_head=found.ticket.last_note_seq,
        )

    async def on_explain(self, who: AgentSocket, command: wire.OfTicket) -> wire.Explained:
        rows = await self.works.read(queue.explain, command.ticket)
        return wire.Explained(decisions=[present.decision(row) for row in rows])

    # -- who has it --------------------------------------------------------------------------------------------

    async def on_claim(self, who: AgentSocket, command: wire.Claim) -> wire.TicketDone:
        await self._open(who, command.ticket)
        own = self.works.as_from(who.sid)
        return done(await own.run(queue.claim, who.agent_id, command.ticket, command.over, self.now()))

    async def on_decline(self, who: AgentSocket, command: wire.OfTicket) -> wire.Done:
        own = self.works.as_from(who.sid)
        await own.run(queue.decline, who.agent_id, command.ticket, self.now())
        return wire.Done()

    async def on_hand_over(self, who: AgentSocket, command: wire.HandOver) -> wire.TicketDone:
        await self._open(who, command.ticket)
        to, giver = HandOverTo(**command.to), (who.agent_id, command.ticket)
        said = Parting(secrets.token_urlsafe(16), command.note) if command.note else None
        situation = await self.onlooker.situation()
        return done(await self.works.as_from(who.sid).run(hand_over, giver, to, said, situation))

    async def on_take_over(self, who: AgentSocket, command: wire.OfTicket) -> wire.TicketDone:
        await self._open(who, command.ticket)
        own = self.works.as_from(who.sid)
        return done(await own.run(queue.take_over, who.agent_id, command.ticket, self.now()))

    # -- talking -----------------------------------------------------------------------------------------------

    async def on_send_message(self, who: AgentSocket, command: wire.SendMessage) -> wire.Sent:
        await self._open(who, command.ticket)
        return sent(await self.works.post(messages.post_batch, self.post_of(who, command), who.sid))

    def post_of(self, who: AgentSocket, said: wire.SendMessage) -> Post:
        return Post(said.ticket, said.client_id, said.text, self.onlooker.latest(), agent_id=who.agent_id)

    async def on_add_note(self, who: AgentSocket, command: wire.AddNote) -> wire.Noted:
        await self._open(who, command.ticket)
        said = (command.client_id, command.text)
        own = self.works.as_from(who.sid)
        note = await own.run(notes.add_note, who.agent_id, command.ticket, said, self.now())
        return wire.Noted(note_seq=note.note_seq, id=note.public_id, at=note.at)

    async def on_typing(self, who: AgentSocket, command: wire.Typing) -> wire.Done:
        """Told to the visitor by the ticket's agent only: whoever else writes is about to write a note."""
        ticket = await self._open(who, command.ticket)
        row = await self.works.peek(records.ticket_by_public_id, command.ticket)  # whose it is, is never behind
        if row.assignee_id not in (None, who.agent_id):
            return wire.Done()
        told = wire.TypingEvent(ticket=command.ticket, on=command.on, name=who.name)
        self.hub.everywhere(Emission.of("typing", told, visitors=f"v:{ticket.visitor}"))
        return wire.Done()

    async def on_mark_read(self, who: AgentSocket, command: wire.MarkRead) -> wire.Done:
        await self._open(who, command.ticket)
        await self.reads.done(self.read_of(who, command))
        return wire.Done()

    def read_of(self, who: AgentSocket, read: wire.MarkRead) -> Read:
        return Read(who.tickets[read.ticket].key, read.seq, self.now(), who.sid, agent_id=who.agent_id)

    # -- how it ends -------------------------------------------------------------------------------------------

    async def on_end_chat(self, who: AgentSocket, command: wire.OfTicket) -> wire.TicketDone:
        await self._open(who, command.ticket)
        own = self.works.as_from(who.sid)
        return done(await own.run(endings.end_by_agent, who.agent_id, command.ticket, self.now()))

    async def on_set_status(self, who: AgentSocket, command: wire.SetStatus) -> wire.TicketDone:
        await self._open(who, command.ticket)
        own = self.works.as_from(who.sid)
        ticket, status = command.ticket, command.status
        return done(await own.run(endings.set_status, who.agent_id, ticket, status, self.now()))

    async def on_spam(self, who: AgentSocket, command: wire.OfTicket) -> wire.TicketDone:
        await self._open(who, command.ticket)
        own = self.works.as_from(who.sid)
        return done(await own.run(endings.spam, who.agent_id, command.ticket, self.now()))

    # -- what the handlers share -------------------------------------------------------------------------------

    async def _open(self, who: AgentSocket, ticket: str) -> Joined:
        """In the ticket's room from now on; NotFound."""

        async def find() -> TicketRow:
            return await self.works.read(records.ticket_by_public_id, ticket)

        return await self.joined(who, ticket, find)

    def enter(self, who: AgentSocket, ticket: TicketRow) -> None:
        super().enter(who, ticket)
        self.hub.enter(who.sid, NAMESPACE, f"t:{ticket.id}")


def done(row: TicketRow) -> wire.TicketDone:
    """The ack of what moved a ticket."""
    return wire.TicketDone(ticket=present.ticket(row))

"""Visitors arrive: hello with their ticket and its messages, the start of a chat, and their other tabs."""

import secrets

import msgspec
from msgspec import UNSET

from chat import presenters, protocol
from chat.domain.audience import ALL_VISITORS, token_room
from chat.domain.intake import start
from chat.domain.intake.start import NewChat, StartedChat
from chat.domain.people.visitors import record_visit
from chat.domain.queries import visitors
from chat.domain.queries.visitors import VisitorLookup
from chat.protocol import Emission
from chat.realtime.broadcaster import CHAT_STARTED, VISITOR_NAMESPACE, ChatStarted
from chat.realtime.connections import FollowedTicket, Sockets, VisitorSocket
from chat.realtime.namespace import NamespaceDeps, refuse_after
from chat.realtime.reconciliation.departures import Departures
from chat.realtime.visitor.base import VisitorCommands

START_WINDOW_S = 60.0


class StartingCommands(VisitorCommands):
    """hello and start_chat."""

    def __init__(self, deps: NamespaceDeps, sockets: Sockets[VisitorSocket], departures: Departures) -> None:
        super().__init__(deps, sockets, departures)
        self.broadcaster.listen(self._bind_other_tabs, ChatStarted)

    async def on_hello(self, socket: VisitorSocket, _: protocol.Hello) -> protocol.VisitorHelloAck:
        found = await self._identify(socket)
        if found.ticket is not None:
            self.start_following(socket, found.ticket)
        if found.visitor is not None and found.needs_write:
            context = self.agent_presence.latest_context()
            await self.store.write(record_visit, found.visitor.id, self.presence(socket), socket.page, context)
        service = await self.service_monitor.current()
        return protocol.VisitorHelloAck(
            service=presenters.service(service),
            ticket=self.ticket_payload(found.ticket) if found.ticket else None,
            messages=[presenters.message(row) for row in found.messages],
            head=found.ticket.last_seq if found.ticket else 0,
            token=socket.token or UNSET,
        )

    async def _identify(self, socket: VisitorSocket) -> VisitorLookup:
        """The visitor, their ticket and its messages in one read, because thousands say hello after a restart.

        The socket enters its rooms after that read. If this node sent anything meanwhile, it is read again, so that a
        concurrent message arrives twice rather than never. With other nodes it always is: their events reach only a
        node that has announced the room.
        """
        socket.greeted, sent_count = True, self.broadcaster.sent_count
        found = await self._lookup(socket)
        unknown = socket.token_hash is None or found.other_site
        if unknown:
            socket.token = secrets.token_urlsafe(24)
            socket.token_hash, socket.budgets = self.services.handshakes.hash_token(socket.token), None
        assert socket.token_hash is not None
        self.broadcaster.enter(socket.sid, VISITOR_NAMESPACE, ALL_VISITORS)
        self.broadcaster.enter(socket.sid, VISITOR_NAMESPACE, token_room(socket.token_hash))
        self.bind_if_own_site(socket, found.visitor)
        if not unknown and (sent_count != self.broadcaster.sent_count or not self.broadcaster.has_no_peers):
            found = await self._lookup(socket)
            self.bind_if_own_site(socket, found.visitor)
        return found

    async def _lookup(self, socket: VisitorSocket) -> VisitorLookup:
        if socket.token_hash is None:
            return VisitorLookup(None)
        return await self.store.read(visitors.lookup_visitor, self.identity(socket), self.presence(socket))

    async def on_start_chat(self, socket: VisitorSocket, command: protocol.StartChat) -> protocol.StartChatAck:
        identity = self.identity(socket)
        await self._check_start_rate(socket)
        chat = NewChat(**msgspec.structs.asdict(command))
        context = await self.agent_presence.context()
        started = await self.store.as_from(socket.sid).write(start.start_chat, identity, chat, context)
        self.bind_visitor(socket, started.ticket.visitor_id)
        self.start_following(socket, started.ticket)
        ticket, message = self.ticket_payload(started.ticket), presenters.message(started.message)
        self._notify_other_tabs(socket, started, ticket, message)
        return protocol.StartChatAck(ticket=ticket, message=message)

    async def _check_start_rate(self, socket: VisitorSocket) -> None:
        settings, limits = self.services.settings, self.services.limits
        starts, starts_of_address = settings.visitor_starts, settings.visitor_starts * settings.address_times
        refuse_after(await limits.try_acquire(f"start {socket.token_hash}", starts, START_WINDOW_S))
        refuse_after(await limits.try_acquire(f"starts {socket.address}", starts_of_address, START_WINDOW_S))

    def _notify_other_tabs(
        self, socket: VisitorSocket, started: StartedChat, ticket: protocol.Ticket, message: protocol.Message
    ) -> None:
        """Tabs with the same token belonged to no visitor until now, so no event has reached them."""
        assert socket.token_hash is not None
        row = started.ticket
        event = ChatStarted(socket.token_hash, socket.sid, row.visitor_id, row.id, ticket, message)
        self.broadcaster.broadcast(Emission.of(CHAT_STARTED, event))

    def _bind_other_tabs(self, emission: Emission) -> None:
        """A token has become a visitor, on this node or another: bind the other tabs here that have the token."""
        event = emission.shape
        assert isinstance(event, ChatStarted)
        for tab in self.tabs(event.tabs):
            if tab.visitor_id is None and tab.sid != event.socket:
                self._bind_other_tab(tab, event)

    def _bind_other_tab(self, tab: VisitorSocket, event: ChatStarted) -> None:
        self.bind_visitor(tab, event.visitor)
        tab.tickets[event.ticket.id] = FollowedTicket(event.key, event.visitor, None)
        self.reconciler.follow_from(event.ticket.id, event.message.seq - 1)
        self.broadcaster.send_local(Emission.of("ticket", event.ticket, visitors=tab.sid))
        self.broadcaster.send_local(Emission.of("message", event.message, visitors=tab.sid))

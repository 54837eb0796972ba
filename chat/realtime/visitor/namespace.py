"""The visitors' door: /visitor, one small handler a command."""

import secrets
import time
from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from chat import presenters, protocol
from chat.domain.intake import start
from chat.domain.intake.start import NewChat, StartedChat
from chat.domain.messages import catch_up, post
from chat.domain.messages.incoming import Post
from chat.domain.messages.read_marks import ReadMark
from chat.domain.people import sites
from chat.domain.people.visitors import record_visit, set_locale, set_page, set_visitor_presence
from chat.domain.queries import visitors
from chat.domain.queries.messages import CatchUpResult
from chat.domain.queries.tickets import ticket_of_visitor
from chat.domain.queries.visitors import VisitorIdentity, VisitorLookup
from chat.domain.refusals import BadRequest, NotFound
from chat.domain.tickets import lifecycle
from chat.domain.tickets.contact import Contact, give_contact
from chat.protocol import Emission
from chat.realtime.broadcaster import CHAT_STARTED, ChatStarted
from chat.realtime.command_decoder import convert
from chat.realtime.connections import FollowedTicket, Sockets, VisitorSocket
from chat.realtime.context import ConnectionInfo
from chat.realtime.namespace import CommandNamespace, NamespaceDeps, refuse_after, sent_ack
from chat.realtime.page_url import stored_page
from chat.realtime.reconciliation.departures import Departures
from chat.store.rows import SiteRow, TicketRow, VisitorRow
from chat.vocabulary import VisitorPresence

NAMESPACE = "/visitor"
A_MINUTE_S = 60.0
SITE_S = 2.0


class VisitorNamespace(CommandNamespace[VisitorSocket]):
    """Each socket hears of its own visitor's tickets only: its one room is that visitor's."""

    name = NAMESPACE
    commands = protocol.VISITOR_COMMANDS

    def __init__(self, shared: NamespaceDeps, sockets: Sockets[VisitorSocket], leaving: Departures) -> None:
        super().__init__(shared, sockets)
        self._departures = leaving
        self._sites: dict[str, tuple[float, SiteRow]] = {}

    async def admit(self, sid: str, came: ConnectionInfo, auth: object) -> VisitorSocket:
        """By site key; a token is looked up at hello only, so that connecting tells nothing about it."""
        asked = convert(auth if auth is not None else {}, protocol.VisitorAuth)
        assert isinstance(asked, protocol.VisitorAuth)
        site = await self._site(asked.site)
        token_hash = self.services.handshakes.hash_token(asked.token) if asked.token else None
        return VisitorSocket(
            sid,
            came.address,
            site,
            asked.locale or "fr",
            asked.timezone,
            stored_page(asked.page) if asked.page else None,
            token_hash,
        )

    async def _site(self, key: str) -> SiteRow:
        """As it was within the last SITE_S; NotFound."""
        asked_at, site = self._sites.get(key, (0.0, None))
        if site is None or time.monotonic() - asked_at > SITE_S:
            site = await self.store.read_stale(sites.site_by_key, key)
            if site is None:
                raise NotFound("site")
            self._sites[key] = time.monotonic(), site
        return site

    def on_left(self, who: VisitorSocket) -> None:
        """Gone is concluded later (see leaving.py): a page that changes closes its socket too."""
        if who.presence_key is not None:
            self.services.visitor_presence.remove(who.presence_key)
            self._departures.on_socket_closed(int(who.presence_key))

    def budgets(self, who: VisitorSocket) -> Iterable[tuple[str, int]]:
        settings = self.services.settings
        yield who.token_hash or who.sid, settings.visitor_commands
        yield who.address, settings.visitor_commands * settings.address_times

    # -- coming ------------------------------------------------------------------------------------------------

    async def on_hello(self, who: VisitorSocket, _: protocol.Hello) -> protocol.VisitorHello:
        here = await self._identify(who)
        if here.ticket is not None:
            self.start_following(who, here.ticket)
        if here.visitor is not None and here.needs_write:
            await self.store.write(record_visit, here.visitor.id, self._presence(who), who.page, self.now())
        service = await self.service_monitor.current()
        return protocol.VisitorHello(
            service=presenters.service(service),
            ticket=self._present(here.ticket) if here.ticket else None,
            messages=[presenters.message(row) for row in here.messages],
            head=here.ticket.last_seq if here.ticket else 0,
            token=who.token or UNSET,
        )

    async def _identify(self, who: VisitorSocket) -> VisitorLookup:
        """Who they are and what they have, in one read, for after a restart thousands ask it. Until then they are in no
        room: if anything was told meanwhile it is read again, so that it comes twice rather than never. Among several
        nodes it always is, for what is said elsewhere comes only to those who hold a room."""
        who.greeted, told = True, self.broadcaster.sent_count
        here = await self._lookup(who)
        unknown = who.token_hash is None or here.other_site
        if unknown:
            who.token = secrets.token_urlsafe(24)
            who.token_hash, who.budgets = self.services.handshakes.hash_token(who.token), None
        self.broadcaster.enter(who.sid, NAMESPACE, "site")
        self.broadcaster.enter(who.sid, NAMESPACE, f"k:{who.token_hash}")
        self._bind_if_own_site(who, here.visitor)
        if not unknown and (told != self.broadcaster.sent_count or not self.broadcaster.has_no_peers):
            here = await self._lookup(who)
            self._bind_if_own_site(who, here.visitor)
        return here

    async def _lookup(self, who: VisitorSocket) -> VisitorLookup:
        if who.token_hash is None:
            return VisitorLookup(None)
        return await self.store.read(visitors.lookup_visitor, self._identity(who), self._presence(who))

    def _bind_if_own_site(self, who: VisitorSocket, visitor: VisitorRow | None) -> None:
        if visitor is not None and visitor.site_id == who.site.id:
            self._bind_visitor(who, visitor.id)

    def _bind_visitor(self, who: VisitorSocket, visitor_id: int) -> None:
        """From now on this socket hears what concerns this visitor, and holds their presence."""
        if who not in self.sockets:
            return
        who.visitor_id = visitor_id
        self.broadcaster.enter(who.sid, NAMESPACE, f"v:{visitor_id}")
        if who.presence_key is None:
            who.presence_key = str(visitor_id)
            self.services.visitor_presence.add(who.presence_key)

    async def on_start_chat(self, who: VisitorSocket, command: protocol.StartChat) -> protocol.Started:
        newcomer = self._identity(who)
        await self._check_start_rate(who)
        chat = NewChat(**msgspec.structs.asdict(command))
        context = await self.agent_presence.context()
        started = await self.store.as_from(who.sid).write(start.start_chat, newcomer, chat, context)
        self._bind_visitor(who, started.ticket.visitor_id)
        self.start_following(who, started.ticket)
        self._notify_other_tabs(who, started)
        return protocol.Started(ticket=self._present(started.ticket), message=presenters.message(started.message))

    def _identity(self, who: VisitorSocket) -> VisitorIdentity:
        if who.token_hash is None or not who.greeted:
            raise BadRequest("say hello first: without a token nobody could come back")
        return VisitorIdentity(who.token_hash, who.site.id, who.locale, who.timezone, who.page)

    async def _check_start_rate(self, who: VisitorSocket) -> None:
        settings, limits = self.services.settings, self.services.limits
        starts = settings.visitor_starts
        refuse_after(await limits.try_acquire(f"start {who.token_hash}", starts, A_MINUTE_S))
        refuse_after(await limits.try_acquire(f"starts {who.address}", starts * settings.address_times, A_MINUTE_S))

    def _notify_other_tabs(self, who: VisitorSocket, started: StartedChat) -> None:
        """Tabs with the same token were nobody's until now, so no event has reached them."""
        ticket, message = self._present(started.ticket), presenters.message(started.message)
        assert who.token_hash
        begun = ChatStarted(who.token_hash, who.sid, started.ticket.visitor_id, started.ticket.id, ticket, message)
        self.broadcaster.broadcast(Emission.of(CHAT_STARTED, begun))

    def on_chat_started(self, told: Emission) -> None:
        """Somebody has become a visitor: take in their other tabs."""
        assert isinstance(told.shape, ChatStarted)
        for who in self._tabs(f"k:{told.shape.tabs}"):
            if who.visitor_id is None and who.sid != told.shape.socket:
                self._bind_other_tab(who, told.shape)

    def _bind_other_tab(self, who: VisitorSocket, begun: ChatStarted) -> None:
        self._bind_visitor(who, begun.visitor)
        who.tickets[begun.ticket.id] = FollowedTicket(begun.key, begun.visitor, None)
        self.reconciler.follow_from(begun.ticket.id, begun.message.seq - 1)
        self.broadcaster.send_local(Emission.of("ticket", begun.ticket, visitors=who.sid))
        self.broadcaster.send_local(Emission.of("message", begun.message, visitors=who.sid))

    def _tabs(self, room: str) -> list[VisitorSocket]:
        found = map(self.sockets.get, self.broadcaster.members(NAMESPACE, room))
        return [tab for tab in found if tab is not None]

    # -- talking -----------------------------------------------------------------------------------------------

    async def on_send_message(self, who: VisitorSocket, command: protocol.SendMessage) -> protocol.Sent:
        await self._follow_own(who, command.ticket)
        return sent_ack(await self.store.post(post.post_batch, self.post_of(who, command), who.sid))

    def post_of(self, who: VisitorSocket, said: protocol.SendMessage) -> Post:
        return Post(
            said.ticket, said.client_id, said.text, self.agent_presence.latest_context(), visitor_id=who.visitor_id
        )

    async def on_catch_up(self, who: VisitorSocket, command: protocol.CatchUp) -> protocol.CaughtUp:
        await self._follow_own(who, command.ticket)
        found = await self.store.read(catch_up.visitor_catch_up, self._visitor_id(who), command.ticket, command.after)
        return self._caught_up(found)

    async def on_typing(self, who: VisitorSocket, command: protocol.Typing) -> protocol.Done:
        ticket = await self._follow_own(who, command.ticket)
        told = protocol.TypingEvent(ticket=command.ticket, on=command.on, name=ticket.name)
        self.broadcaster.broadcast(Emission.of("typing", told, agents=f"t:{ticket.key}"))
        return protocol.Done()

    async def on_mark_read(self, who: VisitorSocket, command: protocol.MarkRead) -> protocol.Done:
        await self._follow_own(who, command.ticket)
        await self.read_marks.write(self.read_mark_of(who, command))
        return protocol.Done()

    def read_mark_of(self, who: VisitorSocket, read: protocol.MarkRead) -> ReadMark:
        return ReadMark(who.tickets[read.ticket].key, read.seq, self.now(), who.sid, visitor_id=self._visitor_id(who))

    async def on_give_contact(self, who: VisitorSocket, command: protocol.GiveContact) -> protocol.TicketDone:
        await self._follow_own(who, command.ticket)
        contact = Contact(command.email, command.name, command.wait)
        own = self.store.as_from(who.sid)
        row = await own.write(give_contact, self._visitor_id(who), command.ticket, contact, self.now())
        return protocol.TicketDone(ticket=self._present(row))

    async def on_end_chat(self, who: VisitorSocket, command: protocol.OfTicket) -> protocol.TicketDone:
        await self._follow_own(who, command.ticket)
        own = self.store.as_from(who.sid)
        row = await own.write(lifecycle.end_by_visitor, self._visitor_id(who), command.ticket, self.now())
        return protocol.TicketDone(ticket=self._present(row))

    # -- moving about ------------------------------------------------------------------------------------------

    async def on_set_page(self, who: VisitorSocket, command: protocol.SetPage) -> protocol.Done:
        who.page = stored_page(command)
        if who.visitor_id is not None:
            await self.store.write(set_page, who.visitor_id, who.page, self.now())
        return protocol.Done()

    async def on_set_locale(self, who: VisitorSocket, command: protocol.SetLocale) -> protocol.Done:
        who.locale = command.locale
        if who.visitor_id is not None:
            await self.store.write(set_locale, who.visitor_id, command.locale)
        return protocol.Done()

    async def on_set_visible(self, who: VisitorSocket, command: protocol.SetVisible) -> protocol.Done:
        who.visible = command.on
        await self._update_presence(who)
        return protocol.Done()

    async def _update_presence(self, who: VisitorSocket) -> None:
        if who.visitor_id is not None:
            await self.store.write(set_visitor_presence, who.visitor_id, self._presence(who), self.now())

    def _presence(self, who: VisitorSocket) -> VisitorPresence:
        """Here while any of their tabs on this node can be seen, this one or another."""
        return "here" if who.visible or any(tab.visible for tab in self._tabs(f"k:{who.token_hash}")) else "hidden"

    # -- what the handlers share -------------------------------------------------------------------------------

    async def _follow_own(self, who: VisitorSocket, ticket: str) -> FollowedTicket:
        """Theirs, and followed from now on; NotFound, for whatever is somebody else's too."""
        if who.visitor_id is None:
            known = await self.store.read_stale(visitors.visitor_by_token, who.token_hash) if who.token_hash else None
            self._bind_if_own_site(who, known)

        async def find() -> TicketRow:
            return await self.store.read(ticket_of_visitor, self._visitor_id(who), ticket)

        return await self.follow(who, ticket, find)

    def _visitor_id(self, who: VisitorSocket) -> int:
        if who.visitor_id is None:
            raise NotFound
        return who.visitor_id

    def _present(self, ticket: TicketRow) -> protocol.Ticket:
        return presenters.ticket(ticket, self.services.links)

    def _caught_up(self, found: CatchUpResult) -> protocol.CaughtUp:
        return protocol.CaughtUp(
            restart=True if found.restart else UNSET,
            ticket=self._present(found.ticket),
            messages=[presenters.message(row) for row in found.messages],
            head=found.ticket.last_seq,
        )

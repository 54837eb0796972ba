"""The visitors' door: /visitor, one small handler a command."""

import secrets
import time
from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from chat import present, wire
from chat.desk import endings, messages, sites, tickets, visitors
from chat.desk.messages import CaughtUp, Post, Read
from chat.desk.records import ticket_of_visitor
from chat.desk.refusals import BadRequest, NotFound
from chat.desk.tickets import Contact, NewChat, Started
from chat.desk.visitors import Coming, Newcomer
from chat.realtime.behind import Came
from chat.realtime.commands import fitted
from chat.realtime.doors import Door, Shared, refuse_after, sent
from chat.realtime.hub import BEGUN, Begun
from chat.realtime.leaving import Leaving
from chat.realtime.pages import kept_page
from chat.realtime.sockets import Joined, Sockets, VisitorSocket
from chat.store.rows import Nearness, SiteRow, TicketRow, VisitorRow
from chat.wire import Emission

NAMESPACE = "/visitor"
A_MINUTE_S = 60.0
SITE_S = 2.0


class VisitorDoor(Door[VisitorSocket]):
    """Each socket hears of its own visitor's tickets only: its one room is that visitor's."""

    name = NAMESPACE
    commands = wire.VISITOR_COMMANDS

    def __init__(self, shared: Shared, sockets: Sockets[VisitorSocket], leaving: Leaving) -> None:
        super().__init__(shared, sockets)
        self._leaving = leaving
        self._sites: dict[str, tuple[float, SiteRow]] = {}

    async def admit(self, sid: str, came: Came, auth: object) -> VisitorSocket:
        """By site key; a token is looked up at hello only, so that connecting tells nothing about it."""
        asked = fitted(auth if auth is not None else {}, wire.VisitorAuth)
        assert isinstance(asked, wire.VisitorAuth)
        site = await self._site(asked.site)
        token_hash = self.behind.handshakes.hashed(asked.token) if asked.token else None
        return VisitorSocket(
            sid,
            came.address,
            site,
            asked.locale or "fr",
            asked.timezone,
            kept_page(asked.page) if asked.page else None,
            token_hash,
        )

    async def _site(self, key: str) -> SiteRow:
        """As it was within the last SITE_S; NotFound."""
        asked_at, site = self._sites.get(key, (0.0, None))
        if site is None or time.monotonic() - asked_at > SITE_S:
            site = await self.works.peek(sites.site_by_key, key)
            if site is None:
                raise NotFound("site")
            self._sites[key] = time.monotonic(), site
        return site

    def left(self, who: VisitorSocket) -> None:
        """Gone is concluded later (see leaving.py): a page that changes closes its socket too."""
        if who.held is not None:
            self.behind.visitors.drop(who.held)
            self._leaving.left(int(who.held))

    def budgets(self, who: VisitorSocket) -> Iterable[tuple[str, int]]:
        settings = self.behind.settings
        yield who.token_hash or who.sid, settings.visitor_commands
        yield who.address, settings.visitor_commands * settings.address_times

    # -- coming ------------------------------------------------------------------------------------------------

    async def on_hello(self, who: VisitorSocket, _: wire.Hello) -> wire.VisitorHello:
        here = await self._arrives(who)
        if here.ticket is not None:
            self.enter(who, here.ticket)
        if here.visitor is not None and here.news:
            await self.works.run(visitors.comes, here.visitor.id, self._nearness(who), who.page, self.now())
        service = await self.outlook.now()
        return wire.VisitorHello(
            service=present.service(service),
            ticket=self._shown(here.ticket) if here.ticket else None,
            messages=[present.message(row) for row in here.thread],
            head=here.ticket.last_seq if here.ticket else 0,
            token=who.token or UNSET,
        )

    async def _arrives(self, who: VisitorSocket) -> Coming:
        """Who they are and what they have, in one read, for after a restart thousands ask it. Until then they are in no
        room: if anything was told meanwhile it is read again, so that it comes twice rather than never. Among several
        nodes it always is, for what is said elsewhere comes only to those who hold a room."""
        who.greeted, told = True, self.hub.told
        here = await self._coming(who)
        unknown = who.token_hash is None or here.foreign
        if unknown:
            who.token = secrets.token_urlsafe(24)
            who.token_hash, who.purse = self.behind.handshakes.hashed(who.token), None
        self.hub.enter(who.sid, NAMESPACE, "site")
        self.hub.enter(who.sid, NAMESPACE, f"k:{who.token_hash}")
        self._becomes(who, here.visitor)
        if not unknown and (told != self.hub.told or not self.hub.alone):
            here = await self._coming(who)
            self._becomes(who, here.visitor)
        return here

    async def _coming(self, who: VisitorSocket) -> Coming:
        if who.token_hash is None:
            return Coming(None)
        return await self.works.read(visitors.coming, self._newcomer(who), self._nearness(who))

    def _becomes(self, who: VisitorSocket, visitor: VisitorRow | None) -> None:
        if visitor is not None and visitor.site_id == who.site.id:
            self._holds(who, visitor.id)

    def _holds(self, who: VisitorSocket, visitor_id: int) -> None:
        """From now on this socket hears what concerns this visitor, and holds their presence."""
        if who not in self.sockets:
            return
        who.visitor_id = visitor_id
        self.hub.enter(who.sid, NAMESPACE, f"v:{visitor_id}")
        if who.held is None:
            who.held = str(visitor_id)
            self.behind.visitors.hold(who.held)

    async def on_start_chat(self, who: VisitorSocket, command: wire.StartChat) -> wire.Started:
        newcomer = self._newcomer(who)
        await self._spend_a_start(who)
        chat = NewChat(**msgspec.structs.asdict(command))
        situation = await self.onlooker.situation()
        started = await self.works.as_from(who.sid).run(tickets.start_chat, newcomer, chat, situation)
        self._holds(who, started.ticket.visitor_id)
        self.enter(who, started.ticket)
        self._tell_other_tabs(who, started)
        return wire.Started(ticket=self._shown(started.ticket), message=present.message(started.message))

    def _newcomer(self, who: VisitorSocket) -> Newcomer:
        if who.token_hash is None or not who.greeted:
            raise BadRequest("say hello first: without a token nobody could come back")
        return Newcomer(who.token_hash, who.site.id, who.locale, who.timezone, who.page)

    async def _spend_a_start(self, who: VisitorSocket) -> None:
        settings, limits = self.behind.settings, self.behind.limits
        starts = settings.visitor_starts
        refuse_after(await limits.spend(f"start {who.token_hash}", starts, A_MINUTE_S))
        refuse_after(await limits.spend(f"starts {who.address}", starts * settings.address_times, A_MINUTE_S))

    def _tell_other_tabs(self, who: VisitorSocket, started: Started) -> None:
        """Tabs with the same token were nobody's until now, so no event has reached them."""
        ticket, message = self._shown(started.ticket), present.message(started.message)
        assert who.token_hash
        begun = Begun(who.token_hash, who.sid, started.ticket.visitor_id, started.ticket.id, ticket, message)
        self.hub.everywhere(Emission.of(BEGUN, begun))

    def hear(self, told: Emission) -> None:
        """Somebody has become a visitor: take in their other tabs."""
        assert isinstance(told.shape, Begun)
        for who in self._tabs(f"k:{told.shape.tabs}"):
            if who.visitor_id is None and who.sid != told.shape.socket:
                self._joins_late(who, told.shape)

    def _joins_late(self, who: VisitorSocket, begun: Begun) -> None:
        self._holds(who, begun.visitor)
        who.tickets[begun.ticket.id] = Joined(begun.key, begun.visitor, None)
        self.net.follow_from(begun.ticket.id, begun.message.seq - 1)
        self.hub.here(Emission.of("ticket", begun.ticket, visitors=who.sid))
        self.hub.here(Emission.of("message", begun.message, visitors=who.sid))

    def _tabs(self, room: str) -> list[VisitorSocket]:
        found = map(self.sockets.get, self.hub.members(NAMESPACE, room))
        return [tab for tab in found if tab is not None]

    # -- talking -----------------------------------------------------------------------------------------------

    async def on_send_message(self, who: VisitorSocket, command: wire.SendMessage) -> wire.Sent:
        await self._own(who, command.ticket)
        return sent(await self.works.post(messages.post_batch, self.post_of(who, command), who.sid))

    def post_of(self, who: VisitorSocket, said: wire.SendMessage) -> Post:
        return Post(said.ticket, said.client_id, said.text, self.onlooker.latest(), visitor_id=who.visitor_id)

    async def on_catch_up(self, who: VisitorSocket, command: wire.CatchUp) -> wire.CaughtUp:
        await self._own(who, command.ticket)
        found = await self.works.read(messages.visitor_catch_up, self._key(who), command.ticket, command.after)
        return self._caught_up(found)

    async def on_typing(self, who: VisitorSocket, command: wire.Typing) -> wire.Done:
        ticket = await self._own(who, command.ticket)
        told = wire.TypingEvent(ticket=command.ticket, on=command.on, name=ticket.name)
        self.hub.everywhere(Emission.of("typing", told, agents=f"t:{ticket.key}"))
        return wire.Done()

    async def on_mark_read(self, who: VisitorSocket, command: wire.MarkRead) -> wire.Done:
        await self._own(who, command.ticket)
        await self.reads.done(self.read_of(who, command))
        return wire.Done()

    def read_of(self, who: VisitorSocket, read: wire.MarkRead) -> Read:
        return Read(who.tickets[read.ticket].key, read.seq, self.now(), who.sid, visitor_id=self._key(who))

    async def on_give_contact(self, who: VisitorSocket, command: wire.GiveContact) -> wire.TicketDone:
        await self._own(who, command.ticket)
        contact = Contact(command.email, command.name, command.wait)
        own = self.works.as_from(who.sid)
        row = await own.run(tickets.give_contact, self._key(who), command.ticket, contact, self.now())
        return wire.TicketDone(ticket=self._shown(row))

    async def on_end_chat(self, who: VisitorSocket, command: wire.OfTicket) -> wire.TicketDone:
        await self._own(who, command.ticket)
        own = self.works.as_from(who.sid)
        row = await own.run(endings.end_by_visitor, self._key(who), command.ticket, self.now())
        return wire.TicketDone(ticket=self._shown(row))

    # -- moving about ------------------------------------------------------------------------------------------

    async def on_set_page(self, who: VisitorSocket, command: wire.SetPage) -> wire.Done:
        who.page = kept_page(command)
        if who.visitor_id is not None:
            await self.works.run(visitors.set_page, who.visitor_id, who.page, self.now())
        return wire.Done()

    async def on_set_locale(self, who: VisitorSocket, command: wire.SetLocale) -> wire.Done:
        who.locale = command.locale
        if who.visitor_id is not None:
            await self.works.run(visitors.set_locale, who.visitor_id, command.locale)
        return wire.Done()

    async def on_set_visible(self, who: VisitorSocket, command: wire.SetVisible) -> wire.Done:
        who.visible = command.on
        await self._moves(who)
        return wire.Done()

    async def _moves(self, who: VisitorSocket) -> None:
        if who.visitor_id is not None:
            await self.works.run(visitors.moved, who.visitor_id, self._nearness(who), self.now())

    def _nearness(self, who: VisitorSocket) -> Nearness:
        """Here while any of their tabs on this node can be seen, this one or another."""
        return "here" if who.visible or any(tab.visible for tab in self._tabs(f"k:{who.token_hash}")) else "hidden"

    # -- what the handlers share -------------------------------------------------------------------------------

    async def _own(self, who: VisitorSocket, ticket: str) -> Joined:
        """Theirs, and followed from now on; NotFound, for whatever is somebody else's too."""
        if who.visitor_id is None:
            known = await self.works.peek(visitors.by_token, who.token_hash) if who.token_hash else None
            self._becomes(who, known)

        async def find() -> TicketRow:
            return await self.works.read(ticket_of_visitor, self._key(who), ticket)

        return await self.joined(who, ticket, find)

    def _key(self, who: VisitorSocket) -> int:
        if who.visitor_id is None:
            raise NotFound
        return who.visitor_id

    def _shown(self, ticket: TicketRow) -> wire.Ticket:
        return present.ticket(ticket, self.behind.links)

    def _caught_up(self, found: CaughtUp) -> wire.CaughtUp:
        return wire.CaughtUp(
            restart=True if found.restart else UNSET,
            ticket=self._shown(found.ticket),
            messages=[present.message(row) for row in found.messages],
            head=found.ticket.last_seq,
        )

"""A visitor's connection: admission by site key, rate limits, identity, presence, and the tickets that it follows."""

import time
from collections.abc import Iterable

from chat import presenters, protocol
from chat.domain.audience import token_room, visitor_room
from chat.domain.messages.incoming import Post
from chat.domain.messages.read_marks import ReadMark
from chat.domain.people import sites
from chat.domain.people.visitors import visited_page
from chat.domain.queries import visitors
from chat.domain.queries.tickets import ticket_of_visitor
from chat.domain.queries.visitors import VisitorIdentity
from chat.domain.refusals import BadRequest, NotFound
from chat.realtime.broadcaster import VISITOR_NAMESPACE
from chat.realtime.command_decoder import visitor_auth
from chat.realtime.connections import FollowedTicket, Sockets, VisitorSocket
from chat.realtime.context import ConnectionInfo
from chat.realtime.message_commands import MessageCommands
from chat.realtime.namespace import NamespaceDeps
from chat.realtime.reconciliation.departures import Departures
from chat.store.rows import SiteRow, TicketRow, VisitorRow
from chat.vocabulary import DEFAULT_LOCALE, VisitorPresence

# How long a site's row may be cached.
SITE_CACHE_S = 2.0


class VisitorCommands(MessageCommands[VisitorSocket]):
    """What the handlers of all visitor commands share. A socket receives the events of its own visitor's tickets only:
    it is in that visitor's room."""

    name = VISITOR_NAMESPACE
    commands = protocol.VISITOR_COMMANDS

    def __init__(self, deps: NamespaceDeps, sockets: Sockets[VisitorSocket], departures: Departures) -> None:
        super().__init__(deps, sockets)
        self._departures = departures
        self._sites: dict[str, tuple[float, SiteRow]] = {}

    async def admit(self, sid: str, connection: ConnectionInfo, auth: object) -> VisitorSocket:
        """By site key; NotFound without such a site. The token is looked up at hello only, so that connecting reveals
        nothing about it."""
        request = visitor_auth({} if auth is None else auth)
        return VisitorSocket(
            sid,
            connection.address,
            site=await self._site(request.site),
            locale=request.locale or DEFAULT_LOCALE,
            timezone=request.timezone,
            page=visited_page(page.url, page.title, page.referrer) if (page := request.page) else None,
            address_hash=connection.address_hash,
            token_hash=self.services.handshakes.hash_token(request.token) if request.token else None,
        )

    async def _site(self, key: str) -> SiteRow:
        read_at, site = self._sites.get(key, (0.0, None))
        if site is None or time.monotonic() - read_at > SITE_CACHE_S:
            site = await self.store.read(sites.site_by_key, key)
            if site is None:
                raise NotFound("site")
            self._sites[key] = time.monotonic(), site
        return site

    def on_disconnected(self, socket: VisitorSocket) -> None:
        """Release the visitor's presence. A job concludes later that they are gone (reconciliation/departures.py): a
        change of page closes the socket too."""
        if socket.presence_key is not None:
            self.services.visitor_presence.remove(socket.presence_key)
            self._departures.on_socket_closed(int(socket.presence_key))

    def budgets(self, socket: VisitorSocket) -> Iterable[tuple[str, int]]:
        settings = self.services.settings
        yield socket.token_hash or socket.sid, settings.visitor_commands
        yield socket.address, settings.visitor_commands * settings.address_times

    # -- identity ----------------------------------------------------------------------------------------------

    def identity(self, socket: VisitorSocket) -> VisitorIdentity:
        """The visitor whom an action makes when there is none for this token; BadRequest before hello."""
        if socket.token_hash is None or not socket.greeted:
            raise BadRequest("say hello first: without a token nobody could come back")
        return VisitorIdentity(
            socket.token_hash, socket.site.id, socket.locale, socket.timezone, socket.page, socket.address_hash
        )

    def visitor_id(self, socket: VisitorSocket) -> int:
        """NotFound before the visitor has a row."""
        if socket.visitor_id is None:
            raise NotFound
        return socket.visitor_id

    def bind_if_own_site(self, socket: VisitorSocket, visitor: VisitorRow | None) -> None:
        """Bind the socket to this visitor unless they belong to another site."""
        if visitor is not None and visitor.site_id == socket.site.id:
            self.bind_visitor(socket, visitor.id)

    def bind_visitor(self, socket: VisitorSocket, visitor_id: int) -> None:
        """From now on this socket receives the visitor's events and holds their presence."""
        if socket not in self.sockets:
            return
        socket.visitor_id = visitor_id
        self.broadcaster.enter(socket.sid, VISITOR_NAMESPACE, visitor_room(visitor_id))
        if socket.presence_key is None:
            socket.presence_key = str(visitor_id)
            self.services.visitor_presence.add(socket.presence_key)

    def presence(self, socket: VisitorSocket) -> VisitorPresence:
        """`here` while any tab with this token is visible, as far as this node knows."""
        visible = socket.visible or any(tab.visible for tab in self.tabs(socket.token_hash))
        return "here" if visible else "hidden"

    def tabs(self, token_hash: str | None) -> list[VisitorSocket]:
        """The sockets with this token on this node that have said hello."""
        if token_hash is None:
            return []
        found = map(self.sockets.get, self.broadcaster.members(VISITOR_NAMESPACE, token_room(token_hash)))
        return [tab for tab in found if tab is not None]

    # -- tickets -----------------------------------------------------------------------------------------------

    def post_of(self, socket: VisitorSocket, command: protocol.SendMessage) -> Post:
        context = self.agent_presence.latest_context()
        return Post(command.ticket, command.client_id, command.text, context, visitor_id=socket.visitor_id)

    def read_mark_of(self, socket: VisitorSocket, command: protocol.MarkRead) -> ReadMark:
        ticket = socket.tickets[command.ticket]
        return ReadMark(ticket.key, command.seq, self.now(), visitor_id=self.visitor_id(socket))

    async def follow_ticket(self, socket: VisitorSocket, ticket: str) -> FollowedTicket:
        """The visitor's own ticket; NotFound for every other."""
        if socket.visitor_id is None and socket.token_hash:
            visitor = await self.store.read(visitors.visitor_by_token, socket.token_hash)
            self.bind_if_own_site(socket, visitor)

        async def find() -> TicketRow:
            return await self.store.read(ticket_of_visitor, self.visitor_id(socket), ticket)

        return await self.follow(socket, ticket, find)

    def ticket_payload(self, ticket: TicketRow) -> protocol.Ticket:
        """As its visitor sees it: with the link of its page."""
        return presenters.ticket(ticket, self.services.links)

"""Visitors move: their page, their language, and whether a tab of theirs is visible."""

from chat import protocol
from chat.domain.people.visitors import set_locale, set_page, set_visitor_presence, visited_page
from chat.realtime.connections import VisitorSocket
from chat.realtime.visitor.base import VisitorCommands


class PresenceCommands(VisitorCommands):
    """set_page, set_locale and set_visible. Before the visitor has a row, only their socket remembers these."""

    async def on_set_page(self, socket: VisitorSocket, command: protocol.SetPage) -> protocol.Ack:
        socket.page = visited_page(command.url, command.title)
        if socket.visitor_id is not None:
            await self.store.write(set_page, socket.visitor_id, socket.page, self.agent_presence.latest_context())
        return protocol.Ack()

    async def on_set_locale(self, socket: VisitorSocket, command: protocol.SetLocale) -> protocol.Ack:
        socket.locale = command.locale
        if socket.visitor_id is not None:
            await self.store.write(set_locale, socket.visitor_id, command.locale)
        return protocol.Ack()

    async def on_set_visible(self, socket: VisitorSocket, command: protocol.SetVisible) -> protocol.Ack:
        socket.visible = command.on
        if socket.visitor_id is not None:
            context = self.agent_presence.latest_context()
            await self.store.write(set_visitor_presence, socket.visitor_id, self.presence(socket), context)
        return protocol.Ack()

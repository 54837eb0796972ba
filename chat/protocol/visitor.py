"""What only visitors send and receive."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chat.protocol.base import Category, ClientId, Command, Email, Locale, Name, Text, TicketId, Url, Zone
from chat.protocol.shared import Ack, Message, SeenPage, Service, Ticket


class VisitorAuth(Command, frozen=True, kw_only=True):
    """What a visitor's connect carries. `identity` is reserved: whoever sends one is known by their token only, as
    long as it is not understood."""

    site: Annotated[str, Meta(max_length=40)]
    token: Annotated[str, Meta(min_length=22, max_length=200)] | None = None
    identity: Annotated[str, Meta(max_length=4096)] | None = None
    locale: Locale | None = None
    timezone: Zone | None = None
    page: SeenPage | None = None


class VisitorHelloAck(Ack):
    """The newest ticket of this visitor and its last 200 messages; `token` when none came."""

    service: Service
    ticket: Ticket | None
    messages: list[Message]
    head: int
    token: str | UnsetType = UNSET


class StartChat(Command):
    """The first words of a chat; posts to the visitor's live ticket when there is one."""

    client_id: ClientId
    text: Text
    name: Name | None = None
    email: Email | None = None
    category: Category | None = None


class StartChatAck(Ack):
    """The ticket and its message, stored."""

    ticket: Ticket
    message: Message


class SetPage(Command):
    """The visitor has moved to another page of the site."""

    url: Url
    title: Annotated[str, Meta(max_length=1000)] = ""


class SetLocale(Command):
    """The visitor reads another language."""

    locale: Locale


class SetVisible(Command):
    """Whether the visitor can see the page."""

    on: bool


class GiveContact(Command):
    """An address to answer to. `wait: false` leaves the queue; true keeps waiting."""

    ticket: TicketId
    email: Email
    wait: bool
    name: Name | None = None

"""The shapes that only visitors send or receive."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chat.protocol.base import (
    Ack,
    Category,
    ClientId,
    Command,
    Email,
    Locale,
    Name,
    RegistryEntries,
    Seq,
    Text,
    TicketId,
    Title,
    Url,
    Zone,
)
from chat.protocol.shared import (
    CatchUpAck,
    Hello,
    MarkRead,
    Message,
    SendMessage,
    SendMessageAck,
    Service,
    Ticket,
    TicketAck,
    TicketCommand,
    Typing,
)


class SeenPage(Command):
    """A page of the site. The server stores the URL without its query."""

    url: Url
    title: Title = ""
    referrer: Url = ""


class CatchUp(Command):
    """Get the messages with a seq above `after`."""

    ticket: TicketId
    after: Seq


class VisitorAuth(Command, frozen=True, kw_only=True):
    """The auth payload of a visitor's connect. `identity` is reserved: this version does not read it and identifies the
    visitor by the token only."""

    site: Annotated[str, Meta(max_length=40)]
    token: Annotated[str, Meta(min_length=22, max_length=200)] | None = None
    identity: Annotated[str, Meta(max_length=4096)] | None = None
    locale: Locale | None = None
    timezone: Zone | None = None
    page: SeenPage | None = None


class VisitorHelloAck(Ack):
    """The visitor's newest ticket and its last 200 messages. `token`: a new one, when the connect had none."""

    service: Service
    ticket: Ticket | None
    messages: list[Message]
    head: int
    token: str | UnsetType = UNSET


class StartChat(Command):
    """Start a chat with its first message. When the visitor has a live ticket, the message is posted there."""

    client_id: ClientId
    text: Text
    name: Name | None = None
    email: Email | None = None
    category: Category | None = None


class StartChatAck(Ack):
    """The ticket and its stored message."""

    ticket: Ticket
    message: Message


class SetPage(Command):
    """The visitor is on another page of the site."""

    url: Url
    title: Title = ""


class SetLocale(Command):
    """The visitor has chosen another language."""

    locale: Locale


class SetVisible(Command):
    """Whether the page is visible to the visitor."""

    on: bool


class GiveContact(Command):
    """Leave an e-mail address for the answer. With `wait: false` the chat leaves the queue."""

    ticket: TicketId
    email: Email
    wait: bool
    name: Name | None = None


REGISTERED = RegistryEntries(
    visitor_commands={
        "hello": (Hello, VisitorHelloAck),
        "start_chat": (StartChat, StartChatAck),
        "send_message": (SendMessage, SendMessageAck),
        "catch_up": (CatchUp, CatchUpAck),
        "typing": (Typing, Ack),
        "mark_read": (MarkRead, Ack),
        "set_page": (SetPage, Ack),
        "set_locale": (SetLocale, Ack),
        "set_visible": (SetVisible, Ack),
        "give_contact": (GiveContact, TicketAck),
        "end_chat": (TicketCommand, TicketAck),
    },
    visitor_bodies=(VisitorAuth,),
)

"""The shapes that visitors and agents both send or receive."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chat.protocol.base import Ack, ClientId, Command, RegistryEntries, Seq, Shape, Text, TicketId
from chat.vocabulary import AuthorKind, Channel, ErrorCode, EventName, Mode, ServiceState, Side, Status


class Author(Shape):
    """The author of a message. Only agents have an `id`; `name` is null for a visitor without a name."""

    kind: AuthorKind
    name: str | None
    id: str | UnsetType = UNSET


class TicketEvent(Shape):
    """An event in a ticket's history: a name and arguments. Each client makes a sentence in its reader's language."""

    name: EventName
    args: dict[str, str]


class Message(Shape):
    """A message that the ticket's visitor may see. Only kind "event" has an `event`; its `text` is empty."""

    ticket: str
    seq: int
    id: str
    client_id: str | None
    kind: Literal["text", "event"]
    author: Author
    text: str
    at: datetime
    event: TicketEvent | UnsetType = UNSET
    files: list[str] = msgspec.field(default_factory=list)


class Person(Shape):
    """A ticket's agent as the visitor sees them."""

    id: str
    name: str
    photo: str | None


class Queue(Shape):
    """A waiting chat's position in the queue, from 1, and its estimated wait in whole seconds, null until enough chats
    have been measured."""

    position: int
    wait_s: int | None


class AnswerPromise(Shape):
    """The latest time of our answer, with the calendar's offset."""

    due: datetime


class Read(Shape):
    """The highest seq that each side has read."""

    visitor: int
    agent: int


class HoldState(Shape):
    """Until when a ticket is on hold. `reason`: what the visitor was told of it; null if only the team knows."""

    until: datetime
    reason: str | None


class Ticket(Shape):
    """A ticket as both sides see it. `rev` grows with every change; a client ignores a ticket with a smaller `rev` than
    its own. `form_offered`: the wait is long, so the visitor may leave an e-mail address. `reachable`: an e-mail
    address is known. `reply_until`: until then a reply reopens a solved ticket. `link`: the ticket's page, sent only to
    its visitor."""

    id: str
    number: int
    status: Status
    channel: Channel
    category: str | None
    agent: Person | None
    queue: Queue | None
    promise: AnswerPromise | None
    hold: HoldState | None
    read: Read
    head: int
    rev: int
    form_offered: bool
    reachable: bool
    reply_until: datetime | None
    link: str | UnsetType = UNSET


class Service(Shape):
    """The opening state and whether a visitor gets a chat or the form. `until`: when this state ends. `next_open`: null
    while open. `promise`: null where the calendar never opens. Times have the calendar's offset. `extra_hours`: true in
    hours that were added to the regular ones. `reply_s`: in how many seconds chats usually get their first answer."""

    state: ServiceState
    mode: Mode
    until: datetime | None
    next_open: datetime | None
    promise: AnswerPromise | None
    extra_hours: bool | UnsetType = UNSET
    reply_s: int | UnsetType = UNSET


class Refusal(Shape):
    """Why the server refused a command. `field`: the field that was wrong. `by`: the agent who has the ticket.
    `reason`: more detail than the code. `retry_after`: whole seconds. `service`: what is available instead."""

    code: ErrorCode
    message: str
    field: str | UnsetType = UNSET
    by: Person | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    retry_after: int | UnsetType = UNSET
    service: Service | UnsetType = UNSET


class RefusedAck(Shape, frozen=True, kw_only=True):
    """The ack of a refused command: nothing has changed."""

    ok: Literal[False] = False
    error: Refusal


class Hello(Command):
    """The first command of a connection. The ack has everything for the first screen."""


class SendMessage(Command):
    """Post a message to a ticket. The ack comes after the message is stored."""

    ticket: TicketId
    client_id: ClientId
    text: Text
    files: Annotated[list[str], Meta(max_length=0)] = msgspec.field(default_factory=list)


class SendMessageAck(Ack):
    """The stored message's number in the ticket, its id, and the server's time."""

    seq: int
    id: str
    at: datetime


class Typing(Command):
    """The sender types, or has stopped."""

    ticket: TicketId
    on: bool


class MarkRead(Command):
    """The sender has read all messages up to `seq`. A smaller seq than before changes nothing."""

    ticket: TicketId
    seq: Seq


class TicketCommand(Command):
    """A command whose only argument is the ticket."""

    ticket: TicketId


class TicketAck(Ack):
    """The ticket after the command."""

    ticket: Ticket


class TypingEvent(Shape):
    """The other side types, or has stopped. It expires after 3 s."""

    ticket: str
    on: bool
    name: str | None


class ReadEvent(Shape):
    """The other side has read all messages up to `seq`."""

    ticket: str
    seq: int
    by: Side


class CatchUpAck(Ack, frozen=True, kw_only=True):
    """At most 200 messages with seq > after, oldest first; repeat until `head`. `restart`: `after` was beyond `head`,
    so these are the newest 200 messages and the client drops all others."""

    restart: Literal[True] | UnsetType = UNSET
    ticket: Ticket
    messages: list[Message]
    head: int


REGISTERED = RegistryEntries(
    events={
        "message": Message,
        "ticket": Ticket,
        "typing": TypingEvent,
        "read": ReadEvent,
        "service": Service,
    },
)

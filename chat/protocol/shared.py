"""What both sides may send and receive."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chat.protocol.base import ClientId, Command, Seq, Shape, Text, TicketId, Url
from chat.vocabulary import AuthorKind, Channel, ErrorCode, Mode, ServiceState, Side, Status


class Author(Shape):
    """Who wrote a message; `id` only for agents; a visitor without a name has `name` null."""

    kind: AuthorKind
    name: str | None
    id: str | UnsetType = UNSET


class TicketEvent(Shape):
    """An event of a ticket: a name and arguments, put into words by each reader's language."""

    name: str
    args: dict[str, str]


class Message(Shape):
    """A line that the visitor of the ticket may see. `event` only for kind "event", whose `text` is empty."""

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
    """The agent of a ticket as its visitor sees them."""

    id: str
    name: str
    photo: str | None


class Queue(Shape):
    """A waiting chat's place, from 1; `wait_s` whole seconds, null until enough chats have been measured."""

    position: int
    wait_s: int | None


class AnswerPromise(Shape):
    """The latest time by which we answer, with the calendar's offset."""

    due: datetime


class Read(Shape):
    """The highest seq that each side has read."""

    visitor: int
    agent: int


class Ticket(Shape):
    """A ticket as both sides know it. `rev` grows with every change: older news than what one has is dropped.
    `form_offered`: the wait is long, an address may be left. `reachable`: an address is known. `reply_until`:
    until when a reply reopens a solved ticket. `link`: its page, told to its visitor only."""

    id: str
    number: int
    status: Status
    channel: Channel
    category: str | None
    agent: Person | None
    queue: Queue | None
    promise: AnswerPromise | None
    read: Read
    head: int
    rev: int
    form_offered: bool
    reachable: bool
    reply_until: datetime | None
    link: str | UnsetType = UNSET


class Page(Shape):
    """The page a visitor is on, without its query."""

    url: str
    title: str
    referrer: str = ""


class Service(Shape):
    """What is to be had now. `until`: when this state ends; `next_open`: null while open; times carry the
    calendar's offset. `due` is null where the calendar never opens."""

    state: ServiceState
    mode: Mode
    until: datetime | None
    next_open: datetime | None
    promise: AnswerPromise | None


class Refusal(Shape):
    """Why a command was not done. `field`: what was wrong with it; `by`: who has it; `reason`: more than the
    code says; `retry_after`: whole seconds; `service`: what is to be had instead."""

    code: ErrorCode
    message: str
    field: str | UnsetType = UNSET
    by: Person | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    retry_after: int | UnsetType = UNSET
    service: Service | UnsetType = UNSET


class RefusedAck(Shape, frozen=True, kw_only=True):
    """The ack of a command that was not done: nothing has changed."""

    ok: Literal[False] = False
    error: Refusal


class Ack(Shape, frozen=True, kw_only=True):
    """The ack of a command that has nothing to tell but that it is done."""

    ok: Literal[True] = True


class Hello(Command):
    """The first command of a connection: answered with all one needs to draw the screen."""


class SendMessage(Command):
    """Say something on a ticket; acknowledged after it is stored."""

    ticket: TicketId
    client_id: ClientId
    text: Text
    files: Annotated[list[str], Meta(max_length=0)] = msgspec.field(default_factory=list)


class SendMessageAck(Ack):
    """Stored: its number in the ticket and the server's time."""

    seq: int
    id: str
    at: datetime


class Typing(Command):
    """Writing, or no longer."""

    ticket: TicketId
    on: bool


class MarkRead(Command):
    """All up to `seq` has been seen; a smaller seq than before changes nothing."""

    ticket: TicketId
    seq: Seq


class TicketCommand(Command):
    """A command that needs nothing but the ticket."""

    ticket: TicketId


class TicketAck(Ack):
    """Done; the ticket as it now is."""

    ticket: Ticket


class TypingEvent(Shape):
    """The other side writes, or no longer; forget it after 3 s."""

    ticket: str
    on: bool
    name: str | None


class ReadEvent(Shape):
    """The other side has read up to `seq`."""

    ticket: str
    seq: int
    by: Side


class SeenPage(Command):
    """A page of the site; the server keeps it without its query."""

    url: Url
    title: Annotated[str, Meta(max_length=1000)] = ""
    referrer: Url = ""


class CatchUp(Command):
    """What came after `after`."""

    ticket: TicketId
    after: Seq


class CatchUpAck(Ack, frozen=True, kw_only=True):
    """At most 200 messages with seq > after, oldest first; ask again until head. `restart`: the cursor was
    newer than the data, these are the newest 200 and all else is to be forgotten."""

    restart: Literal[True] | UnsetType = UNSET
    ticket: Ticket
    messages: list[Message]
    head: int

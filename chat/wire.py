"""The wire: every command, event, ack and refusal as a closed shape; docs and types are made from it."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, NamedTuple, dataclass_transform

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

# -- words with one meaning ----------------------------------------------------------------------------------

# The domain counts code points after trimming; this only keeps a flood of bytes away from it.
Text = Annotated[str, Meta(max_length=16_384)]
ClientId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,64}\Z")]
TicketId = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(max_length=200)]
Email = Annotated[str, Meta(max_length=320)]
Url = Annotated[str, Meta(max_length=4096)]
Category = Annotated[str, Meta(max_length=40)]
Locale = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}\Z")]
Zone = Annotated[str, Meta(max_length=60)]
Seq = Annotated[int, Meta(ge=0, le=2_147_483_647)]
Status = Literal["live", "open", "pending", "on_hold", "solved", "closed"]
Channel = Literal["chat", "form", "email", "api"]
Side = Literal["visitor", "agent"]
Nearness = Literal["here", "hidden", "gone"]
Code = Literal[
    "bad_request",
    "not_found",
    "not_allowed",
    "form_instead",
    "ticket_ended",
    "conflict",
    "empty",
    "too_long",
    "too_many",
    "unavailable",
]


@dataclass_transform(frozen_default=True)
class Command(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a client asks; unknown fields are refused, never dropped in silence."""


@dataclass_transform(frozen_default=True)
class Shape(Struct, frozen=True):
    """What the server says."""


# -- shapes --------------------------------------------------------------------------------------------------


class Author(Shape):
    """Who wrote a message; `id` only for agents; a visitor without a name has `name` null."""

    kind: Literal["visitor", "agent", "system"]
    name: str | None
    id: str | UnsetType = UNSET


class Happening(Shape):
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
    event: Happening | UnsetType = UNSET
    files: list[str] = []


class Note(Shape):
    """A line that only agents may see; it stands after message `after`."""

    ticket: str
    note_seq: int
    after: int
    id: str
    client_id: str
    author: Author
    text: str
    at: datetime


class Person(Shape):
    """The agent of a ticket as its visitor sees them."""

    id: str
    name: str
    photo: str | None


class Queue(Shape):
    """A waiting chat's place, from 1; `wait_s` whole seconds, null until enough chats have been measured."""

    position: int
    wait_s: int | None


class Promise(Shape):
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
    promise: Promise | None
    read: Read
    head: int
    rev: int
    form_offered: bool
    reachable: bool
    reply_until: datetime | None
    link: str | UnsetType = UNSET


class Card(Shape):
    """A line of the inbox. `waiting_since`: the visitor's oldest word that nobody has answered."""

    ticket: str
    number: int
    status: Status
    channel: Channel
    category: str | None
    name: str | None
    preview: str
    agent: Person | None
    visitor: Nearness
    unread: int
    waiting_since: datetime | None
    due: datetime | None
    updated_at: datetime
    rev: int
    last_from: Literal["visitor", "agent", "system"]
    queued_at: datetime | None


class Agent(Shape):
    """A member of the team. `why`: what set them away, when they did not do it themselves."""

    id: str
    name: str
    photo: str | None
    role: Literal["admin", "supervisor", "agent"]
    state: Literal["available", "away", "offline"]
    since: datetime
    chats: int
    capacity: int
    departments: list[str]
    why: Literal["missed"] | None = None


class Department(Shape):
    """A part of the team that a ticket can be handed to."""

    id: str
    name: str


class Page(Shape):
    """The page a visitor is on, without its query."""

    url: str
    title: str
    referrer: str = ""


class Visitor(Shape):
    """The person behind a ticket; `tickets` are their earlier ones."""

    id: str
    name: str | None
    email: str | None
    verified: bool
    locale: str
    page: Page | None
    timezone: str | None
    tickets: list[Card]


class Service(Shape):
    """What is to be had now. `until`: when this state ends; `next_open`: null while open; times carry the
    calendar's offset. `due` is null where the calendar never opens."""

    state: Literal["open", "limited", "closed"]
    mode: Literal["chat", "form"]
    until: datetime | None
    next_open: datetime | None
    promise: Promise | None


class Excluded(Shape):
    """One agent as the routing saw them; `excluded` says why not, null for a real candidate."""

    agent: str
    name: str
    chats: int
    capacity: int
    idle_s: int
    excluded: str | None


class Decision(Shape):
    """Why a ticket rang where it did."""

    at: datetime
    rule: str
    chosen: str | None
    candidates: list[Excluded]


# -- refusals ------------------------------------------------------------------------------------------------


class Error(Shape):
    """Why a command was not done. `field`: what was wrong with it; `by`: who has it; `reason`: more than the
    code says; `retry_after`: whole seconds; `service`: what is to be had instead."""

    code: Code
    message: str
    field: str | UnsetType = UNSET
    by: Person | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    retry_after: int | UnsetType = UNSET
    service: Service | UnsetType = UNSET


class Refusal(Shape, frozen=True, kw_only=True):
    """The ack of a command that was not done: nothing has changed."""

    ok: Literal[False] = False
    error: Error


class Done(Shape, frozen=True, kw_only=True):
    """The ack of a command that has nothing to tell but that it is done."""

    ok: Literal[True] = True


# -- both namespaces -----------------------------------------------------------------------------------------


class Hello(Command):
    """The first command of a connection: answered with all one needs to draw the screen."""


class SendMessage(Command):
    """Say something on a ticket; acknowledged after it is stored."""

    ticket: TicketId
    client_id: ClientId
    text: Text
    files: Annotated[list[str], Meta(max_length=0)] = []


class Sent(Done):
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


class OfTicket(Command):
    """A command that needs nothing but the ticket."""

    ticket: TicketId


class TicketDone(Done):
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


# -- /visitor ------------------------------------------------------------------------------------------------


class SeenPage(Command):
    """A page of the site; the server keeps it without its query."""

    url: Url
    title: Annotated[str, Meta(max_length=1000)] = ""
    referrer: Url = ""


class VisitorAuth(Command, frozen=True, kw_only=True):
    """What a visitor's connect carries. `identity` is reserved: whoever sends one is known by their token only, as
    long as it is not understood."""

    site: Annotated[str, Meta(max_length=40)]
    token: Annotated[str, Meta(min_length=22, max_length=200)] | None = None
    identity: Annotated[str, Meta(max_length=4096)] | None = None
    locale: Locale | None = None
    timezone: Zone | None = None
    page: SeenPage | None = None


class VisitorHello(Done):
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


class Started(Done):
    """The ticket and its message, stored."""

    ticket: Ticket
    message: Message


class CatchUp(Command):
    """What came after `after`."""

    ticket: TicketId
    after: Seq


class CaughtUp(Done, frozen=True, kw_only=True):
    """At most 200 messages with seq > after, oldest first; ask again until head. `restart`: the cursor was
    newer than the data, these are the newest 200 and all else is to be forgotten."""

    restart: Literal[True] | UnsetType = UNSET
    ticket: Ticket
    messages: list[Message]
    head: int


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


# -- /agent --------------------------------------------------------------------------------------------------


class Cards(Shape):
    """The three lists."""

    mine: list[Card]
    waiting: list[Card]
    open: list[Card]


class Counts(Shape):
    """How long each list is."""

    mine: int
    waiting: int
    open: int


class Offer(Shape):
    """A ticket rings here until `expires_at`; `why` names the rule that chose, `by` who hands it over."""

    card: Card
    expires_at: datetime
    why: str
    by: Person | None = None


class AgentHello(Done):
    """All that the console shows first; `offers` are ringing now."""

    agent: Agent
    presence: Literal["available", "away"]
    cards: Cards
    counts: Counts
    team: list[Agent]
    departments: list[Department]
    offers: list[Offer]
    service: Service


class SetPresence(Command):
    """Available for chats, or away."""

    state: Literal["available", "away"]


class PresenceSet(Done):
    """The state that now holds."""

    presence: Literal["available", "away"]


class ListTickets(Command):
    """A page of 50 cards; `after` is the `next` of the page before; `q` searches words, names and numbers."""

    view: Literal["mine", "waiting", "open", "all"]
    q: Annotated[str, Meta(max_length=200)] | None = None
    after: Annotated[str, Meta(max_length=64)] | None = None


class Listed(Done):
    """A page of the inbox; `next` null on the last one."""

    cards: list[Card]
    next: str | None


class Claim(Command):
    """Take a ticket; `over` also beyond one's capacity."""

    ticket: TicketId
    over: bool = False


class Opened(Done):
    """A ticket with its last 200 messages, its notes and the person behind it."""

    ticket: Ticket
    messages: list[Message]
    head: int
    notes: list[Note]
    notes_head: int
    visitor: Visitor


class AddNote(Command):
    """Say something to the team only."""

    ticket: TicketId
    client_id: ClientId
    text: Text


class Noted(Done):
    """The note is stored."""

    note_seq: int
    id: str
    at: datetime


class AgentCatchUp(Command):
    """What came after both cursors."""

    ticket: TicketId
    after: Seq
    notes_after: Seq


class AgentCaughtUp(CaughtUp):
    """As the visitor's, and the notes."""

    notes: list[Note]
    notes_head: int


class HandOver(Command):
    """Ring somebody else for one's ticket; one stays its owner until it is taken. `to` names one agent or one
    department."""

    ticket: TicketId
    # A dictionary of one entry, because msgspec tells no two untagged structs apart.
    to: Annotated[dict[Literal["agent", "department"], TicketId], Meta(min_length=1, max_length=1)]
    note: Text | None = None


class SetStatus(Command):
    """Move a ticket by hand, as rules/status.py allows."""

    ticket: TicketId
    status: Status


class Explained(Done):
    """Why the ticket rang where it did, newest first."""

    decisions: list[Decision]


class Gone(Shape):
    """A ticket has left one's lists."""

    ticket: str


class OfferEnded(Shape):
    """It rings here no longer."""

    ticket: str
    reason: Literal["taken", "expired", "withdrawn"]


class VisitorEvent(Shape):
    """Where the visitor of a ticket is."""

    ticket: str
    state: Nearness
    page: Page | None


# -- HTTP ----------------------------------------------------------------------------------------------------


class NewTicket(Command, frozen=True, kw_only=True):
    """The form. A missing or wrong value is named by its field (422); a body of another shape is a bad
    request."""

    site: str = ""
    client_id: str = ""
    email: str = ""
    text: str = ""
    token: str | None = None
    category: str | None = None
    name: str | None = None
    locale: str | None = None
    page: SeenPage | None = None


class NewTicketDone(Shape):
    """The ticket, the visitor's token and the link of its page."""

    ticket: Ticket
    token: str
    link: str


class SignIn(Command):
    """An agent's address and password."""

    email: Email
    password: Annotated[str, Meta(max_length=1000)]


class SignedIn(Shape):
    """Who is signed in."""

    agent: Agent


# -- the lists that generate.py and the doors read -----------------------------------------------------------

VISITOR_COMMANDS: dict[str, tuple[type[Command], type[Done]]] = {
    "hello": (Hello, VisitorHello),
    "start_chat": (StartChat, Started),
    "send_message": (SendMessage, Sent),
    "catch_up": (CatchUp, CaughtUp),
    "typing": (Typing, Done),
    "mark_read": (MarkRead, Done),
    "set_page": (SetPage, Done),
    "set_locale": (SetLocale, Done),
    "set_visible": (SetVisible, Done),
    "give_contact": (GiveContact, TicketDone),
    "end_chat": (OfTicket, TicketDone),
}
AGENT_COMMANDS: dict[str, tuple[type[Command], type[Done]]] = {
    "hello": (Hello, AgentHello),
    "set_presence": (SetPresence, PresenceSet),
    "list": (ListTickets, Listed),
    "claim": (Claim, TicketDone),
    "decline": (OfTicket, Done),
    "open_ticket": (OfTicket, Opened),
    "send_message": (SendMessage, Sent),
    "add_note": (AddNote, Noted),
    "catch_up": (AgentCatchUp, AgentCaughtUp),
    "hand_over": (HandOver, TicketDone),
    "take_over": (OfTicket, TicketDone),
    "end_chat": (OfTicket, TicketDone),
    "set_status": (SetStatus, TicketDone),
    "spam": (OfTicket, TicketDone),
    "explain": (OfTicket, Explained),
    "typing": (Typing, Done),
    "mark_read": (MarkRead, Done),
}
VISITOR_EVENTS: dict[str, type[Shape]] = {
    "message": Message,
    "ticket": Ticket,
    "typing": TypingEvent,
    "read": ReadEvent,
    "service": Service,
}
AGENT_EVENTS: dict[str, type[Shape]] = {
    **VISITOR_EVENTS,
    "note": Note,
    "card": Card,
    "gone": Gone,
    "offer": Offer,
    "offer_ended": OfferEnded,
    "presence": Agent,
    "visitor": VisitorEvent,
}


# What a client had better know before it asks; the desk holds the same numbers (tests/test_protocol.py).
LIMITS: dict[str, int] = {
    "text_max": 4000,
    "messages_at_once": 200,
    "cards_a_page": 50,
    "name_max": 100,
    "email_max": 254,
    "typing_forgotten_ms": 3000,
    "typing_pause_ms": 1500,
    "ack_timeout_ms": 15000,
}


class Emission(NamedTuple):
    """One event for the sockets in any of these rooms, each once. `payload` is the shape as JSON, made once for all
    that it is sent to; `skip` is the sender's socket, whose ack is its copy."""

    event: str
    shape: Shape
    payload: bytes
    visitors: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    skip: str | None = None

    @classmethod
    def of(cls, event: str, shape: Shape, visitors: str = "", agents: str = "") -> "Emission":
        """For one room of each kind at most."""
        return cls(event, shape, encoded(shape), (visitors,) if visitors else (), (agents,) if agents else ())


# As bytes, and as plain values: datetimes become RFC 3339 text, unset fields are left out.
encoded: Callable[[Shape], bytes] = msgspec.json.Encoder().encode
plain: Callable[[Shape], dict[str, object]] = msgspec.to_builtins

"""What only agents send and receive."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from chat.protocol.base import ClientId, Command, Seq, Shape, Text, TicketId
from chat.protocol.shared import (
    Ack,
    Author,
    CatchUpAck,
    Message,
    Page,
    Person,
    Service,
    Ticket,
)
from chat.vocabulary import (
    AgentPresence,
    AgentState,
    AuthorKind,
    Channel,
    InboxView,
    OfferEnd,
    Role,
    Status,
    VisitorPresence,
)


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
    visitor: VisitorPresence
    unread: int
    waiting_since: datetime | None
    due: datetime | None
    updated_at: datetime
    rev: int
    last_from: AuthorKind
    queued_at: datetime | None


class Agent(Shape):
    """A member of the team. `why`: what set them away, when they did not do it themselves."""

    id: str
    name: str
    photo: str | None
    role: Role
    state: AgentPresence
    since: datetime
    chats: int
    capacity: int
    departments: list[str]
    why: Literal["missed"] | None = None


class Department(Shape):
    """A part of the team that a ticket can be handed to."""

    id: str
    name: str


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


class RoutingCandidate(Shape):
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
    candidates: list[RoutingCandidate]


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


class AgentHelloAck(Ack):
    """All that the console shows first; `offers` are ringing now."""

    agent: Agent
    presence: AgentState
    cards: Cards
    counts: Counts
    team: list[Agent]
    departments: list[Department]
    offers: list[Offer]
    service: Service


class SetPresence(Command):
    """Available for chats, or away."""

    state: AgentState


class SetPresenceAck(Ack):
    """The state that now holds."""

    presence: AgentState


class ListTickets(Command):
    """A page of 50 cards; `after` is the `next` of the page before; `q` searches words, names and numbers."""

    view: InboxView
    q: Annotated[str, Meta(max_length=200)] | None = None
    after: Annotated[str, Meta(max_length=64)] | None = None


class ListAck(Ack):
    """A page of the inbox; `next` null on the last one."""

    cards: list[Card]
    next: str | None


class Claim(Command):
    """Take a ticket; `over` also beyond one's capacity."""

    ticket: TicketId
    over: bool = False


class OpenTicketAck(Ack):
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


class AddNoteAck(Ack):
    """The note is stored."""

    note_seq: int
    id: str
    at: datetime


class AgentCatchUp(Command):
    """What came after both cursors."""

    ticket: TicketId
    after: Seq
    notes_after: Seq


class AgentCatchUpAck(CatchUpAck):
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


class ExplainAck(Ack):
    """Why the ticket rang where it did, newest first."""

    decisions: list[Decision]


class TicketLeft(Shape):
    """A ticket has left one's lists."""

    ticket: str


class OfferEnded(Shape):
    """It rings here no longer."""

    ticket: str
    reason: OfferEnd


class VisitorEvent(Shape):
    """Where the visitor of a ticket is."""

    ticket: str
    state: VisitorPresence
    page: Page | None

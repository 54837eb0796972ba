"""The shapes that only agents send or receive."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from chat.protocol.base import Ack, ClientId, Command, RegistryEntries, Seq, Shape, Text, TicketId
from chat.protocol.inbox import Card, Cards, Counts
from chat.protocol.shared import (
    Author,
    CatchUpAck,
    Hello,
    MarkRead,
    Message,
    Person,
    SendMessage,
    SendMessageAck,
    Service,
    Ticket,
    TicketAck,
    TicketCommand,
    Typing,
)
from chat.vocabulary import (
    AgentPresence,
    AgentState,
    ExclusionReason,
    OfferEnd,
    Role,
    RoutingRule,
    Status,
    VisitorPresence,
)


class Page(Shape):
    """The page that a visitor is on. `url` has no query."""

    url: str
    title: str
    referrer: str = ""


class Note(Shape):
    """A note that only agents see. It stands after the message whose seq is `after`."""

    ticket: str
    note_seq: int
    after: int
    id: str
    client_id: str
    author: Author
    text: str
    at: datetime


class Agent(Shape):
    """A member of the team. `why`: why the server set them away; null when they chose it."""

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
    """A part of the team that tickets can be handed over to."""

    id: str
    name: str


class Visitor(Shape):
    """A ticket's visitor. `tickets`: their earlier tickets."""

    id: str
    name: str | None
    email: str | None
    verified: bool
    locale: str
    page: Page | None
    timezone: str | None
    tickets: list[Card]


class RoutingCandidate(Shape):
    """One agent as the routing saw them. `excluded`: why the routing left them out; null for a candidate."""

    agent: str
    name: str
    chats: int
    capacity: int
    idle_s: int
    excluded: ExclusionReason | None


class Decision(Shape):
    """One decision of the routing: who was offered the ticket, and why."""

    at: datetime
    rule: RoutingRule
    chosen: str | None
    candidates: list[RoutingCandidate]


class Offer(Shape):
    """An offer that rings until `expires_at`. `why`: the routing rule that chose this agent. `by`: the agent who hands
    the ticket over."""

    card: Card
    expires_at: datetime
    why: RoutingRule
    by: Person | None = None


class AgentHelloAck(Ack):
    """Everything that the console shows first. `offers`: those that ring now; an offer rings for `ring_s` seconds."""

    agent: Agent
    presence: AgentState
    cards: Cards
    counts: Counts
    team: list[Agent]
    departments: list[Department]
    offers: list[Offer]
    service: Service
    ring_s: int


class SetPresence(Command):
    """Become available for chats, or go away."""

    state: AgentState


class SetPresenceAck(Ack):
    """The agent's state after the command."""

    presence: AgentState


class Claim(Command):
    """Become the owner of a ticket. With `over` also beyond one's capacity."""

    ticket: TicketId
    over: bool = False


class OpenTicketAck(Ack):
    """A ticket with its last 200 messages, its notes and its visitor."""

    ticket: Ticket
    messages: list[Message]
    head: int
    notes: list[Note]
    notes_head: int
    visitor: Visitor


class AddNote(Command):
    """Add a note that only agents see."""

    ticket: TicketId
    client_id: ClientId
    text: Text


class AddNoteAck(Ack):
    """The stored note's number in the ticket, its id, and the server's time."""

    note_seq: int
    id: str
    at: datetime


class AgentCatchUp(Command):
    """Get the messages with a seq above `after`, and the notes with a note_seq above `notes_after`."""

    ticket: TicketId
    after: Seq
    notes_after: Seq


class AgentCatchUpAck(CatchUpAck):
    """As CatchUpAck, with the notes."""

    notes: list[Note]
    notes_head: int


class HandOver(Command):
    """Offer one's ticket to another agent or department, named in `to`. The sender stays the owner until somebody
    accepts."""

    ticket: TicketId
    # A dictionary of one entry, because msgspec can not tell two untagged structs apart.
    to: Annotated[dict[Literal["agent", "department"], TicketId], Meta(min_length=1, max_length=1)]
    note: Text | None = None


class SetStatus(Command):
    """Change a ticket's status by hand, where the table of allowed changes has it."""

    ticket: TicketId
    status: Status


class ExplainAck(Ack):
    """The decisions of the routing about this ticket, newest first."""

    decisions: list[Decision]


class OfferEnded(Shape):
    """The offer no longer rings on this console."""

    ticket: str
    reason: OfferEnd


class VisitorEvent(Shape):
    """Whether the ticket's visitor is on the site, and on which page."""

    ticket: str
    state: VisitorPresence
    page: Page | None


REGISTERED = RegistryEntries(
    agent_commands={
        "hello": (Hello, AgentHelloAck),
        "set_presence": (SetPresence, SetPresenceAck),
        "claim": (Claim, TicketAck),
        "decline": (TicketCommand, Ack),
        "open_ticket": (TicketCommand, OpenTicketAck),
        "send_message": (SendMessage, SendMessageAck),
        "add_note": (AddNote, AddNoteAck),
        "catch_up": (AgentCatchUp, AgentCatchUpAck),
        "hand_over": (HandOver, TicketAck),
        "take_over": (TicketCommand, TicketAck),
        "end_chat": (TicketCommand, TicketAck),
        "set_status": (SetStatus, TicketAck),
        "spam": (TicketCommand, TicketAck),
        "explain": (TicketCommand, ExplainAck),
        "typing": (Typing, Ack),
        "mark_read": (MarkRead, Ack),
    },
    agent_events={
        "note": Note,
        "offer": Offer,
        "offer_ended": OfferEnded,
        "presence": Agent,
        "visitor": VisitorEvent,
    },
)

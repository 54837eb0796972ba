"""Every command with its ack, every event, and the limits that a client should know."""

from chat.protocol.agent import (
    AddNote,
    Agent,
    AgentCatchUp,
    AgentCaughtUp,
    AgentHello,
    Card,
    Claim,
    Explained,
    Gone,
    HandOver,
    Listed,
    ListTickets,
    Note,
    Noted,
    Offer,
    OfferEnded,
    Opened,
    PresenceSet,
    SetPresence,
    SetStatus,
    VisitorEvent,
)
from chat.protocol.base import Command, Shape
from chat.protocol.shared import (
    CatchUp,
    CaughtUp,
    Done,
    Hello,
    MarkRead,
    Message,
    OfTicket,
    ReadEvent,
    SendMessage,
    Sent,
    Service,
    Ticket,
    TicketDone,
    Typing,
    TypingEvent,
)
from chat.protocol.visitor import GiveContact, SetLocale, SetPage, SetVisible, StartChat, Started, VisitorHello

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

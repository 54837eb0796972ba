"""Every command with its ack, every event, and the limits that a client should know."""

from chat.protocol.agent import (
    AddNote,
    AddNoteAck,
    Agent,
    AgentCatchUp,
    AgentCatchUpAck,
    AgentHelloAck,
    Card,
    Claim,
    ExplainAck,
    HandOver,
    ListAck,
    ListTickets,
    Note,
    Offer,
    OfferEnded,
    OpenTicketAck,
    SetPresence,
    SetPresenceAck,
    SetStatus,
    TicketLeft,
    VisitorEvent,
)
from chat.protocol.base import Command, Shape
from chat.protocol.shared import (
    Ack,
    CatchUp,
    CatchUpAck,
    Hello,
    MarkRead,
    Message,
    ReadEvent,
    SendMessage,
    SendMessageAck,
    Service,
    Ticket,
    TicketAck,
    TicketCommand,
    Typing,
    TypingEvent,
)
from chat.protocol.visitor import GiveContact, SetLocale, SetPage, SetVisible, StartChat, StartChatAck, VisitorHelloAck

VISITOR_COMMANDS: dict[str, tuple[type[Command], type[Ack]]] = {
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
}
AGENT_COMMANDS: dict[str, tuple[type[Command], type[Ack]]] = {
    "hello": (Hello, AgentHelloAck),
    "set_presence": (SetPresence, SetPresenceAck),
    "list": (ListTickets, ListAck),
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
    "gone": TicketLeft,
    "offer": Offer,
    "offer_ended": OfferEnded,
    "presence": Agent,
    "visitor": VisitorEvent,
}


# Limits that a client needs to know. Domain and queries have the same numbers (tests/test_protocol.py compares them).
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

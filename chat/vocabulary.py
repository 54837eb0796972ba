"""The closed word lists of Guichet, defined once for the tables, the domain, the wire and the front ends."""

from typing import Literal, get_args

# Tickets.
Status = Literal["live", "open", "pending", "on_hold", "solved", "closed"]
Channel = Literal["chat", "form", "email", "api"]
Kind = Literal["question", "dispute", "suggestion"]
# How a page shows a field of the form.
FormControl = Literal["textarea", "select", "text", "email"]
# The two sides of a ticket; events are written by neither.
Side = Literal["visitor", "agent"]
AuthorKind = Literal["visitor", "agent", "system"]
VisitorPresence = Literal["here", "hidden", "gone"]

# Agents.
Role = Literal["admin", "supervisor", "agent"]
# What an agent chose, and what others see: a choice counts only while the agent is connected.
AgentState = Literal["available", "away"]
AgentPresence = Literal["available", "away", "offline"]
InboxView = Literal["mine", "waiting", "open", "all"]

# Offers: how one ends in the database, and what its console is told.
OfferOutcome = Literal["taken", "declined", "missed", "withdrawn"]
OfferEnd = Literal["taken", "expired", "withdrawn"]

# The service.
ServiceState = Literal["open", "limited", "closed"]
Mode = Literal["chat", "form"]
PromiseUnit = Literal["working_days", "opening_hours"]

# The languages of the pages, the widget and the console. The default is for those who ask for none of them.
Locale = Literal["fr", "en"]
LOCALES: tuple[Locale, ...] = get_args(Locale)
DEFAULT_LOCALE: Locale = "fr"

ErrorCode = Literal[
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

"""The closed word lists of Guichet, defined once for the tables, the domain, the wire and the front ends."""

from typing import Literal, get_args

# Tickets.
Status = Literal["live", "open", "pending", "on_hold", "solved", "closed"]
# Nothing is left to do, and no inbox shows the ticket; and all others.
FINISHED_STATUSES: tuple[Status, ...] = ("solved", "closed")
UNFINISHED_STATUSES: tuple[Status, ...] = tuple(one for one in get_args(Status) if one not in FINISHED_STATUSES)
# The team owes an answer, by the time that it promised.
ANSWER_OWED_STATUSES: tuple[Status, ...] = ("open", "on_hold")
# Only their owner's list has them.
PAUSED_STATUSES: tuple[Status, ...] = ("pending", "on_hold")
Channel = Literal["chat", "form", "email", "api"]
Kind = Literal["question", "dispute", "suggestion"]
# How a page shows a field of the form.
FormControl = Literal["textarea", "select", "text", "email"]
# The two sides of a ticket; events are written by neither.
Side = Literal["visitor", "agent"]
AuthorKind = Literal["visitor", "agent", "system"]
VisitorPresence = Literal["here", "hidden", "gone"]

# What sent a mail: a person, a program, a server that returns ours, a mailing list.
MailKind = Literal["person", "auto", "bounce", "list"]
# Who a mail's sender is to its ticket. `claims_agent`: says to be one of us, and nothing proves it.
SenderTrust = Literal["customer", "known", "stranger", "claims_agent"]

# What the system reports in a ticket's history.
EventName = Literal[
    "joined",
    "handed_over",
    "agent_gone",
    "agent_back",
    "became_ticket",
    "reopened",
    "paused",
    "ended",
    "status",
    "promise_moved",
    "held",
    "hold_moved",
]

# Agents.
Role = Literal["admin", "supervisor", "agent"]
# What an agent chose, and what others see: a choice counts only while the agent is connected.
AgentState = Literal["available", "away"]
AgentPresence = Literal["available", "away", "offline"]
# The lists of tickets: the three of the inbox, the live chats of colleagues, the finished, and all.
InboxView = Literal["mine", "waiting", "open", "team", "ended", "all"]

# Offers: how one ends in the database, and what its console is told.
OfferOutcome = Literal["taken", "declined", "missed", "withdrawn"]
OfferEnd = Literal["taken", "expired", "withdrawn"]

# Why the routing chose an agent, and why it left one out.
RoutingRule = Literal["knew_visitor", "only_one", "fewest_chats", "longest_idle", "all_alike", "nobody", "handed_over"]
ExclusionReason = Literal["away", "department", "passed", "full"]

# The service.
ServiceState = Literal["open", "limited", "closed"]
Mode = Literal["chat", "form"]
PromiseUnit = Literal["working_days", "opening_hours"]
# What the team is told of a promise, and how a promise ends.
PromiseAlert = Literal["soon", "close", "broken"]
PromiseOutcome = Literal["kept", "broken", "replaced", "dropped"]

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

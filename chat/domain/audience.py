"""Who may hear what: the one place that decides, by the type of what happened."""

from functools import lru_cache
from typing import Literal, NamedTuple, assert_never

EventKind = Literal["message", "note", "ticket", "card", "read", "offer", "offer_ended", "agent", "visitor", "service"]


class Audience(NamedTuple):
    """Rooms of visitors and rooms of agents: never both in one, for the two have different event types."""

    visitors: tuple[str, ...]
    agents: tuple[str, ...]


class EventSubject(NamedTuple):
    """Whom it is about: a ticket, its visitor, its owner or those an offer is between."""

    ticket_id: int = 0
    visitor_id: int = 0
    agent_ids: tuple[int, ...] = ()


ALL_VISITORS = "site"
ALL_AGENTS = "agents"


def visitor_room(visitor_id: int) -> str:
    """One visitor's sockets, whichever of their tickets they look at."""
    return f"v:{visitor_id}"


def ticket_room(ticket_id: int) -> str:
    """The agents who have this ticket open."""
    return f"t:{ticket_id}"


def agent_room(agent_id: int) -> str:
    """One agent's consoles."""
    return f"a:{agent_id}"


def token_room(token_hash: str) -> str:
    """The tabs with one visitor token, also before it belongs to a visitor."""
    return f"k:{token_hash}"


@lru_cache(4_096)
def audience(kind: EventKind, subject: EventSubject) -> Audience:
    """The rooms that may hear of it; remembered, for it is asked for every message."""
    people = tuple(map(agent_room, subject.agent_ids))
    match kind:
        case "message" | "ticket" | "read":
            return Audience((visitor_room(subject.visitor_id),), (ticket_room(subject.ticket_id), *people))
        case "note" | "visitor":
            return Audience((), (ticket_room(subject.ticket_id), *people))
        case "offer" | "offer_ended":
            return Audience((), people)
        case "card" | "agent":
            return Audience((), (ALL_AGENTS,))
        case "service":
            return Audience((ALL_VISITORS,), (ALL_AGENTS,))
        case _:
            assert_never(kind)

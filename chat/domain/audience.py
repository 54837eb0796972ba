"""The rooms that receive an event: the only module that decides it, by the kind of event."""

from functools import lru_cache
from typing import Literal, NamedTuple, assert_never

EventKind = Literal["message", "note", "ticket", "card", "read", "offer", "offer_ended", "agent", "visitor", "service"]


class Audience(NamedTuple):
    """Rooms of visitors and rooms of agents, separate because the two namespaces have different events."""

    visitors: tuple[str, ...]
    agents: tuple[str, ...]


class EventSubject(NamedTuple):
    """What an event is about: a ticket, its visitor, and its assignee or the agents of an offer."""

    ticket_id: int = 0
    visitor_id: int = 0
    agent_ids: tuple[int, ...] = ()


ALL_VISITORS = "site"
ALL_AGENTS = "agents"


def visitor_room(visitor_id: int) -> str:
    """All sockets of one visitor, whichever of their tickets they show."""
    return f"v:{visitor_id}"


def ticket_room(ticket_id: int) -> str:
    """The sockets of agents who have this ticket open."""
    return f"t:{ticket_id}"


def agent_room(agent_id: int) -> str:
    """All consoles of one agent."""
    return f"a:{agent_id}"


def token_room(token_hash: str) -> str:
    """The tabs with one visitor token, also before it belongs to a visitor."""
    return f"k:{token_hash}"


@lru_cache(4_096)
def audience(kind: EventKind, subject: EventSubject) -> Audience:
    """The rooms that receive the event. Cached, because it is called for every message."""
    agent_rooms = tuple(map(agent_room, subject.agent_ids))
    match kind:
        case "message" | "ticket" | "read":
            return Audience((visitor_room(subject.visitor_id),), (ticket_room(subject.ticket_id), *agent_rooms))
        case "note" | "visitor":
            return Audience((), (ticket_room(subject.ticket_id), *agent_rooms))
        case "offer" | "offer_ended":
            return Audience((), agent_rooms)
        case "card" | "agent":
            return Audience((), (ALL_AGENTS,))
        case "service":
            return Audience((ALL_VISITORS,), (ALL_AGENTS,))
        case _:
            assert_never(kind)

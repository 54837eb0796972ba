"""Who may receive an event, as rooms: the only module that knows a room's name."""

from functools import lru_cache
from typing import NamedTuple


class Audience(NamedTuple):
    """Rooms of visitors and rooms of agents, separate because the two namespaces have different events."""

    visitors: tuple[str, ...]
    agents: tuple[str, ...]


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
def both_sides(ticket_id: int, visitor_id: int, assignee_id: int | None) -> Audience:
    """The ticket's visitor and its agents. Cached, because it is called for every message."""
    return Audience((visitor_room(visitor_id),), agents_of_ticket(ticket_id, assignee_id).agents)


def agents_of_ticket(ticket_id: int, assignee_id: int | None) -> Audience:
    """The agents who have the ticket open, and its assignee."""
    return Audience((), (ticket_room(ticket_id), *(() if assignee_id is None else (agent_room(assignee_id),))))


def these_agents(*agent_ids: int | None) -> Audience:
    """All consoles of these agents; None stands for nobody."""
    return Audience((), tuple(agent_room(agent_id) for agent_id in agent_ids if agent_id is not None))


def all_agents() -> Audience:
    """Every console."""
    return Audience((), (ALL_AGENTS,))

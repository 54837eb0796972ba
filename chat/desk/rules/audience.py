"""Who may hear what: the one place that decides, by the type of what happened."""

from typing import Literal, NamedTuple, assert_never

Heard = Literal["message", "note", "ticket", "card", "read", "offer", "offer_ended", "agent", "visitor", "service"]
Namespace = Literal["/visitor", "/agent"]


class Room(NamedTuple):
    """Sockets of one kind: never both, for the two have different event types."""

    namespace: Namespace
    name: str


EVERY_AGENT = Room("/agent", "agents")
EVERY_VISITOR = Room("/visitor", "site")


def visitor(visitor_id: int) -> Room:
    """One visitor's sockets, whichever of their tickets they look at."""
    return Room("/visitor", f"v:{visitor_id}")


def agents_at(ticket_id: int) -> Room:
    """The agents who have this ticket open."""
    return Room("/agent", f"t:{ticket_id}")


def agent(agent_id: int) -> Room:
    """One agent's consoles."""
    return Room("/agent", f"a:{agent_id}")


class Concerned(NamedTuple):
    """Whom it is about: a ticket, its visitor, its owner or those an offer is between."""

    ticket_id: int = 0
    visitor_id: int = 0
    agent_ids: tuple[int, ...] = ()


def audience(heard: Heard, whom: Concerned) -> list[Room]:
    """The rooms that may hear of it."""
    people = [agent(agent_id) for agent_id in whom.agent_ids]
    match heard:
        case "message" | "ticket" | "read":
            return [visitor(whom.visitor_id), agents_at(whom.ticket_id), *people]
        case "note" | "visitor":
            return [agents_at(whom.ticket_id), *people]
        case "offer" | "offer_ended":
            return people
        case "card" | "agent":
            return [EVERY_AGENT]
        case "service":
            return [EVERY_VISITOR, EVERY_AGENT]
        case _:
            assert_never(heard)

"""Agents, departments and visitors as payloads."""

from collections.abc import Mapping, Sequence

from chat import protocol
from chat.domain.refusals import AgentRef
from chat.presenters.tickets import cards
from chat.store.rows import AgentRow, DepartmentRow, TicketRow, VisitorRow


def agent(row: AgentRow, connected: bool) -> protocol.Agent:
    """A member of the team. Without a connection they are offline, whatever state they chose."""
    return protocol.Agent(
        id=row.public_id,
        name=row.name,
        photo=row.photo,
        role=row.role,
        state=row.state if connected else "offline",
        since=row.state_since,
        chats=row.chats,
        capacity=row.capacity,
        departments=list(row.departments),
        why="missed" if row.away_reason == "missed" and row.state == "away" else None,
    )


def department(row: DepartmentRow) -> protocol.Department:
    """A department from its row."""
    return protocol.Department(id=row.public_id, name=row.name)


def person(agent: AgentRef) -> protocol.Person:
    """An agent as the other side sees them."""
    return protocol.Person(id=agent.id, name=agent.name, photo=agent.photo)


def page(found: Mapping[str, str] | None) -> protocol.Page | None:
    """The page that a visitor is on, from its stored JSON."""
    if found is None:
        return None
    return protocol.Page(url=found.get("url", ""), title=found.get("title", ""), referrer=found.get("referrer", ""))


def visitor(row: VisitorRow, earlier: Sequence[TicketRow]) -> protocol.Visitor:
    """A ticket's visitor with their earlier tickets."""
    return protocol.Visitor(
        id=row.public_id,
        name=row.name,
        email=row.email,
        verified=row.verified,
        locale=row.locale,
        page=page(row.page),
        timezone=row.timezone,
        tickets=cards(earlier),
    )

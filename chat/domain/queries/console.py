"""What consoles read and write in one go: several questions or verbs of the desk in one transaction."""

from typing import NamedTuple

from sqlalchemy import Connection

from chat.domain.queries import agents, inbox, messages, tickets, visitors
from chat.domain.queries.agents import all_departments
from chat.domain.queries.inbox import InboxSnapshot
from chat.domain.queries.messages import CatchUpResult
from chat.domain.queries.offers import RingingOffer, offers_ringing_for
from chat.store.rows import AgentRow, DepartmentRow, TicketRow, VisitorRow


class ConsoleSnapshot(NamedTuple):
    """What a console shows first."""

    inbox: InboxSnapshot
    team: list[AgentRow]
    departments: list[DepartmentRow]
    offers: list[RingingOffer]


class OpenedTicket(NamedTuple):
    """A ticket with its threads, and the person behind it with their other tickets."""

    thread: CatchUpResult
    visitor: VisitorRow
    earlier: list[TicketRow]


def console_snapshot(sql: Connection, agent_id: int) -> ConsoleSnapshot:
    """For an agent who has just connected."""
    return ConsoleSnapshot(
        inbox.inbox_snapshot(sql, agent_id),
        agents.all_agents(sql),
        all_departments(sql),
        offers_ringing_for(sql, [agent_id]),
    )


def open_ticket(sql: Connection, ticket: str) -> OpenedTicket:
    """A ticket's newest 200 messages and notes; NotFound."""
    row = tickets.ticket_by_public_id(sql, ticket)
    found = CatchUpResult(row, messages.newest_messages(sql, row), False, messages.newest_notes(sql, row))
    visitor = visitors.visitor_by_id(sql, row.visitor_id)
    assert visitor is not None
    return OpenedTicket(found, visitor, visitors.earlier_tickets(sql, row.visitor_id, row.id))

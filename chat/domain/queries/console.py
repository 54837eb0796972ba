"""What a console reads in one snapshot: its first view, and a ticket that an agent opens."""

from typing import NamedTuple

from sqlalchemy import Connection

from chat.domain.queries.agents import all_agents, all_departments
from chat.domain.queries.inbox import InboxSnapshot, inbox_snapshot
from chat.domain.queries.messages import CatchUpResult, newest_messages, newest_notes
from chat.domain.queries.offers import RingingOffer, offers_ringing_for
from chat.domain.queries.tickets import ticket_by_public_id
from chat.domain.queries.visitors import earlier_tickets, get_visitor
from chat.store.rows import AgentRow, DepartmentRow, TicketRow, VisitorRow


class ConsoleSnapshot(NamedTuple):
    """The first view of a console."""

    inbox: InboxSnapshot
    team: list[AgentRow]
    departments: list[DepartmentRow]
    offers: list[RingingOffer]


class OpenedTicket(NamedTuple):
    """A ticket with its messages and notes, and its visitor with their other tickets."""

    thread: CatchUpResult
    visitor: VisitorRow
    earlier: list[TicketRow]


def console_snapshot(sql: Connection, agent_id: int) -> ConsoleSnapshot:
    """For an agent whose console has just connected."""
    return ConsoleSnapshot(
        inbox_snapshot(sql, agent_id),
        all_agents(sql),
        all_departments(sql),
        offers_ringing_for(sql, [agent_id]),
    )


def open_ticket(sql: Connection, ticket: str) -> OpenedTicket:
    """A ticket's newest 200 messages and notes. Raises NotFound."""
    row = ticket_by_public_id(sql, ticket)
    thread = CatchUpResult(row, newest_messages(sql, row), False, newest_notes(sql, row))
    return OpenedTicket(thread, get_visitor(sql, row.visitor_id), earlier_tickets(sql, row.visitor_id, row.id))

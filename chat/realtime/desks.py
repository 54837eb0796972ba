"""What consoles read and write in one go: several questions or verbs of the desk in one transaction."""

from typing import NamedTuple

from sqlalchemy import Connection

from chat.desk import agents, inbox, notes, queue, records, visitors
from chat.desk.changes import Situation
from chat.desk.held import Ring, ringing_for
from chat.desk.inbox import Lists
from chat.desk.messages import CaughtUp
from chat.desk.queue import HandOverTo
from chat.store.rows import AgentRow, DepartmentRow, TicketRow, VisitorRow
from chat.store.works import Work


class Desk(NamedTuple):
    """What a console shows first."""

    lists: Lists
    team: list[AgentRow]
    departments: list[DepartmentRow]
    rings: list[Ring]


class Opened(NamedTuple):
    """A ticket with its threads, and the person behind it with their other tickets."""

    found: CaughtUp
    visitor: VisitorRow
    earlier: list[TicketRow]


class Parting(NamedTuple):
    """What is said to the team when a ticket is handed over, under an id that makes it once."""

    client_id: str
    text: str


def whole_desk(sql: Connection, agent_id: int) -> Desk:
    """For an agent who has just connected."""
    return Desk(
        inbox.hello(sql, agent_id),
        agents.team(sql),
        records.all_departments(sql),
        ringing_for(sql, [agent_id]),
    )


def opened(sql: Connection, ticket: str) -> Opened:
    """A ticket's newest 200 messages and notes; NotFound."""
    row = records.ticket_by_public_id(sql, ticket)
    found = CaughtUp(row, records.newest_messages(sql, row), False, records.newest_notes(sql, row))
    visitor = visitors.by_key(sql, row.visitor_id)
    assert visitor is not None
    return Opened(found, visitor, visitors.earlier(sql, row.visitor_id, row.id))


def hand_over(
    work: Work, giver: tuple[int, str], to: HandOverTo, said: Parting | None, situation: Situation
) -> TicketRow:
    """Hand a ticket over with a note: both or neither. `giver` is the agent and their ticket."""
    agent_id, ticket = giver
    row = queue.hand_over(work, agent_id, ticket, to, situation)
    if said is None:
        return row
    notes.add_note(work, agent_id, ticket, said, situation.now)
    return records.ticket_by_public_id(work.sql, ticket)

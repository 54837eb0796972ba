"""Reading: tickets, messages, notes and agents as rows, with the names one needs to show them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Tuple, and_, case, func, literal, or_, select, tuple_

from chat.desk.calendar_in_force import calendar_of
from chat.desk.refusals import NotFound
from chat.desk.rules import availability, wall_time
from chat.store.rows import AgentRow, DepartmentRow, MessageRow, NoteRow, OfferRow, TicketRow, VisitorRow
from chat.store.tables import (
    agent_departments,
    agents,
    departments,
    messages,
    notes,
    offers,
    tickets,
    visitors,
)

PAGE = 200
# Enough to be steady, few enough to follow the morning's rush.
MEASURED_CHATS = 20

_COMPUTED = {"agent_public_id", "agent_name", "agent_photo", "position", "wait_s"}
_TICKET_COLUMNS = [tickets.c[name] for name in TicketRow.__dataclass_fields__ if name not in _COMPUTED]
waiting = and_(tickets.c.status == "live", tickets.c.assignee_id.is_(None))
# The order of the queue: visitors who are here before those who left; places are kept.
queue_order = (
    -tickets.c.priority,
    case((tickets.c.visitor_state == "gone", 1), else_=0),
    tickets.c.queued_at,
    tickets.c.id,
)
ringing = offers.c.ended_at.is_(None)


def ticket_query() -> Select[Any]:
    """Tickets with their agent's name; add `where`, order and limit."""
    return select(
        *_TICKET_COLUMNS,
        agents.c.public_id.label("agent_public_id"),
        agents.c.name.label("agent_name"),
        agents.c.photo.label("agent_photo"),
    ).select_from(tickets.outerjoin(agents, agents.c.id == tickets.c.assignee_id))


def tickets_of(sql: Connection, query: Select[Any]) -> list[TicketRow]:
    """The rows of a `ticket_query`: those that wait with their place, promises with the calendar's offset."""
    return [placed(sql, _dated(sql, TicketRow(*row))) for row in sql.execute(query).all()]


def _dated(sql: Connection, ticket: TicketRow) -> TicketRow:
    if ticket.due is None:
        return ticket
    return replace(ticket, due=wall_time.told(calendar_of(sql).zone, ticket.due))


def ticket_where(sql: Connection, *condition: ColumnElement[bool]) -> TicketRow:
    """The one ticket of which this is true; NotFound when there is none."""
    found = tickets_of(sql, ticket_query().where(*condition).limit(1))
    if not found:
        raise NotFound
    return found[0]


def ticket_by_key(sql: Connection, ticket_id: int) -> TicketRow:
    """The ticket with this inner key; NotFound."""
    return ticket_where(sql, tickets.c.id == ticket_id)


def ticket_by_public_id(sql: Connection, public_id: str) -> TicketRow:
    """The ticket with this public id, whosever it is: for agents. NotFound."""
    return ticket_where(sql, tickets.c.public_id == plain(public_id))


def ticket_of_visitor(sql: Connection, visitor_id: int, public_id: str) -> TicketRow:
    """This visitor's ticket; NotFound when it is somebody else's, as if there were none."""
    return ticket_where(sql, tickets.c.public_id == plain(public_id), tickets.c.visitor_id == visitor_id)


def plain(said: str) -> str:
    """Without NUL, which PostgreSQL does not even compare: nothing that is kept has one."""
    return said.replace("\0", "\ufffd")


def placed(sql: Connection, ticket: TicketRow) -> TicketRow:
    """The ticket with its place and honest wait, if it waits."""
    if not ticket.waiting:
        return ticket
    position = _ahead_of(sql, ticket) + 1
    return replace(ticket, position=position, wait_s=availability.honest_wait(paces(sql), position))


def _ahead_of(sql: Connection, ticket: TicketRow) -> int:
    own = select(*queue_order).where(tickets.c.id == ticket.id)
    mark = sql.execute(own).one()
    same_queue = tickets.c.department_id.is_not_distinct_from(ticket.department_id)
    before = tuple_(*queue_order) < bounds(queue_order, mark)
    return sql.execute(select(func.count()).select_from(tickets).where(waiting, same_queue, before)).scalar_one()


def bounds(order: Sequence[Any], row: Sequence[Any]) -> Tuple:
    """A row's place in an order, as one value to compare `tuple_(*order)` with."""
    return tuple_(*(literal(value, part.type) for value, part in zip(row, order, strict=True)))


def paces(sql: Connection) -> list[float]:
    """Seconds a place took, for the chats taken last, the newest first."""
    query = select(tickets.c.queued_at, tickets.c.taken_at, tickets.c.queue_place).where(
        tickets.c.taken_at.is_not(None), tickets.c.queued_at.is_not(None), tickets.c.queue_place.is_not(None)
    )
    rows = sql.execute(query.order_by(tickets.c.taken_at.desc()).limit(MEASURED_CHATS))
    return [(taken - queued).total_seconds() / place for queued, taken, place in rows]


# -- messages and notes ----------------------------------------------------------------------------------------


def _message_query() -> Select[Any]:
    return select(
        tickets.c.public_id,
        messages.c.seq,
        messages.c.public_id,
        messages.c.client_id,
        messages.c.author,
        agents.c.public_id,
        messages.c.author_name,
        messages.c.text,
        messages.c.event,
        messages.c.at,
    ).select_from(
        messages.join(tickets, tickets.c.id == messages.c.ticket_id).outerjoin(
            agents, agents.c.id == messages.c.agent_id
        )
    )


def messages_where(sql: Connection, *condition: ColumnElement[bool]) -> list[MessageRow]:
    """Messages of which this is true, in seq order, at most a page; what the ticket's row does not know of yet is
    not acknowledged yet either."""
    query = (
        _message_query().where(messages.c.seq <= tickets.c.last_seq, *condition).order_by(messages.c.seq).limit(PAGE)
    )
    return [MessageRow(*row) for row in sql.execute(query)]


def messages_after(sql: Connection, ticket_id: int, seq: int) -> list[MessageRow]:
    """The oldest 200 after `seq`."""
    return messages_where(sql, messages.c.ticket_id == ticket_id, messages.c.seq > seq)


def newest_messages(sql: Connection, ticket: TicketRow) -> list[MessageRow]:
    """The last 200, oldest first: seq is gapless, so they are those above head - 200."""
    return messages_after(sql, ticket.id, ticket.last_seq - PAGE)


def notes_after(sql: Connection, ticket_id: int, note_seq: int) -> list[NoteRow]:
    """The oldest 200 notes after `note_seq`."""
    return notes_where(sql, notes.c.ticket_id == ticket_id, notes.c.note_seq > note_seq)


def newest_notes(sql: Connection, ticket: TicketRow) -> list[NoteRow]:
    """The last 200 notes, oldest first."""
    return notes_after(sql, ticket.id, ticket.last_note_seq - PAGE)


def notes_where(sql: Connection, *condition: ColumnElement[bool]) -> list[NoteRow]:
    """Notes of which this is true, in order, at most a page."""
    query = (
        select(
            tickets.c.public_id,
            notes.c.note_seq,
            notes.c.after_seq,
            notes.c.public_id,
            notes.c.client_id,
            agents.c.public_id,
            notes.c.author_name,
            notes.c.text,
            notes.c.at,
        )
        .select_from(notes.join(tickets).join(agents, agents.c.id == notes.c.agent_id))
        .where(*condition)
        .order_by(notes.c.note_seq)
        .limit(PAGE)
    )
    return [NoteRow(*row) for row in sql.execute(query)]


# -- people ----------------------------------------------------------------------------------------------------

_AGENT_COLUMNS = [agents.c[name] for name in AgentRow.__dataclass_fields__ if name not in {"chats", "departments"}]


def agents_where(sql: Connection, *condition: ColumnElement[bool]) -> list[AgentRow]:
    """Agents who have not been removed and of whom this is true, by name."""
    query = select(*_AGENT_COLUMNS).where(agents.c.removed_at.is_(None), *condition).order_by(agents.c.name)
    rows = sql.execute(query).all()
    ids = [row.id for row in rows]
    loads, parts = places_used(sql, ids), _departments_of(sql, ids)
    return [_agent(row, loads.get(row.id, 0), tuple(parts.get(row.id, ()))) for row in rows]


def _agent(row: Row[Any], chats: int, departments_in: tuple[str, ...]) -> AgentRow:
    return AgentRow(**row._mapping, chats=chats, departments=departments_in)


def agent_by_key(sql: Connection, agent_id: int) -> AgentRow:
    """An agent by inner key; NotFound also when removed."""
    found = agents_where(sql, agents.c.id == agent_id)
    if not found:
        raise NotFound("agent")
    return found[0]


def places_used(sql: Connection, agent_ids: Sequence[int]) -> dict[int, int]:
    """Places in use by agent: live chats that count, and what rings on their console."""
    counts: dict[int, int] = {}
    for column, condition in (
        (tickets.c.assignee_id, and_(tickets.c.status == "live", tickets.c.freed_at.is_(None))),
        (offers.c.agent_id, ringing),
    ):
        query = select(column, func.count()).where(column.in_(agent_ids), condition).group_by(column)
        for agent_id, number in sql.execute(query):
            counts[agent_id] = counts.get(agent_id, 0) + number
    return counts


def _departments_of(sql: Connection, agent_ids: Sequence[int]) -> dict[int, list[str]]:
    query = (
        select(agent_departments.c.agent_id, departments.c.public_id)
        .select_from(agent_departments.join(departments))
        .where(agent_departments.c.agent_id.in_(agent_ids))
        .order_by(departments.c.name)
    )
    found: dict[int, list[str]] = {}
    for agent_id, public_id in sql.execute(query):
        found.setdefault(agent_id, []).append(public_id)
    return found


def all_departments(sql: Connection) -> list[DepartmentRow]:
    """Every department, by name."""
    query = select(departments.c.id, departments.c.public_id, departments.c.name).order_by(departments.c.name)
    return [DepartmentRow(*row) for row in sql.execute(query)]


def visitor_where(sql: Connection, *condition: ColumnElement[bool]) -> VisitorRow | None:
    """The visitor of whom this is true, or None."""
    query = select(*(visitors.c[name] for name in VisitorRow.__dataclass_fields__)).where(*condition)
    row = sql.execute(query).first()
    return None if row is None else VisitorRow(*row)


def ringing_offers(sql: Connection, *condition: ColumnElement[bool]) -> list[OfferRow]:
    """Offers that ring now and of which this is true."""
    query = select(*(offers.c[name] for name in OfferRow.__dataclass_fields__)).where(ringing, *condition)
    return [OfferRow(*row) for row in sql.execute(query.order_by(offers.c.id))]


def unfinished() -> ColumnElement[bool]:
    """Tickets that an inbox still shows."""
    return or_(*(tickets.c.status == status for status in ("live", "open", "pending", "on_hold")))

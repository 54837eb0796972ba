"""Reading: tickets, messages, notes and agents as rows, with the names one needs to show them."""

from collections.abc import Collection
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from chat.desk.calendar_in_force import calendar_of
from chat.desk.places import placed
from chat.desk.refusals import NotFound
from chat.desk.rules import wall_time
from chat.store.among import among
from chat.store.rows import AgentRow, DepartmentRow, MessageRow, NoteRow, OfferRow, TicketRow, VisitorRow
from chat.store.tables import (
    LIVE,
    UNFINISHED,
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

_COMPUTED = {"agent_public_id", "agent_name", "agent_photo", "position", "wait_s"}
_TICKET_COLUMNS = [tickets.c[name] for name in TicketRow._fields if name not in _COMPUTED]
ringing = offers.c.ended_at.is_(None)


def ticket_query() -> Select[Any]:
    """Tickets with their agent's name; add `where`, order and limit."""
    return select(
        *_TICKET_COLUMNS,
        agents.c.public_id.label("agent_public_id"),
        agents.c.name.label("agent_name"),
        agents.c.photo.label("agent_photo"),
    ).select_from(tickets.outerjoin(agents, agents.c.id == tickets.c.assignee_id))


# Statements that are asked all the time are made once: to build one costs several times what SQLite takes for it.
_TICKET = ticket_query()
_BY_KEY = _TICKET.where(tickets.c.id == bindparam("key"))
_BY_KEYS = _TICKET.where(among(tickets.c.id)).order_by(tickets.c.id)
_BY_PUBLIC_ID = _TICKET.where(tickets.c.public_id == bindparam("said"))
_BY_VISITOR = _BY_PUBLIC_ID.where(tickets.c.visitor_id == bindparam("visitor"))


def tickets_of(sql: Connection, query: Select[Any], **bound: object) -> list[TicketRow]:
    """The rows of a `ticket_query`: those that wait with their place, promises with the calendar's offset."""
    return placed(sql, unplaced(sql, query, **bound))


def unplaced(sql: Connection, query: Select[Any], **bound: object) -> list[TicketRow]:
    """The same without places in the queue, for whoever does not show them."""
    return _dated(sql, [TicketRow(*row) for row in sql.execute(query, bound).all()])


def shown(sql: Connection, rows: list[TicketRow]) -> list[TicketRow]:
    """Rows as they were read, with what is worked out: as tickets_of."""
    return placed(sql, _dated(sql, rows))


def _dated(sql: Connection, rows: list[TicketRow]) -> list[TicketRow]:
    if all(row.due is None for row in rows):
        return rows
    zone = calendar_of(sql).zone
    return [row._replace(due=wall_time.told(zone, row.due)) if row.due else row for row in rows]


def _one(rows: list[TicketRow]) -> TicketRow:
    if not rows:
        raise NotFound
    return rows[0]


def ticket_where(sql: Connection, *condition: ColumnElement[bool]) -> TicketRow:
    """The one ticket of which this is true; NotFound when there is none."""
    return _one(tickets_of(sql, ticket_query().where(*condition).limit(1)))


def ticket_by_key(sql: Connection, ticket_id: int) -> TicketRow:
    """The ticket with this inner key; NotFound."""
    return _one(tickets_of(sql, _BY_KEY, key=ticket_id))


def unplaced_ticket(sql: Connection, ticket_id: int) -> TicketRow:
    """The same without its place in the queue; NotFound."""
    return _one(unplaced(sql, _BY_KEY, key=ticket_id))


def unplaced_tickets(sql: Connection, keys: Collection[int]) -> list[TicketRow]:
    """These tickets, by key, without their places in the queue."""
    return unplaced(sql, _BY_KEYS, keys=list(keys))


def ticket_by_public_id(sql: Connection, public_id: str) -> TicketRow:
    """The ticket with this public id, whosever it is: for agents. NotFound."""
    return _one(tickets_of(sql, _BY_PUBLIC_ID, said=plain(public_id)))


def ticket_of_visitor(sql: Connection, visitor_id: int, public_id: str) -> TicketRow:
    """This visitor's ticket; NotFound when it is somebody else's, as if there were none."""
    return _one(tickets_of(sql, _BY_VISITOR, said=plain(public_id), visitor=visitor_id))


def plain(said: str) -> str:
    """Without NUL, which PostgreSQL does not even compare: nothing that is kept has one."""
    return said.replace("\0", "\ufffd")


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


_MESSAGES = _message_query().where(messages.c.seq <= tickets.c.last_seq).order_by(messages.c.seq).limit(PAGE)
_OF_TICKET = _MESSAGES.where(messages.c.ticket_id == bindparam("ticket"))
_AFTER = _OF_TICKET.where(messages.c.seq > bindparam("after"))
_AT = _OF_TICKET.where(messages.c.seq == bindparam("at"))


def messages_where(sql: Connection, *condition: ColumnElement[bool]) -> list[MessageRow]:
    """Messages of which this is true, in seq order, at most a page; what the ticket's row does not know of yet is
    not acknowledged yet either."""
    return [MessageRow(*row) for row in sql.execute(_MESSAGES.where(*condition)).all()]


def messages_after(sql: Connection, ticket_id: int, seq: int) -> list[MessageRow]:
    """The oldest 200 after `seq`."""
    return [MessageRow(*row) for row in sql.execute(_AFTER, {"ticket": ticket_id, "after": seq}).all()]


def message_at(sql: Connection, ticket_id: int, seq: int) -> MessageRow:
    """The message with this number, which exists."""
    return MessageRow(*sql.execute(_AT, {"ticket": ticket_id, "at": seq}).one())


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
    return [NoteRow(*row) for row in sql.execute(query).all()]


# -- people ----------------------------------------------------------------------------------------------------


_COUNTS = (tickets.c.assignee_id == agents.c.id, tickets.c.status == LIVE, tickets.c.freed_at.is_(None))
chats_taken = select(func.count()).select_from(tickets).where(*_COUNTS).correlate(agents).scalar_subquery()
_RUNG = select(offers.c.agent_id, func.count()).where(ringing).group_by(offers.c.agent_id)
_RUNG_ON_ONE = _RUNG.where(offers.c.agent_id == bindparam("key"))
_AGENT_COLUMNS = [agents.c[name] for name in AgentRow.__dataclass_fields__ if name not in {"chats", "departments"}]
_AGENTS = (
    select(*_AGENT_COLUMNS, chats_taken.label("taken")).where(agents.c.removed_at.is_(None)).order_by(agents.c.name)
)
_AGENT = _AGENTS.where(agents.c.id == bindparam("key"))
_SOME_AGENTS = _AGENTS.where(among(agents.c.id))
_MEMBERS = (
    select(agent_departments.c.agent_id, departments.c.public_id)
    .select_from(agent_departments.join(departments))
    .order_by(departments.c.name)
)
_PARTS_OF_AGENT = _MEMBERS.where(agent_departments.c.agent_id == bindparam("key"))


def agents_where(sql: Connection, *condition: ColumnElement[bool]) -> list[AgentRow]:
    """Agents who have not been removed and of whom this is true, by name."""
    return _agents(sql, _AGENTS.where(*condition))


def agents_by_keys(sql: Connection, keys: Collection[int]) -> list[AgentRow]:
    """These of the agents, by name, without those who were removed."""
    return _agents(sql, _SOME_AGENTS, keys=list(keys)) if keys else []


def _agents(sql: Connection, query: Select[Any], **bound: object) -> list[AgentRow]:
    """With their departments, which are asked for one by one or all at once."""
    rung = rung_by_agent(sql, bound.get("key"))
    rows = sql.execute(query, bound).all()
    asked = _MEMBERS if len(rows) > 1 else _PARTS_OF_AGENT
    parts: dict[int, list[str]] = {}
    for agent_id, public_id in sql.execute(asked, {"key": rows[0].id} if len(rows) == 1 else {}).all() if rows else ():
        parts.setdefault(agent_id, []).append(public_id)
    return [_agent(row, rung.get(row.id, 0), tuple(parts.get(row.id, ()))) for row in rows]


def _agent(row: Row[Any], rung: int, departments_in: tuple[str, ...]) -> AgentRow:
    own = dict(row._mapping)
    chats = own.pop("taken") + rung
    return AgentRow(**own, chats=chats, departments=departments_in)


def rung_by_agent(sql: Connection, agent_id: object = None) -> dict[int, int]:
    """How many of each agent's places, or of this one's, are held by what rings on their console. To be asked before
    `chats_taken`: what is taken in between is then counted twice, not never. Asked for all at once, for PostgreSQL
    believes that next to nothing rings and would look through all of it for each agent."""
    asked = _RUNG if agent_id is None else _RUNG_ON_ONE
    return {row[0]: row[1] for row in sql.execute(asked, {} if agent_id is None else {"key": agent_id}).all()}


def agent_by_key(sql: Connection, agent_id: int) -> AgentRow:
    """An agent by inner key; NotFound also when removed."""
    found = _agents(sql, _AGENT, key=agent_id)
    if not found:
        raise NotFound("agent")
    return found[0]


def all_departments(sql: Connection) -> list[DepartmentRow]:
    """Every department, by name."""
    query = select(departments.c.id, departments.c.public_id, departments.c.name).order_by(departments.c.name)
    return [DepartmentRow(*row) for row in sql.execute(query).all()]


def visitor_where(sql: Connection, *condition: ColumnElement[bool]) -> VisitorRow | None:
    """The visitor of whom this is true, or None."""
    query = select(*(visitors.c[name] for name in VisitorRow.__dataclass_fields__)).where(*condition)
    row = sql.execute(query).first()
    return None if row is None else VisitorRow(*row)


_RINGING = select(*(offers.c[name] for name in OfferRow.__dataclass_fields__)).where(ringing)


def ringing_offers(sql: Connection, *condition: ColumnElement[bool]) -> list[OfferRow]:
    """Offers that ring now and of which this is true, in the order in which they were made."""
    # Sorted here: told to sort by its key, SQLite would walk along all the offers there ever were.
    return sorted((OfferRow(*row) for row in sql.execute(_RINGING.where(*condition)).all()), key=attrgetter("id"))


def unfinished() -> ColumnElement[bool]:
    """Tickets that an inbox still shows."""
    return tickets.c.status.in_(UNFINISHED)

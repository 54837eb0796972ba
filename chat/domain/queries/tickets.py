"""Reading tickets as rows, with the names that the views show."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from chat.domain.queries.calendar import load_calendar
from chat.domain.queries.queue import add_positions, positions_of, with_positions
from chat.domain.refusals import NotFound
from chat.domain.rules.hours import local_time
from chat.domain.rules.hours.availability import QueuePosition, has_moved
from chat.domain.text import strip_nul
from chat.store.key_list import in_keys
from chat.store.rows import TicketRow
from chat.store.tables import FINISHED, LIVE, UNFINISHED, agents, tickets

live = tickets.c.status == LIVE
# The tickets that an inbox shows.
unfinished = tickets.c.status.in_(UNFINISHED)
finished = tickets.c.status.in_(FINISHED)

_COMPUTED = {"agent_public_id", "agent_name", "agent_photo", "position", "wait_s"}
_TICKET_COLUMNS = [tickets.c[name] for name in TicketRow._fields if name not in _COMPUTED]


def ticket_query() -> Select[Any]:
    """Selects tickets with their agent's name; add `where`, order and limit."""
    return select(
        *_TICKET_COLUMNS,
        agents.c.public_id.label("agent_public_id"),
        agents.c.name.label("agent_name"),
        agents.c.photo.label("agent_photo"),
    ).select_from(tickets.outerjoin(agents, agents.c.id == tickets.c.assignee_id))


# Frequent statements are built once: building one costs several times what SQLite takes to run it.
_TICKET = ticket_query()
_BY_KEY = _TICKET.where(tickets.c.id == bindparam("key"))
_BY_KEYS = _TICKET.where(in_keys(tickets.c.id)).order_by(tickets.c.id)
_BY_PUBLIC_ID = _TICKET.where(tickets.c.public_id == bindparam("public_id"))
_BY_VISITOR = _BY_PUBLIC_ID.where(tickets.c.visitor_id == bindparam("visitor"))


# -- running a ticket query --------------------------------------------------------------------------------------


def tickets_of(sql: Connection, query: Select[Any], **bound: object) -> list[TicketRow]:
    """The rows of a `ticket_query`: queue positions where they wait, promises with the calendar's offset."""
    return with_positions(sql, rows_without_position(sql, query, **bound))


def rows_without_position(sql: Connection, query: Select[Any], **bound: object) -> list[TicketRow]:
    """The same without queue positions, for callers that do not show them."""
    return _with_local_due(sql, [TicketRow(*row) for row in sql.execute(query, bound).all()])


def complete_rows(sql: Connection, rows: list[TicketRow]) -> list[TicketRow]:
    """Adds to raw rows what `tickets_of` computes."""
    return with_positions(sql, _with_local_due(sql, rows))


def _with_local_due(sql: Connection, rows: list[TicketRow]) -> list[TicketRow]:
    if all(row.promise_due_at is None for row in rows):
        return rows
    zone = load_calendar(sql).zone
    return [
        row._replace(promise_due_at=local_time.with_fixed_offset(zone, row.promise_due_at))
        if row.promise_due_at
        else row
        for row in rows
    ]


def _require_one(rows: list[TicketRow]) -> TicketRow:
    if not rows:
        raise NotFound
    return rows[0]


# -- one ticket --------------------------------------------------------------------------------------------------


def ticket_where(sql: Connection, *condition: ColumnElement[bool]) -> TicketRow:
    """The one ticket that meets the condition. Raises NotFound."""
    return _require_one(tickets_of(sql, ticket_query().where(*condition).limit(1)))


def ticket_by_key(sql: Connection, ticket_id: int) -> TicketRow:
    """The ticket with this inner key. Raises NotFound."""
    return _require_one(tickets_of(sql, _BY_KEY, key=ticket_id))


def ticket_without_position(sql: Connection, ticket_id: int) -> TicketRow:
    """The same without its queue position. Raises NotFound."""
    return _require_one(rows_without_position(sql, _BY_KEY, key=ticket_id))


def ticket_by_public_id(sql: Connection, public_id: str) -> TicketRow:
    """The ticket with this public id, whoever its visitor is: for agents only. Raises NotFound."""
    return _require_one(tickets_of(sql, _BY_PUBLIC_ID, public_id=strip_nul(public_id)))


def ticket_of_visitor(sql: Connection, visitor_id: int, public_id: str) -> TicketRow:
    """This visitor's ticket. Raises NotFound also for another visitor's ticket, as if it did not exist."""
    return _require_one(tickets_of(sql, _BY_VISITOR, public_id=strip_nul(public_id), visitor=visitor_id))


# -- several tickets ---------------------------------------------------------------------------------------------


def tickets_by_ids(sql: Connection, keys: Sequence[int]) -> list[TicketRow]:
    """The tickets with these inner keys, whoever their visitors are, in the order of their keys."""
    return with_positions(sql, tickets_without_position(sql, keys)) if keys else []


def tickets_without_position(sql: Connection, keys: Collection[int]) -> list[TicketRow]:
    """The same without queue positions."""
    return rows_without_position(sql, _BY_KEYS, keys=list(keys))


def moved_tickets(sql: Connection, shown: Mapping[int, QueuePosition | None]) -> list[TicketRow]:
    """Those of these tickets that wait for an agent at another position than their visitor was shown."""
    positions = positions_of(sql, shown)
    moved = [key for key, position in positions.items() if has_moved(shown[key], position)]
    return add_positions(tickets_without_position(sql, moved), positions) if moved else []

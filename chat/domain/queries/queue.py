"""The queue: its order, positions in it, and the wait that recent chats let us estimate."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from chat.domain.rules.hours import availability
from chat.domain.rules.hours.availability import QueuePosition
from chat.store.key_list import list_of
from chat.store.rows import TicketRow
from chat.store.tables import GONE, LIVE, tickets

# Enough chats for a steady median, few enough to follow the morning's rush.
MEASURED_CHATS = 20
# The queue is walked so far for a list, which mostly shows its front; then to its end.
PAGE_DEPTH, MAX_DEPTH = 200, 2**31 - 1
waiting = and_(tickets.c.status == LIVE, tickets.c.assignee_id.is_(None))
# Visitors who are present come before those who left; a visitor who comes back has their old position. The expression
# is written as in `ix_tickets_queue`, or the index would not serve it.
_present, _gone = (literal_column(number, Integer) for number in "01")
queue_order: tuple[ColumnElement[Any], ...] = (
    case((tickets.c.visitor_state == GONE, _gone), else_=_present),
    tickets.c.queued_at,
    tickets.c.id,
)

_ORDER_KEY = select(*queue_order).where(tickets.c.id == bindparam("key"))
_order_key = [bindparam(f"order_{number}", type_=column.type) for number, column in enumerate(queue_order)]
_same_department = tickets.c.department_id.is_not_distinct_from(bindparam("department", type_=BigInteger))


def _count_ahead(column: int) -> ScalarSelect[int]:
    """Counts the chats that equal the order key in all earlier columns and are smaller in this one."""
    equal = (part == value for part, value in zip(queue_order[:column], _order_key, strict=False))
    smaller = queue_order[column] < _order_key[column]
    return select(func.count()).select_from(tickets).where(waiting, _same_department, *equal, smaller).scalar_subquery()


# One comparison of row values would say the same, but neither database uses an index for it here.
_AHEAD = select(_count_ahead(0) + _count_ahead(1) + _count_ahead(2))
_front = select(tickets.c.id, tickets.c.department_id).where(waiting).order_by(*queue_order)
_queue = _front.limit(bindparam("depth")).subquery()
_QUEUE = select(list_of(_queue.c.id), list_of(_queue.c.department_id))
_ANY_WAITING = select(tickets.c.id).where(waiting).limit(1)
_RECENT_WAITS = (
    select(tickets.c.queued_at, tickets.c.assigned_at, tickets.c.queue_position)
    .where(tickets.c.assigned_at.is_not(None), tickets.c.queued_at.is_not(None), tickets.c.queue_position.is_not(None))
    .order_by(tickets.c.assigned_at.desc())
    .limit(MEASURED_CHATS)
)


def has_waiting_chats(sql: Connection) -> bool:
    """Whether a chat waits for an agent."""
    return sql.execute(_ANY_WAITING).first() is not None


def with_positions(sql: Connection, rows: list[TicketRow]) -> list[TicketRow]:
    """The same rows; those that wait get their position and estimated wait."""
    return add_positions(rows, _with_waits(sql, _positions_of_rows(sql, [row for row in rows if row.waiting])))


def add_positions(rows: list[TicketRow], positions: Mapping[int, QueuePosition]) -> list[TicketRow]:
    """The same rows, with these positions."""
    return [row._replace(**positions[row.id]._asdict()) if row.id in positions else row for row in rows]


def positions_of(sql: Connection, keys: Collection[int]) -> dict[int, QueuePosition]:
    """The positions of those of these tickets that wait."""
    return _with_waits(sql, _count_positions(sql, keys))


def _with_waits(sql: Connection, positions: Mapping[int, int]) -> dict[int, QueuePosition]:
    rate = recent_wait_rate(sql) if positions else None
    return {
        key: QueuePosition(position, availability.estimated_wait(rate, position)) for key, position in positions.items()
    }


def _positions_of_rows(sql: Connection, rows: Sequence[TicketRow]) -> dict[int, int]:
    """Counts the chats ahead of a single row by index ranges; walks the queue for several."""
    if len(rows) != 1:
        keys = [row.id for row in rows]
        found = _count_positions(sql, keys, depth=PAGE_DEPTH)
        return found if len(found) == len(keys) else _count_positions(sql, keys)
    (row,) = rows
    order_key = zip(_order_key, sql.execute(_ORDER_KEY, {"key": row.id}).one(), strict=True)
    bound = {part.key: value for part, value in order_key} | {"department": row.department_id}
    return {row.id: sql.execute(_AHEAD, bound).scalar_one() + 1}


def _count_positions(sql: Connection, keys: Collection[int], depth: int = MAX_DEPTH) -> dict[int, int]:
    """The positions of those of these tickets that wait among the first `depth` chats, from one walk of the queue."""
    wanted, found, counts = set(keys), dict[int, int](), defaultdict[int | None, int](int)
    if wanted:
        queue, departments = sql.execute(_QUEUE, {"depth": depth}).one()
        for key, department in zip(queue or (), departments or (), strict=True):
            counts[department] += 1
            if key in wanted:
                found[key] = counts[department]
    return found


def recent_wait_rate(sql: Connection) -> float | None:
    """Seconds per queue position, from the chats assigned last."""
    waits = sql.execute(_RECENT_WAITS).all()
    return availability.seconds_per_position(
        [(assigned - queued).total_seconds() / position for queued, assigned, position in waits]
    )

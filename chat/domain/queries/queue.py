"""The queue's order: who waits, who comes before whom, and the wait that one may honestly be told."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    Tuple,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from chat.domain.rules.hours import availability
from chat.store.rows import TicketRow
from chat.store.tables import GONE, LIVE, tickets

# Enough to be steady, few enough to follow the morning's rush.
MEASURED_CHATS = 20
waiting = and_(tickets.c.status == LIVE, tickets.c.assignee_id.is_(None))
# Visitors who are here before those who left; places are kept. In the words of `ix_tickets_queue`.
_present, _gone = (literal_column(number, Integer) for number in "01")
queue_order: tuple[ColumnElement[Any], ...] = (
    case((tickets.c.visitor_state == GONE, _gone), else_=_present),
    tickets.c.queued_at,
    tickets.c.id,
)

_ORDER_KEY = select(*queue_order).where(tickets.c.id == bindparam("key"))
_order_key = [bindparam(f"mark_{place}", type_=part.type) for place, part in enumerate(queue_order)]
_same_department = tickets.c.department_id.is_not_distinct_from(bindparam("department", type_=BigInteger))


def _count_ahead(column: int) -> ScalarSelect[int]:
    """How many are like the mark up to this part of the order, and before it in this part."""
    alike = (part == mark for part, mark in zip(queue_order[:column], _order_key, strict=False))
    before = queue_order[column] < _order_key[column]
    return select(func.count()).select_from(tickets).where(waiting, _same_department, *alike, before).scalar_subquery()


# One comparison of whole rows would say the same, but neither database finds its way through an index by it.
_AHEAD = select(_count_ahead(0) + _count_ahead(1) + _count_ahead(2))
_QUEUE = select(tickets.c.id, tickets.c.department_id).where(waiting).order_by(*queue_order)
_RECENT_WAITS = (
    select(tickets.c.queued_at, tickets.c.assigned_at, tickets.c.queue_position)
    .where(tickets.c.assigned_at.is_not(None), tickets.c.queued_at.is_not(None), tickets.c.queue_position.is_not(None))
    .order_by(tickets.c.assigned_at.desc())
    .limit(MEASURED_CHATS)
)


def with_positions(sql: Connection, rows: list[TicketRow]) -> list[TicketRow]:
    """The same rows; those that wait with their place and honest wait."""
    positions = _positions(sql, [row for row in rows if row.waiting])
    if not positions:
        return rows
    taken = recent_wait_rates(sql)
    waits = {key: availability.estimated_wait(taken, position) for key, position in positions.items()}
    return [
        row._replace(position=positions[row.id], wait_s=waits[row.id]) if row.id in positions else row for row in rows
    ]


def _positions(sql: Connection, rows: Sequence[TicketRow]) -> dict[int, int]:
    if len(rows) != 1:
        return positions_of(sql, {row.id for row in rows})
    (row,) = rows
    mark = zip(_order_key, sql.execute(_ORDER_KEY, {"key": row.id}).one(), strict=True)
    asked = {part.key: value for part, value in mark} | {"department": row.department_id}
    return {row.id: sql.execute(_AHEAD, asked).scalar_one() + 1}


def positions_of(sql: Connection, keys: Collection[int]) -> dict[int, int]:
    """The places of those of these tickets that wait: the queue is walked once, as far as the last of them."""
    left, found = set(keys), dict[int, int]()
    if left:
        before = Counter[int | None]()
        with sql.execute(_QUEUE) as walk:
            for key, department in walk:
                before[department] += 1
                if key in left:
                    found[key] = before[department]
                    if len(found) == len(left):
                        break
    return found


def queue_bounds(order: Sequence[Any], row: Sequence[Any]) -> Tuple:
    """A row's place in an order, as one value to compare `tuple_(*order)` with."""
    return tuple_(*(literal(value, part.type) for value, part in zip(row, order, strict=True)))


def recent_wait_rates(sql: Connection) -> list[float]:
    """Seconds a place took, for the chats taken last, the newest first."""
    return [(taken - queued).total_seconds() / place for queued, taken, place in sql.execute(_RECENT_WAITS).all()]


_ANY_WAITING = select(tickets.c.id).where(waiting).limit(1)


def has_waiting_chats(sql: Connection) -> bool:
    """Whether a chat waits for an agent."""
    return sql.execute(_ANY_WAITING).first() is not None

"""The inbox: three lists, counted and paged, and found by a word."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    String,
    and_,
    cast,
    func,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
)

from chat.domain.queries.queue import queue_bounds, queue_order, waiting
from chat.domain.queries.tickets import ticket_query, tickets_of, unfinished
from chat.domain.refusals import BadRequest
from chat.domain.text import strip_nul
from chat.store.rows import TicketRow
from chat.store.tables import NO_PROMISE, OPEN, messages, tickets
from chat.vocabulary import InboxView

TICKETS_PER_PAGE = 50
_NUMBER = re.compile(r"-?[0-9]{1,16}")


class InboxSnapshot(NamedTuple):
    """The first page of each list, and how long each is."""

    mine: list[TicketRow]
    waiting: list[TicketRow]
    open: list[TicketRow]
    counts: dict[InboxView, int]


class Page(NamedTuple):
    """A page of a list; `next` is the cursor of the page after, None on the last."""

    rows: list[TicketRow]
    next: str | None


def inbox_snapshot(sql: Connection, agent_id: int) -> InboxSnapshot:
    """What the console shows first."""
    pages = [list_tickets(sql, agent_id, view).rows for view in _VIEWS]
    counts = {view: _count(sql, _condition(view, agent_id)) for view in _VIEWS}
    return InboxSnapshot(pages[0], pages[1], pages[2], counts)


_VIEWS: tuple[InboxView, ...] = ("mine", "waiting", "open")


def _count(sql: Connection, condition: ColumnElement[bool]) -> int:
    return sql.execute(select(func.count()).select_from(tickets).where(condition)).scalar_one()


def _condition(view: InboxView, agent_id: int) -> ColumnElement[bool]:
    """Waiting: no agent yet. Open: we owe an answer, whoever has it. Mine: everything unfinished that is mine."""
    if view == "mine":
        return and_(tickets.c.assignee_id == agent_id, unfinished())
    if view == "waiting":
        return waiting
    return tickets.c.status == OPEN if view == "open" else true()


def _sort_columns(view: InboxView) -> tuple[Any, ...]:
    """Each list by what is most pressing, in the words of its index; all ends with the key, so that a cursor is
    exact."""
    if view == "waiting":
        return tuple(type_coerce(part, BigInteger) for part in queue_order)
    if view == "open":
        return (func.coalesce(type_coerce(tickets.c.promise_due_at, BigInteger), NO_PROMISE), tickets.c.id)
    return (type_coerce(tickets.c.updated_at, BigInteger), tickets.c.id)


def list_tickets(
    sql: Connection, agent_id: int, view: InboxView, q: str | None = None, after: str | None = None
) -> Page:
    """A page of 50. BadRequest for a cursor that is none."""
    query, order = ticket_query().where(_condition(view, agent_id), *_matches(sql, q)), _sort_columns(view)
    newest_first = view in ("mine", "all")
    if after is not None:
        here, end = tuple_(*order), queue_bounds(order, _cursor_position(order, after))
        query = query.where(here < end if newest_first else here > end)
    ordered = query.order_by(*(part.desc() if newest_first else part for part in order))
    rows = tickets_of(sql, ordered.limit(TICKETS_PER_PAGE + 1))
    if len(rows) <= TICKETS_PER_PAGE:
        return Page(rows, None)
    return Page(rows[:TICKETS_PER_PAGE], _cursor(sql, order, rows[TICKETS_PER_PAGE - 1]))


def _cursor(sql: Connection, order: tuple[Any, ...], last: TicketRow) -> str:
    """A page's end as the numbers that placed its last row: that row may have moved when the next page is asked."""
    return ".".join(map(str, sql.execute(select(*order).where(tickets.c.id == last.id)).one()))


def _cursor_position(order: tuple[Any, ...], cursor: str) -> list[int]:
    numbers = [int(part) for part in cursor.split(".") if _NUMBER.fullmatch(part)]
    if len(numbers) != len(order) or cursor.count(".") != len(order) - 1:
        raise BadRequest("no such place in the list", field="after")
    return numbers


def _matches(sql: Connection, q: str | None) -> list[ColumnElement[bool]]:
    """Every word must stand in a name, an address, a number or a message."""
    place_of = func.strpos if sql.dialect.name == "postgresql" else func.instr
    return [_contains_word(word, place_of) for word in strip_nul(q or "").split()[:8]]


def _contains_word(word: str, index_of: Callable[..., ColumnElement[int]]) -> ColumnElement[bool]:
    def stands_in(column: Column[str]) -> ColumnElement[bool]:
        return index_of(func.lower(column), func.lower(word)) > 0

    in_text = select(messages.c.id).where(messages.c.ticket_id == tickets.c.id, stands_in(messages.c.text))
    number = word.removeprefix("#")
    return or_(
        stands_in(tickets.c.name),
        stands_in(tickets.c.email),
        cast(tickets.c.id, String) == number,
        # PostgreSQL would else read all messages there are, for it can't know that the list is short.
        in_text.offset(0).exists(),
    )

"""The inbox: its three lists, counted; and all lists of tickets, paged and searched."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from unicodedata import normalize

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    String,
    Tuple,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
)

from chat.domain.queries.queue import queue_order, waiting
from chat.domain.queries.tickets import finished, live, ticket_query, tickets_of, unfinished
from chat.domain.refusals import BadRequest
from chat.domain.text import strip_nul
from chat.store.rows import TicketRow
from chat.store.tables import NO_PROMISE, OPEN, messages, tickets
from chat.vocabulary import InboxView

TICKETS_PER_PAGE = 50
MAX_SEARCH_WORDS = 8
_VIEWS: tuple[InboxView, ...] = ("mine", "waiting", "open")
_MOST_URGENT_FIRST: tuple[InboxView, ...] = ("waiting", "open")
_NUMBER = re.compile(r"-?[0-9]{1,16}")


class InboxSnapshot(NamedTuple):
    """The first page of each list, and how many tickets each has."""

    mine: list[TicketRow]
    waiting: list[TicketRow]
    open: list[TicketRow]
    counts: dict[InboxView, int]


class Page(NamedTuple):
    """A page of a list; `next` is the cursor of the following page, None on the last."""

    rows: list[TicketRow]
    next: str | None


def inbox_snapshot(sql: Connection, agent_id: int) -> InboxSnapshot:
    """The three lists as a console shows them first."""
    pages = [list_tickets(sql, agent_id, view).rows for view in _VIEWS]
    counts = {view: _count(sql, _condition(view, agent_id)) for view in _VIEWS}
    return InboxSnapshot(pages[0], pages[1], pages[2], counts)


def _count(sql: Connection, condition: ColumnElement[bool]) -> int:
    return sql.execute(select(func.count()).select_from(tickets).where(condition)).scalar_one()


def list_tickets(
    sql: Connection, agent_id: int, view: InboxView, q: str | None = None, after: str | None = None
) -> Page:
    """A page of 50 tickets of a list, those that match the search `q`, after a cursor.

    Raises BadRequest for an invalid cursor.
    """
    query, columns = ticket_query().where(_condition(view, agent_id), *_matches(sql, q)), _sort_columns(view)
    newest_first = view not in _MOST_URGENT_FIRST
    if after is not None:
        row, cursor = tuple_(*columns), _row_value(columns, _cursor_position(columns, after))
        query = query.where(row < cursor if newest_first else row > cursor)
    ordered = query.order_by(*(column.desc() if newest_first else column for column in columns))
    rows = tickets_of(sql, ordered.limit(TICKETS_PER_PAGE + 1))
    if len(rows) <= TICKETS_PER_PAGE:
        return Page(rows, None)
    return Page(rows[:TICKETS_PER_PAGE], _cursor(sql, columns, rows[TICKETS_PER_PAGE - 1]))


def _condition(view: InboxView, agent_id: int) -> ColumnElement[bool]:
    """Waiting: no agent yet. Open: we owe an answer, whoever is assigned. Mine: this agent's unfinished tickets.
    Team: the live chats of the others."""
    if view == "mine":
        return and_(tickets.c.assignee_id == agent_id, unfinished)
    if view == "team":
        return and_(live, tickets.c.assignee_id.is_not(None), tickets.c.assignee_id != agent_id)
    return {"waiting": waiting, "open": tickets.c.status == OPEN, "ended": finished}.get(view, true())


def _sort_columns(view: InboxView) -> tuple[Any, ...]:
    """Written as the index of each list has them. The key comes last, so that no two tickets share a cursor. Live chats
    of colleagues are in the order of their numbers, so that they keep their places."""
    if view == "team":
        return (tickets.c.id,)
    if view == "waiting":
        return tuple(type_coerce(column, BigInteger) for column in queue_order)
    if view == "open":
        return (func.coalesce(type_coerce(tickets.c.promise_due_at, BigInteger), NO_PROMISE), tickets.c.id)
    return (type_coerce(tickets.c.updated_at, BigInteger), tickets.c.id)


# -- cursors -----------------------------------------------------------------------------------------------------


def _cursor(sql: Connection, columns: tuple[Any, ...], last: TicketRow) -> str:
    """The sort values of a page's last row. They are not looked up for the next page: the row may have moved then."""
    return ".".join(map(str, sql.execute(select(*columns).where(tickets.c.id == last.id)).one()))


def _cursor_position(columns: tuple[Any, ...], cursor: str) -> list[int]:
    numbers = [int(part) for part in cursor.split(".") if _NUMBER.fullmatch(part)]
    if len(numbers) != len(columns) or cursor.count(".") != len(columns) - 1:
        raise BadRequest("not a cursor of this list", field="after")
    return numbers


def _row_value(columns: Sequence[Any], values: Sequence[int]) -> Tuple:
    """The values as an SQL row value, to compare with `tuple_(*columns)`."""
    return tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))


# -- search ------------------------------------------------------------------------------------------------------


def _matches(sql: Connection, q: str | None) -> list[ColumnElement[bool]]:
    """Every word must occur in a name, an address, a number or a message, in capitals or not."""
    index_of = func.strpos if sql.dialect.name == "postgresql" else func.instr
    return [_contains_word(word, index_of) for word in normalize("NFC", strip_nul(q or "")).split()[:MAX_SEARCH_WORDS]]


def _fold(given: str | Column[str]) -> ColumnElement[str]:
    """In small letters, with ss for ß, as its capitals are SS. SQLite's fold_case does both."""
    return func.replace(func.fold_case(given), "ß", "ss")


def _contains_word(word: str, index_of: Callable[..., ColumnElement[int]]) -> ColumnElement[bool]:
    # fold_case costs three times as much on SQLite; a word of ASCII letters needs it only where capitals of ß may be.
    fold = func.lower if word.isascii() and "ss" not in word.lower() else _fold

    def occurs_in(column: Column[str]) -> ColumnElement[bool]:
        return index_of(fold(column), fold(word)) > 0

    in_messages = select(messages.c.id).where(messages.c.ticket_id == tickets.c.id, occurs_in(messages.c.text))
    return or_(
        occurs_in(tickets.c.name),
        occurs_in(tickets.c.email),
        cast(tickets.c.id, String) == word.removeprefix("#"),
        # OFFSET 0 keeps PostgreSQL from reading all messages first: it can't know that the list is short.
        in_messages.offset(0).exists(),
    )

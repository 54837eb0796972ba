"""Reading visitors, by their token's hash or their id, with their tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, select

from chat.domain.queries.messages import newest_messages
from chat.domain.queries.tickets import complete_rows, ticket_query, tickets_of
from chat.store.rows import MessageRow, TicketRow, VisitorRow
from chat.store.tables import (
    LIVE,
    agents,
    tickets,
    visitors,
)
from chat.vocabulary import VisitorPresence


def visitor_where(sql: Connection, *condition: ColumnElement[bool]) -> VisitorRow | None:
    """The visitor of whom this is true, or None."""
    query = select(*(visitors.c[name] for name in VisitorRow.__dataclass_fields__)).where(*condition)
    row = sql.execute(query).first()
    return None if row is None else VisitorRow(*row)


@dataclass(frozen=True, slots=True)
class VisitorIdentity:
    """Who speaks, by the hash of their token; the rest is kept if these are their first words."""

    token_hash: str
    site_id: int
    locale: str
    timezone: str | None = None
    page: Mapping[str, str] | None = None


class VisitorLookup(NamedTuple):
    """Who says hello, by their token: nobody that we know (`visitor` None), `foreign` when it is another site's, or a
    visitor with their newest ticket and its last 200 messages. `news`: that they are here, or on which page, has yet
    to be written down by `comes`."""

    visitor: VisitorRow | None
    other_site: bool = False
    ticket: TicketRow | None = None
    messages: Sequence[MessageRow] = ()
    needs_write: bool = False


_VISITOR = [visitors.c[name] for name in VisitorRow.__dataclass_fields__]
any_ticket = tickets.alias("any")
_NEWEST = select(func.max(any_ticket.c.id)).where(any_ticket.c.visitor_id == visitors.c.id).scalar_subquery()
_ELSEWHERE = exists().where(
    any_ticket.c.visitor_id == visitors.c.id,
    any_ticket.c.status == LIVE,
    any_ticket.c.visitor_state != bindparam("state"),
)
_BY_TOKEN = select(*_VISITOR).where(visitors.c.token_hash == bindparam("token_hash"))
_LOOKUP = (
    select(*_VISITOR, _ELSEWHERE, *ticket_query().selected_columns)
    .select_from(
        visitors.outerjoin(tickets, tickets.c.id == _NEWEST).outerjoin(agents, agents.c.id == tickets.c.assignee_id)
    )
    .where(visitors.c.token_hash == bindparam("token_hash"))
)
tickets_of_visitor = ticket_query().where(tickets.c.visitor_id == bindparam("visitor")).order_by(tickets.c.id)


def lookup_visitor(sql: Connection, identity: VisitorIdentity, state: VisitorPresence) -> VisitorLookup:
    """All that a hello asks, in one read."""
    row = sql.execute(_LOOKUP, {"token_hash": identity.token_hash, "state": state}).first()
    if row is None:
        return VisitorLookup(None)
    visitor, elsewhere, found = VisitorRow(*row[: len(_VISITOR)]), row[len(_VISITOR)], row[len(_VISITOR) + 1 :]
    if visitor.site_id != identity.site_id:
        return VisitorLookup(None, other_site=True)
    if found[0] is None:
        return VisitorLookup(visitor)
    (ticket,) = complete_rows(sql, [TicketRow(*found)])
    news = elsewhere or ticket.visitor_state != state or (identity.page is not None and visitor.page != identity.page)
    return VisitorLookup(visitor, False, ticket, newest_messages(sql, ticket), news)


def visitor_by_token(sql: Connection, token_hash: str) -> VisitorRow | None:
    """The visitor who holds this token, or None: nobody is written down before their first words."""
    row = sql.execute(_BY_TOKEN, {"token_hash": token_hash}).first()
    return None if row is None else VisitorRow(*row)


def visitor_by_id(sql: Connection, visitor_id: int) -> VisitorRow | None:
    """The visitor with this inner key."""
    return visitor_where(sql, visitors.c.id == visitor_id)


def get_visitor(sql: Connection, visitor_id: int) -> VisitorRow:
    """The visitor with this inner key, who exists."""
    visitor = visitor_by_id(sql, visitor_id)
    assert visitor is not None
    return visitor


def earlier_tickets(sql: Connection, visitor_id: int, but: int) -> list[TicketRow]:
    """Their last 20 other tickets, newest first."""
    others = tickets_of_visitor.where(tickets.c.id != but).order_by(None).order_by(tickets.c.id.desc()).limit(20)
    return tickets_of(sql, others, visitor=visitor_id)

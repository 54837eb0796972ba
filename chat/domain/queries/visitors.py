"""Reading visitors, by their token's hash or their inner key, with their tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, exists, func, or_, select

from chat.domain.queries.messages import newest_messages
from chat.domain.queries.tickets import complete_rows, live, rows_without_position, ticket_query, tickets_of
from chat.store.rows import MessageRow, TicketRow, VisitorRow
from chat.store.tables import LIVE, agents, tickets, visitors
from chat.vocabulary import VisitorPresence

MAX_EARLIER_TICKETS = 20


@dataclass(frozen=True, slots=True)
class VisitorIdentity:
    """Who sends a command, by the hash of their token; the other fields are stored with their first message."""

    token_hash: str
    site_id: int
    locale: str
    timezone: str | None = None
    page: Mapping[str, str] | None = None
    address_hash: str | None = None


class VisitorLookup(NamedTuple):
    """Result of looking a visitor up by token at hello.

    `visitor` is None for an unknown token; `other_site`: the token belongs to another site's visitor. Else the visitor
    comes with their newest ticket and its last 200 messages. `needs_write`: presence or page differs from the stored
    rows; call `record_visit`.
    """

    visitor: VisitorRow | None
    other_site: bool = False
    ticket: TicketRow | None = None
    messages: Sequence[MessageRow] = ()
    needs_write: bool = False


_VISITOR_COLUMNS = [visitors.c[name] for name in VisitorRow.__dataclass_fields__]
_BY_KEY = select(*_VISITOR_COLUMNS).where(visitors.c.id == bindparam("visitor"))
_BY_TOKEN = select(*_VISITOR_COLUMNS).where(visitors.c.token_hash == bindparam("token_hash"))

_theirs = tickets.alias("theirs")
_NEWEST = select(func.max(_theirs.c.id)).where(_theirs.c.visitor_id == visitors.c.id).scalar_subquery()
_LIVE_STATE_DIFFERS = exists().where(
    _theirs.c.visitor_id == visitors.c.id, _theirs.c.status == LIVE, _theirs.c.visitor_state != bindparam("state")
)
_LOOKUP = (
    select(*_VISITOR_COLUMNS, _LIVE_STATE_DIFFERS, *ticket_query().selected_columns)
    .select_from(
        visitors.outerjoin(tickets, tickets.c.id == _NEWEST).outerjoin(agents, agents.c.id == tickets.c.assignee_id)
    )
    .where(visitors.c.token_hash == bindparam("token_hash"))
)

_TICKETS = ticket_query().where(tickets.c.visitor_id == bindparam("visitor"))
_NEWEST_OF_VISITOR = select(func.max(_theirs.c.id)).where(_theirs.c.visitor_id == bindparam("visitor"))
_FOLLOWED = _TICKETS.where(or_(tickets.c.id == _NEWEST_OF_VISITOR.scalar_subquery(), live)).order_by(tickets.c.id)
_EARLIER = (
    _TICKETS.where(tickets.c.id != bindparam("except_key")).order_by(tickets.c.id.desc()).limit(MAX_EARLIER_TICKETS)
)


def lookup_visitor(sql: Connection, identity: VisitorIdentity, state: VisitorPresence) -> VisitorLookup:
    """All that a hello asks for, in one statement and the messages."""
    row = sql.execute(_LOOKUP, {"token_hash": identity.token_hash, "state": state}).first()
    if row is None:
        return VisitorLookup(None)
    end = len(_VISITOR_COLUMNS)
    visitor, live_state_differs, found = VisitorRow(*row[:end]), row[end], row[end + 1 :]
    if visitor.site_id != identity.site_id:
        return VisitorLookup(None, other_site=True)
    if found[0] is None:
        return VisitorLookup(visitor)
    (ticket,) = complete_rows(sql, [TicketRow(*found)])
    page_differs = identity.page is not None and visitor.page != identity.page
    needs_write = live_state_differs or ticket.visitor_state != state or page_differs
    return VisitorLookup(visitor, False, ticket, newest_messages(sql, ticket), needs_write)


def visitor_by_token(sql: Connection, token_hash: str) -> VisitorRow | None:
    """The visitor with this token, or None: a visitor is stored only with their first message."""
    row = sql.execute(_BY_TOKEN, {"token_hash": token_hash}).first()
    return None if row is None else VisitorRow(*row)


def get_visitor(sql: Connection, visitor_id: int) -> VisitorRow:
    """The visitor with this inner key, which must exist."""
    return VisitorRow(*sql.execute(_BY_KEY, {"visitor": visitor_id}).one())


def followed_tickets(sql: Connection, visitor_id: int) -> list[TicketRow]:
    """The visitor's newest ticket and their live one, without queue positions: they show where the visitor is.

    A form sent beside a chat is newer than the chat, which goes on; hence both.
    """
    return rows_without_position(sql, _FOLLOWED, visitor=visitor_id)


def earlier_tickets(sql: Connection, visitor_id: int, except_key: int) -> list[TicketRow]:
    """The visitor's last 20 other tickets, newest first."""
    return tickets_of(sql, _EARLIER, visitor=visitor_id, except_key=except_key)

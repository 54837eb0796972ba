"""Row locks of tickets and agents, taken in one order by everybody."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, select

from chat.domain.queries.tickets import rows_without_position, ticket_by_public_id, ticket_of_visitor, ticket_query
from chat.domain.text import strip_nul
from chat.store.key_list import in_keys
from chat.store.rows import TicketRow
from chat.store.tables import agents, tickets


def lock_agent(sql: Connection, agent_id: int) -> None:
    """Count an agent's places alone: without this, two nodes could each give them their last one."""
    sql.execute(select(agents.c.id).where(agents.c.id == agent_id).with_for_update(key_share=True))


_LOCK = select(tickets.c.id).where(in_keys(tickets.c.id)).order_by(tickets.c.id).with_for_update(key_share=True)


def lock_tickets(sql: Connection, keys: Iterable[int]) -> None:
    """Lock several tickets until the commit, in the one order that everybody keeps."""
    sql.execute(_LOCK, {"keys": set(keys)}).all()


def lock_ticket(sql: Connection, public_id: str) -> TicketRow:
    """The ticket with its row locked until the commit, so that nothing moves between looking and writing."""
    named = select(tickets.c.id).where(tickets.c.public_id == strip_nul(public_id))
    sql.execute(named.with_for_update(key_share=True))
    return ticket_by_public_id(sql, public_id)


def lock_ticket_of(sql: Connection, visitor_id: int, public_id: str) -> TicketRow:
    """The same for a visitor's own ticket; NotFound when it is somebody else's."""
    own = select(tickets.c.id).where(tickets.c.public_id == strip_nul(public_id), tickets.c.visitor_id == visitor_id)
    sql.execute(own.with_for_update(key_share=True))
    return ticket_of_visitor(sql, visitor_id, public_id)


# One look moves no more: whoever speaks meanwhile waits for its commit.
BATCH_SIZE = 50


def _tickets(sql: Connection, *condition: ColumnElement[bool], **bound: object) -> list[TicketRow]:
    query = ticket_query().where(*condition).order_by(tickets.c.id).limit(BATCH_SIZE)
    return rows_without_position(sql, query.with_for_update(key_share=True, of=tickets), **bound)

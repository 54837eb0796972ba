"""Row locks of tickets and agents. Every action takes them in one order, tickets before agents and each by id, so that
two actions never wait for each other. Only the removal of an agent locks the agent first; a deadlock runs again."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, select

from chat.domain.queries.tickets import rows_without_position, ticket_by_public_id, ticket_of_visitor, ticket_query
from chat.domain.text import strip_nul
from chat.store.key_list import in_keys
from chat.store.rows import TicketRow
from chat.store.tables import agents, tickets

# A periodic action changes no more tickets in one transaction: whoever posts meanwhile waits for its commit.
LOCK_BATCH_SIZE = 50

_LOCK_TICKETS = select(tickets.c.id).where(in_keys(tickets.c.id)).order_by(tickets.c.id).with_for_update(key_share=True)


def lock_agent(sql: Connection, agent_id: int) -> None:
    """Lock an agent until the commit. Without it, two nodes could both fill the last slot, or one give a ticket to an
    agent whom the other removes."""
    sql.execute(select(agents.c.id).where(agents.c.id == agent_id).with_for_update(key_share=True))


def lock_tickets(sql: Connection, keys: Iterable[int]) -> None:
    """Lock several tickets until the commit."""
    sql.execute(_LOCK_TICKETS, {"keys": set(keys)}).all()


def lock_ticket(sql: Connection, public_id: str) -> TicketRow:
    """Lock a ticket until the commit, so that nothing changes between reading and writing, and return it. NotFound."""
    named = select(tickets.c.id).where(tickets.c.public_id == strip_nul(public_id))
    sql.execute(named.with_for_update(key_share=True))
    return ticket_by_public_id(sql, public_id)


def lock_ticket_of(sql: Connection, visitor_id: int, public_id: str) -> TicketRow:
    """`lock_ticket` for a visitor's own ticket; NotFound when it is another visitor's."""
    own = select(tickets.c.id).where(tickets.c.public_id == strip_nul(public_id), tickets.c.visitor_id == visitor_id)
    sql.execute(own.with_for_update(key_share=True))
    return ticket_of_visitor(sql, visitor_id, public_id)


def lock_batch(sql: Connection, *condition: ColumnElement[bool], **bound: object) -> list[TicketRow]:
    """Lock the tickets of which this is true until the commit, at most BATCH_SIZE, by id, and return them."""
    query = ticket_query().where(*condition).order_by(tickets.c.id).limit(LOCK_BATCH_SIZE)
    return rows_without_position(sql, query.with_for_update(key_share=True, of=tickets), **bound)

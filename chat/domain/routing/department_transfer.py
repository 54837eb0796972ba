"""Handing over to a department: it rings with one member after the other, until one takes it or all have passed."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, select, update

from chat.domain.context import DomainContext
from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.tickets import ticket_by_key
from chat.domain.routing.agent_pool import AgentPool, RoutingTicket, lock_agents, routing_requests
from chat.domain.routing.offers import Assignment, OfferTarget, lock_routing, make_offer, record_decisions
from chat.domain.rules import routing
from chat.domain.tickets.locks import lock_tickets
from chat.store.rows import AgentRow, TicketRow
from chat.store.tables import offers, tickets
from chat.store.transaction import Transaction

newer = offers.alias("newer")
# A hand over to a department that its last member let pass, while its giver still has the ticket.
passed_transfer = and_(
    offers.c.outcome.in_(("declined", "missed")),
    offers.c.department_id.is_not(None),
    ~select(newer.c.id).where(newer.c.ticket_id == offers.c.ticket_id, newer.c.id > offers.c.id).exists(),
    tickets.c.assignee_id.is_not(None),
    tickets.c.status.not_in(("solved", "closed")),
)
_PASSED_TRANSFERS = (
    select(offers.c.id, offers.c.ticket_id, offers.c.from_agent_id, offers.c.department_id)
    .select_from(offers.join(tickets))
    .where(passed_transfer)
)


class Transfer(NamedTuple):
    """What is handed over: by whom, and to which department."""

    ticket: TicketRow
    giver: AgentRow
    department_id: int


def offer_to_department(tx: Transaction, handed: Transfer, context: DomainContext) -> bool:
    """Ring the member whom the rules choose; False when nobody of the department is to be had."""
    ticket, giver, department_id = handed
    lock_agents(tx.sql, context.online_agents or frozenset())
    team = AgentPool(tx.sql, context, but=(giver.public_id, ticket.agent_public_id))
    (wish,) = routing_requests(tx.sql, [RoutingTicket(ticket.id, ticket.visitor_id, department_id)])
    decision = routing.choose(team.ranked(wish))
    if decision.chosen is None:
        return False
    seat = team.agent(decision.chosen)
    record_decisions(tx.sql, team, [Assignment(ticket.id, decision, seat)], context.now)
    make_offer(tx, ticket, OfferTarget(seat.key, "handed_over", giver, department_id), context)
    return True


def has_passed_transfers(sql: Connection) -> bool:
    """Whether a hand over to a department was let pass by its last member."""
    return sql.execute(_PASSED_TRANSFERS.limit(1)).first() is not None


def offer_to_next_member(tx: Transaction, context: DomainContext) -> int:
    """Ring the next member where one has passed; once nobody is left the giver keeps it. How many rang."""
    if not context.online_agents:
        return 0
    lock_routing(tx.sql)
    left = tx.sql.execute(_PASSED_TRANSFERS).all()
    lock_tickets(tx.sql, (row.ticket_id for row in left))
    return [_offer_next(tx, row, context) for row in left].count(True)


def _offer_next(tx: Transaction, passed: Row[Any, Any, Any, Any], context: DomainContext) -> bool:
    own = select(offers.c.id).where(offers.c.id == passed.id, passed_transfer).select_from(offers.join(tickets))
    if tx.sql.execute(own).first() is None:
        return False
    handed = Transfer(
        ticket_by_key(tx.sql, passed.ticket_id), agent_by_key(tx.sql, passed.from_agent_id), passed.department_id
    )
    rang = offer_to_department(tx, handed, context)
    if not rang:
        tx.sql.execute(update(offers).where(offers.c.id == passed.id).values(department_id=None))
    return rang

"""Handing a ticket over to a department: one member after the other gets the offer, until one accepts or all passed."""

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
from chat.vocabulary import FINISHED_STATUSES

_newer = offers.alias("newer")
# A transfer whose last offer was declined or missed, while the ticket still has its owner.
_passed_transfer = and_(
    offers.c.outcome.in_(("declined", "missed")),
    offers.c.department_id.is_not(None),
    ~select(_newer.c.id).where(_newer.c.ticket_id == offers.c.ticket_id, _newer.c.id > offers.c.id).exists(),
    tickets.c.assignee_id.is_not(None),
    tickets.c.status.not_in(FINISHED_STATUSES),
)
_PASSED_TRANSFERS = (
    select(offers.c.id, offers.c.ticket_id, offers.c.from_agent_id, offers.c.department_id)
    .select_from(offers.join(tickets))
    .where(_passed_transfer)
)


class DepartmentTransfer(NamedTuple):
    """A ticket, the agent who hands it over, and the department."""

    ticket: TicketRow
    from_agent: AgentRow
    department_id: int


def offer_to_department(tx: Transaction, transfer: DepartmentTransfer, context: DomainContext) -> bool:
    """Offer the ticket to the member whom the rules choose; False when no member is available. NotFound when the agent
    who hands it over was removed meanwhile."""
    ticket, from_agent, department_id = transfer
    lock_agents(tx.sql, {from_agent.id, *(context.online_agents or ())})
    agent_by_key(tx.sql, from_agent.id)
    pool = AgentPool(tx.sql, context, excluded=(from_agent.public_id, ticket.agent_public_id))
    (request,) = routing_requests(tx.sql, [RoutingTicket(ticket.id, ticket.visitor_id, department_id)])
    decision = routing.choose(pool.ranked(request))
    if decision.chosen is None:
        return False
    agent = pool.agent(decision.chosen)
    record_decisions(tx.sql, pool, [Assignment(ticket.id, decision, agent)], context.now)
    make_offer(tx, ticket, OfferTarget(agent.key, "handed_over", from_agent, department_id), context)
    return True


def has_passed_transfers(sql: Connection) -> bool:
    """Whether a transfer to a department waits for its next offer."""
    return sql.execute(_PASSED_TRANSFERS.limit(1)).first() is not None


def offer_to_next_member(tx: Transaction, context: DomainContext) -> int:
    """Offer every passed transfer to the next member; when none is left, the owner keeps the ticket. Returns the number
    of offers."""
    if not context.online_agents:
        return 0
    lock_routing(tx.sql)
    passed = tx.sql.execute(_PASSED_TRANSFERS).all()
    lock_tickets(tx.sql, (row.ticket_id for row in passed))
    return [_offer_next(tx, row, context) for row in passed].count(True)


def _offer_next(tx: Transaction, passed: Row[Any, Any, Any, Any], context: DomainContext) -> bool:
    # Read again: the ticket may have changed before it was locked.
    still_passed = (
        select(offers.c.id).select_from(offers.join(tickets)).where(offers.c.id == passed.id, _passed_transfer)
    )
    if tx.sql.execute(still_passed).first() is None:
        return False
    ticket, from_agent = ticket_by_key(tx.sql, passed.ticket_id), agent_by_key(tx.sql, passed.from_agent_id)
    offered = offer_to_department(tx, DepartmentTransfer(ticket, from_agent, passed.department_id), context)
    if not offered:
        tx.sql.execute(update(offers).where(offers.c.id == passed.id).values(department_id=None))
    return offered

"""Handing a ticket over to another agent or to a department."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, select

from chat.domain.context import DomainContext
from chat.domain.messages.notes import NewNote, add_note
from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.tickets import ticket_by_public_id
from chat.domain.refusals import AgentRef, BadRequest, Conflict, NotAllowed, NotFound, TicketEnded
from chat.domain.routing.agent_pool import lock_agents
from chat.domain.routing.department_transfer import DepartmentTransfer, offer_to_department
from chat.domain.routing.offers import OfferTarget, make_offer
from chat.domain.text import strip_nul
from chat.domain.tickets.lifecycle import require_owner
from chat.domain.tickets.locks import lock_ticket
from chat.domain.tickets.mutations import withdraw_ticket_offers
from chat.store.rows import AgentRow, TicketRow
from chat.store.tables import agents, departments
from chat.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who a ticket is handed over to: either an agent or a department, by public id."""

    agent: str | None = None
    department: str | None = None


class HandOver(NamedTuple):
    """A ticket to hand over, by public id, and a note that explains it to the team."""

    ticket: str
    to: Receiver
    note: NewNote | None = None


def hand_over(tx: Transaction, agent_id: int, request: HandOver, context: DomainContext) -> TicketRow:
    """Offer the ticket to the receiver and add the note: both or neither. Its owner keeps the ticket until the offer is
    accepted. NotFound, NotAllowed, BadRequest; TicketEnded; Conflict "away" when no receiver is available."""
    _offer(tx, agent_id, request, context)
    if request.note:
        add_note(tx, agent_id, request.ticket, request.note, context.now)
    return ticket_by_public_id(tx.sql, request.ticket)


def _offer(tx: Transaction, agent_id: int, request: HandOver, context: DomainContext) -> None:
    ticket, from_agent = lock_ticket(tx.sql, request.ticket), agent_by_key(tx.sql, agent_id)
    if ticket.finished:
        raise TicketEnded
    require_owner(ticket, from_agent)
    if ticket.assignee_id is None:
        raise NotAllowed("a ticket without an owner can't be handed over: claim it first")
    withdraw_ticket_offers(tx, ticket, context.now)
    if request.to.agent is None:
        _offer_to_department(tx, ticket, from_agent, request.to.department or "", context)
    else:
        receiver = _available_receiver(tx.sql, request.to.agent, (from_agent.id, ticket.assignee_id), context)
        make_offer(tx, ticket, OfferTarget(receiver, "handed_over", from_agent), context)


def _offer_to_department(
    tx: Transaction, ticket: TicketRow, from_agent: AgentRow, public_id: str, context: DomainContext
) -> None:
    department = departments.c.public_id == strip_nul(public_id)
    department_id = tx.sql.execute(select(departments.c.id).where(department)).scalar()
    if department_id is None:
        raise NotFound("department")
    if not offer_to_department(tx, DepartmentTransfer(ticket, from_agent, department_id), context):
        raise Conflict("nobody of this department is available", reason="away")


def _available_receiver(sql: Connection, public_id: str, excluded: tuple[int, int], context: DomainContext) -> int:
    key = sql.execute(select(agents.c.id).where(agents.c.public_id == strip_nul(public_id))).scalar()
    if key is None:
        raise NotFound("agent")
    from_agent_id, _ = excluded
    lock_agents(sql, {key, from_agent_id})
    # Read under the lock: both may have been removed meanwhile.
    _, receiver = agent_by_key(sql, from_agent_id), agent_by_key(sql, key)
    if receiver.id in excluded:
        raise BadRequest("this agent has the ticket, or hands it over", field="to")
    if receiver.state != "available" or receiver.id not in (context.online_agents or frozenset()):
        raise Conflict("this agent is away", by=AgentRef.of(receiver), reason="away")
    return receiver.id

"""Handing a ticket over to another agent or to a department."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, select

from chat.domain.context import DomainContext
from chat.domain.messages import notes
from chat.domain.queries.agents import agent_by_key, agents_where
from chat.domain.queries.tickets import ticket_by_public_id
from chat.domain.refusals import AgentRef, BadRequest, Conflict, NotAllowed, NotFound, TicketEnded
from chat.domain.routing import transfer
from chat.domain.routing.department_transfer import Transfer, offer_to_department
from chat.domain.routing.offers import OfferTarget, make_offer
from chat.domain.text import strip_nul
from chat.domain.tickets.lifecycle import require_owner
from chat.domain.tickets.locks import lock_ticket
from chat.domain.tickets.mutations import end_ticket_offers
from chat.store.rows import AgentRow, TicketRow
from chat.store.tables import agents, departments
from chat.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class HandOverTo:
    """Exactly one of an agent and a department, by public id."""

    agent: str | None = None
    department: str | None = None


def hand_over(tx: Transaction, agent_id: int, ticket: str, to: HandOverTo, context: DomainContext) -> TicketRow:
    """Ring somebody else; one stays the owner until it is taken. To somebody away, or to nobody: Conflict."""
    row, giver = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    if row.status in ("solved", "closed"):
        raise TicketEnded
    require_owner(tx.sql, row, giver)
    if row.assignee_id is None:
        raise NotAllowed("nobody's ticket can't be handed over: claim it first")
    end_ticket_offers(tx, row.id, context.now, "withdrawn")
    if to.agent is None:
        _offer_to_department(tx, row, giver, to.department or "", context)
    else:
        receiver = _available_receiver(tx.sql, (giver.id, row.assignee_id), to.agent, context)
        make_offer(tx, row, OfferTarget(receiver, "handed_over", giver), context)
    return row


def _offer_to_department(
    tx: Transaction, ticket: TicketRow, giver: AgentRow, named: str, context: DomainContext
) -> None:
    part = tx.sql.execute(select(departments.c.id).where(departments.c.public_id == strip_nul(named))).scalar()
    if part is None:
        raise NotFound("department")
    if not offer_to_department(tx, Transfer(ticket, giver, part), context):
        raise Conflict("nobody of this department is available", reason="away")


def _available_receiver(sql: Connection, theirs: tuple[int, int], public_id: str, context: DomainContext) -> int:
    found = agents_where(sql, agents.c.public_id == strip_nul(public_id))
    if not found:
        raise NotFound("agent")
    if found[0].id in theirs:
        raise BadRequest("they have it already, or would have to claim it", field="to")
    if found[0].state != "available" or found[0].id not in (context.online_agents or frozenset()):
        raise Conflict("this agent is away", by=AgentRef.of(found[0]), reason="away")
    return found[0].id


class HandoverNote(NamedTuple):
    """What is said to the team when a ticket is handed over, under an id that makes it once."""

    client_id: str
    text: str


def hand_over_with_note(
    tx: Transaction, giver: tuple[int, str], to: HandOverTo, said: HandoverNote | None, context: DomainContext
) -> TicketRow:
    """Hand a ticket over with a note: both or neither. `giver` is the agent and their ticket."""
    agent_id, ticket = giver
    row = transfer.hand_over(tx, agent_id, ticket, to, context)
    if said is None:
        return row
    notes.add_note(tx, agent_id, ticket, said, context.now)
    return ticket_by_public_id(tx.sql, ticket)

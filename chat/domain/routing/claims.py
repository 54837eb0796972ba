"""The queue: who takes a ticket, and how it passes from one agent to another. SQL picks the winner."""

from datetime import datetime

from sqlalchemy import Connection, or_, update

from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.offers import ringing_offers
from chat.domain.queries.tickets import ticket_by_key
from chat.domain.refusals import AgentRef, Conflict, NotAllowed, TicketEnded
from chat.domain.tickets.locks import lock_agent, lock_ticket
from chat.domain.tickets.mutations import announce_agents, announce_ticket, append_event, end_ticket_offers
from chat.store.rows import AgentRow, OfferRow, TicketRow
from chat.store.tables import agents, offers, tickets
from chat.store.transaction import Transaction


def claim(tx: Transaction, agent_id: int, ticket: str, over_capacity: bool, now: datetime) -> TicketRow:
    """Accept an offer, take a waiting chat or an open ticket. Mine already: as it is. Somebody else's, or no
    place left and not `over`: Conflict."""
    row = lock_ticket(tx.sql, ticket)
    if row.status in ("solved", "closed"):
        raise TicketEnded
    if row.assignee_id == agent_id:
        return row
    offer = _offer_to(tx.sql, row, agent_id)
    # Who hands over may be a supervisor: the ticket passes from its owner all the same.
    giver = row.assignee_id if offer and offer.from_agent_id else None
    if row.assignee_id not in (None, giver):
        raise _already_claimed(tx.sql, row)
    lock_agent(tx.sql, agent_id)
    agent = agent_by_key(tx.sql, agent_id)
    if row.status == "live" and offer is None and not over_capacity:
        _check_capacity(agent)
    _assign(tx, row, agent, giver, now)
    return _announce_assigned(tx, row, agent, now)


def _offer_to(sql: Connection, ticket: TicketRow, agent_id: int) -> OfferRow | None:
    mine = ringing_offers(sql, offers.c.ticket_id == ticket.id, offers.c.agent_id == agent_id)
    return mine[0] if mine else None


def _already_claimed(sql: Connection, ticket: TicketRow) -> Conflict:
    assert ticket.assignee_id is not None
    owner = AgentRef.of(agent_by_key(sql, ticket.assignee_id))
    return Conflict("another agent has taken this ticket", by=owner, reason="taken")


def _check_capacity(agent: AgentRow) -> None:
    if agent.chats >= agent.capacity:
        raise Conflict("no place is left", reason="capacity")


def _assign(tx: Transaction, ticket: TicketRow, agent: AgentRow, giver: int | None, now: datetime) -> None:
    """Whoever wins, wins here: the condition is looked at again under the row's lock."""
    free = or_(tickets.c.assignee_id.is_(None), tickets.c.assignee_id == (giver or -1))
    taken = update(tickets).where(tickets.c.id == ticket.id, free, tickets.c.status == ticket.status)
    values = {
        "assignee_id": agent.id,
        "assigned_at": ticket.assigned_at or now,
        "previous_agent_id": None,
        "form_offered_at": None,
        "updated_at": now,
    }
    if not tx.sql.execute(taken.values(rev=tickets.c.rev + 1, **values)).rowcount:
        raise _already_claimed(tx.sql, ticket_by_key(tx.sql, ticket.id))
    tx.sql.execute(update(agents).where(agents.c.id == agent.id).values(missed_offers=0, idle_since=now))


def _announce_assigned(tx: Transaction, before: TicketRow, agent: AgentRow, now: datetime) -> TicketRow:
    if before.agent_name:
        append_event(tx, before.id, now, "handed_over", {"from": before.agent_name, "to": agent.name})
    else:
        append_event(tx, before.id, now, "joined", {"agent": agent.name})
    end_ticket_offers(tx, before.id, now, "taken")
    announce_agents(tx, [agent.id, before.assignee_id])
    return announce_ticket(tx, before.id)


def take_over(tx: Transaction, agent_id: int, ticket: str, now: datetime) -> TicketRow:
    """A supervisor or admin takes a ticket from its owner, who is told. NotAllowed for agents."""
    row, agent = lock_ticket(tx.sql, ticket), agent_by_key(tx.sql, agent_id)
    if agent.role == "agent":
        raise NotAllowed("supervisors and admins take over")
    if row.assignee_id == agent.id:
        return row
    if row.status in ("solved", "closed"):
        raise TicketEnded
    _assign(tx, row, agent, row.assignee_id, now)
    return _announce_assigned(tx, row, agent, now)

"""Agents who drop: their chats go back to the queue, and return to them if they are back in time."""

from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from chat.domain.context import DomainContext
from chat.domain.queries.agents import agents_where
from chat.domain.queries.offers import ringing_offers
from chat.domain.queries.queue import waiting
from chat.domain.queries.tickets import live, ticket_without_position
from chat.domain.tickets.locks import lock_batch
from chat.domain.tickets.mutations import announce_agents, append_event, update_ticket, withdraw_ticket_offers
from chat.store.rows import TicketRow
from chat.store.tables import agents, offers, ringing, tickets
from chat.store.transaction import Transaction

_BUSY = select(agents.c.id).where(
    or_(
        # Looked for agent by agent: PostgreSQL would else read all the live chats, with a row for each.
        select(tickets.c.id).where(tickets.c.assignee_id == agents.c.id, live).offset(0).exists(),
        agents.c.id.in_(select(offers.c.agent_id).where(ringing)),
    )
)


def has_absent_agents(sql: Connection, context: DomainContext) -> bool:
    """Whether an agent who is not connected has live chats or something ringing; False while that can't be known."""
    return context.online_agents is not None and bool(_absent(sql, context.online_agents))


def _absent(sql: Connection, present: frozenset[int]) -> set[int]:
    return set(sql.execute(_BUSY).scalars().all()) - present


def release_chats_of_absent_agents(tx: Transaction, context: DomainContext) -> int:
    """Agents gone for longer than their grace lose their chats, which go back to their old places; what rings on
    an absent agent's console goes to the next. `present` None: nothing is concluded. How many were released."""
    if context.online_agents is None or not (absent := _absent(tx.sql, context.online_agents)):
        return 0
    lost = lock_batch(tx.sql, live, tickets.c.assignee_id.in_(absent))
    return_deadline = context.now + context.timeouts.return_grace
    for ticket in lost:
        returning = {"previous_agent_id": ticket.assignee_id, "return_deadline": return_deadline}
        _release_chat(tx, ticket, context.now, **returning)
    for offer in ringing_offers(tx.sql, offers.c.agent_id.in_(absent)):
        withdraw_ticket_offers(tx, ticket_without_position(tx.sql, offer.ticket_id), context.now)
    return len(lost)


def _release_chat(tx: Transaction, ticket: TicketRow, now: datetime, **columns: object) -> None:
    """Put an agent's live chat back in the queue, at its old position."""
    withdraw_ticket_offers(tx, ticket, now)
    append_event(tx, ticket.id, now, "agent_gone", {"agent": ticket.agent_name or ""})
    queued_at = ticket.queued_at or now
    update_ticket(tx, ticket.id, now, assignee_id=None, queued_at=queued_at, slot_released_at=None, **columns)
    announce_agents(tx, [ticket.assignee_id])


def release_agent(tx: Transaction, agent_id: int, now: datetime) -> None:
    """Take every unfinished ticket from an agent who is being removed. Live chats go back to the queue and do not wait
    for the agent's return; other tickets become anybody's."""
    unassigned = {"previous_agent_id": None, "return_deadline": None}
    while theirs := lock_batch(tx.sql, tickets.c.assignee_id == agent_id, tickets.c.status != "closed"):
        for ticket in theirs:
            if ticket.status == "live":
                _release_chat(tx, ticket, now, **unassigned)
            else:
                update_ticket(tx, ticket.id, now, assignee_id=None, **unassigned)
    for offer in ringing_offers(tx.sql, or_(offers.c.agent_id == agent_id, offers.c.from_agent_id == agent_id)):
        withdraw_ticket_offers(tx, ticket_without_position(tx.sql, offer.ticket_id), now)


_PREVIOUS_AGENTS = select(tickets.c.previous_agent_id).where(waiting, tickets.c.previous_agent_id.is_not(None))


def has_returned_agents(sql: Connection, context: DomainContext) -> bool:
    """Whether an agent is there whose chats wait for them."""
    back = _PREVIOUS_AGENTS.where(tickets.c.return_deadline > context.now).distinct()
    return not (context.online_agents or frozenset()).isdisjoint(sql.execute(back).scalars().all())


def return_chats(tx: Transaction, context: DomainContext) -> int:
    """An agent who returns in time gets back what nobody has taken meanwhile. How many were given back."""
    if not has_returned_agents(tx.sql, context):
        return 0
    in_time = and_(tickets.c.previous_agent_id.is_not(None), tickets.c.return_deadline > context.now)
    returned = lock_batch(tx.sql, waiting, in_time, tickets.c.previous_agent_id.in_(context.online_agents or ()))
    for ticket in returned:
        _return_chat(tx, ticket, context.now)
    return len(returned)


def _return_chat(tx: Transaction, ticket: TicketRow, now: datetime) -> None:
    had = select(tickets.c.previous_agent_id).where(tickets.c.id == ticket.id)
    agent = agents_where(tx.sql, agents.c.id == had.scalar_subquery())
    if not agent:
        return
    withdraw_ticket_offers(tx, ticket, now)
    append_event(tx, ticket.id, now, "agent_back", {"agent": agent[0].name})
    update_ticket(tx, ticket.id, now, assignee_id=agent[0].id, previous_agent_id=None, form_offered_at=None)
    announce_agents(tx, [agent[0].id])

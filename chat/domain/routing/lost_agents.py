"""Agents whose connection is lost: their chats go back to the queue, and to them again if they return in time."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from chat.domain.context import DomainContext
from chat.domain.queries.agents import agents_where
from chat.domain.queries.offers import ringing_offers
from chat.domain.queries.queue import waiting
from chat.domain.queries.tickets import live
from chat.domain.tickets import reopening
from chat.domain.tickets.locks import lock_batch
from chat.domain.tickets.mutations import (
    announce_agents,
    append_event,
    update_ticket,
    withdraw_offer,
    withdraw_ticket_offers,
)
from chat.store.key_list import list_of
from chat.store.rows import TicketRow
from chat.store.tables import agents, offers, ringing, tickets
from chat.store.transaction import Transaction
from chat.vocabulary import PAUSED_STATUSES

_busy = select(agents.c.id).where(
    or_(
        # One lookup for each agent: otherwise PostgreSQL reads all live chats, one row for each.
        select(tickets.c.id).where(tickets.c.assignee_id == agents.c.id, live).offset(0).exists(),
        agents.c.id.in_(select(offers.c.agent_id).where(ringing)),
    )
)
_BUSY_IDS = select(list_of(_busy.subquery().c.id))
_PREVIOUS_AGENTS = select(tickets.c.previous_agent_id).where(waiting, tickets.c.previous_agent_id.is_not(None))


# -- agents who are lost -----------------------------------------------------------------------------------------


def has_absent_agents(sql: Connection, context: DomainContext) -> bool:
    """Whether an agent who is not online has live chats or an offer; False while Redis can't tell."""
    return context.online_agents is not None and bool(_absent(sql, context.online_agents))


def _absent(sql: Connection, online: frozenset[int]) -> set[int]:
    return set(sql.execute(_BUSY_IDS).scalar() or ()) - online


def release_chats_of_absent_agents(tx: Transaction, context: DomainContext) -> int:
    """Put the chats of absent agents back in the queue at their old positions, and withdraw the offers on their
    consoles. The presence in `context` lasts for the agents' grace. Does nothing while Redis can't tell who is online.
    Returns the number of chats."""
    if context.online_agents is None or not (absent := _absent(tx.sql, context.online_agents)):
        return 0
    lost = lock_batch(tx.sql, live, tickets.c.assignee_id.in_(absent))
    return_deadline = context.now + context.timeouts.return_grace
    for ticket in lost:
        _release_chat(tx, ticket, context.now, (ticket.assignee_id, return_deadline))
    for offer in ringing_offers(tx.sql, offers.c.agent_id.in_(absent)):
        withdraw_offer(tx, offer, context.now)
    return len(lost)


def release_agent(tx: Transaction, agent_id: int, now: datetime) -> None:
    """Take all tickets that are not closed from an agent who is being removed. Live chats go back to the queue, and no
    chat waits for the agent's return; the other tickets have no owner then, and paused ones are open again."""
    owned = and_(tickets.c.assignee_id == agent_id, tickets.c.status != "closed")
    while released := lock_batch(tx.sql, or_(owned, and_(waiting, tickets.c.previous_agent_id == agent_id))):
        for ticket in released:
            if ticket.status == "live" and not ticket.waiting:
                _release_chat(tx, ticket, now, (None, None))
            else:
                _disown(tx, ticket, now)
    for offer in ringing_offers(tx.sql, or_(offers.c.agent_id == agent_id, offers.c.from_agent_id == agent_id)):
        withdraw_offer(tx, offer, now)
    # A transfer of theirs would be offered to the next member in the name of a removed agent.
    ended = (offers.c.from_agent_id == agent_id, offers.c.department_id.is_not(None))
    tx.sql.execute(update(offers).where(*ended).values(department_id=None))


def _disown(tx: Transaction, ticket: TicketRow, now: datetime) -> None:
    """Take the owner from a ticket that is not a chat. A paused one becomes open: else no list would have it."""
    left: dict[str, Any] = {"assignee_id": None, "previous_agent_id": None, "return_deadline": None}
    if ticket.status in PAUSED_STATUSES:
        append_event(tx, ticket.id, now, "status", {"status": "open"})
        left |= {"status": "open"} | reopening.open_columns(tx.sql, ticket, now)
    update_ticket(tx, ticket.id, now, **left)


def _release_chat(
    tx: Transaction, ticket: TicketRow, now: datetime, awaited: tuple[int | None, datetime | None]
) -> None:
    """Put a live chat back in the queue; `awaited` is the agent whose return it waits for, and until when."""
    previous_agent_id, return_deadline = awaited
    withdraw_ticket_offers(tx, ticket, now)
    append_event(tx, ticket.id, now, "agent_gone", {"agent": ticket.agent_name or ""})
    update_ticket(
        tx,
        ticket.id,
        now,
        assignee_id=None,
        queued_at=ticket.queued_at or now,
        slot_released_at=None,
        previous_agent_id=previous_agent_id,
        return_deadline=return_deadline,
    )
    announce_agents(tx, [ticket.assignee_id])


# -- agents who return -------------------------------------------------------------------------------------------


def has_returned_agents(sql: Connection, context: DomainContext) -> bool:
    """Whether an agent is online whose chats still wait for them."""
    in_time = _PREVIOUS_AGENTS.where(tickets.c.return_deadline > context.now).distinct()
    return not (context.online_agents or frozenset()).isdisjoint(sql.execute(in_time).scalars().all())


def return_chats(tx: Transaction, context: DomainContext) -> int:
    """Give agents who returned in time the chats that no other agent has claimed. Returns the number of chats."""
    if not has_returned_agents(tx.sql, context):
        return 0
    in_time = and_(tickets.c.previous_agent_id.is_not(None), tickets.c.return_deadline > context.now)
    returned = lock_batch(tx.sql, waiting, in_time, tickets.c.previous_agent_id.in_(context.online_agents or ()))
    for ticket in returned:
        _return_chat(tx, ticket, context.now)
    return len(returned)


def _return_chat(tx: Transaction, ticket: TicketRow, now: datetime) -> None:
    previous = select(tickets.c.previous_agent_id).where(tickets.c.id == ticket.id).scalar_subquery()
    found = agents_where(tx.sql, agents.c.id == previous)
    if not found:
        return
    (agent,) = found
    withdraw_ticket_offers(tx, ticket, now)
    append_event(tx, ticket.id, now, "agent_back", {"agent": agent.name})
    update_ticket(tx, ticket.id, now, assignee_id=agent.id, previous_agent_id=None, form_offered_at=None)
    announce_agents(tx, [agent.id])

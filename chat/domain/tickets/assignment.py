"""Assigning a ticket to an agent: the one rule and the one UPDATE behind claims, take-overs and answers."""

from datetime import datetime

from sqlalchemy import Connection, update

from chat.domain.facts import MessagePosted, TicketChanged
from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.messages import message_at
from chat.domain.queries.offers import ringing_offers
from chat.domain.queries.tickets import ticket_by_key
from chat.domain.refusals import AgentRef, Conflict
from chat.domain.tickets.locks import lock_agent
from chat.domain.tickets.mutations import (
    NewMessage,
    announce_agents,
    event_message,
    insert_message,
    withdraw_ticket_offers,
)
from chat.store.rows import AgentRow, TicketRow
from chat.store.tables import agents, offers, tickets
from chat.store.transaction import Transaction


def lock_claimant(sql: Connection, ticket: TicketRow, agent_id: int, over_capacity: bool) -> AgentRow:
    """Lock and return the agent who wants this ticket. Conflict "taken" when another agent has it and does not hand it
    over to this one; Conflict "capacity" when a live chat that was not offered to them finds no free slot."""
    mine = ringing_offers(sql, offers.c.ticket_id == ticket.id, offers.c.agent_id == agent_id)
    # A supervisor may hand over too, so the ticket's owner need not be the agent who made the offer.
    handed_over = any(offer.from_agent_id for offer in mine)
    if ticket.assignee_id is not None and not handed_over:
        raise taken(ticket)
    lock_agent(sql, agent_id)
    agent = agent_by_key(sql, agent_id)
    # An offer uses a slot from the moment it is made: accepting it needs no other.
    if ticket.status == "live" and not mine and not over_capacity and agent.chats >= agent.capacity:
        raise Conflict("the agent has no free slot", reason="capacity")
    return agent


def taken(ticket: TicketRow) -> Conflict:
    """The refusal that names the agent who has this ticket. A closed ticket keeps an agent who was removed."""
    assert ticket.agent_public_id is not None and ticket.agent_name is not None
    owner = AgentRef(ticket.agent_public_id, ticket.agent_name, ticket.agent_photo)
    return Conflict("another agent has this ticket", by=owner, reason="taken")


def assign(tx: Transaction, ticket: TicketRow, agent: AgentRow, now: datetime, *, event: bool = True) -> TicketRow:
    """Make the agent the owner of a ticket, which is as it was read, and announce it; with `event` its messages say so
    too. Conflict "taken" when the ticket has another owner by now."""
    seq = _update_owner(tx.sql, ticket, agent, now, events=int(event))
    if event:
        insert_message(tx.sql, ticket.id, seq, _event(ticket.agent_name, agent.name, now))
    tx.sql.execute(update(agents).where(agents.c.id == agent.id).values(missed_offers=0, idle_since=now))
    assigned = ticket_by_key(tx.sql, ticket.id)
    if event:
        tx.record(MessagePosted(message_at(tx.sql, ticket.id, seq), assigned))
    withdraw_ticket_offers(tx, assigned, now, "taken")
    announce_agents(tx, [agent.id, ticket.assignee_id])
    tx.record(TicketChanged(assigned))
    return assigned


def _event(from_agent: str | None, to_agent: str, now: datetime) -> NewMessage:
    if from_agent:
        return event_message(now, "handed_over", {"from": from_agent, "to": to_agent})
    return event_message(now, "joined", {"agent": to_agent})


def _update_owner(sql: Connection, ticket: TicketRow, agent: AgentRow, now: datetime, events: int) -> int:
    """The number of the ticket's last message, with room for `events` more. SQL picks the winner: the condition is
    checked again under the row's lock."""
    unchanged = (tickets.c.assignee_id.is_not_distinct_from(ticket.assignee_id), tickets.c.status == ticket.status)
    values = {
        "assignee_id": agent.id,
        "assigned_at": ticket.assigned_at or now,
        "previous_agent_id": None,
        "form_offered_at": None,
        "last_seq": tickets.c.last_seq + events,
        # One more than the events: a client that compares revs sees that more than its messages has changed.
        "rev": tickets.c.rev + events + 1,
        "updated_at": now,
    }
    assigned = update(tickets).where(tickets.c.id == ticket.id, *unchanged).values(**values)
    seq: int | None = sql.execute(assigned.returning(tickets.c.last_seq)).scalar()
    if seq is None:
        raise _changed_meanwhile(sql, ticket)
    return seq


def _changed_meanwhile(sql: Connection, ticket: TicketRow) -> Conflict:
    current = ticket_by_key(sql, ticket.id)
    return Conflict("this ticket has just changed") if current.assignee_id is None else taken(current)

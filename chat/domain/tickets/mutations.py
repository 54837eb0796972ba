"""The one way a ticket's row changes: its rev grows, and the fact is recorded."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, update

from chat.domain.facts import AgentChanged, MessagePosted, OfferEnded, TicketChanged
from chat.domain.queries.agents import agents_by_keys
from chat.domain.queries.messages import message_at
from chat.domain.queries.offers import ringing_offers
from chat.domain.queries.tickets import ticket_by_key, ticket_without_position
from chat.domain.tickets.locks import lock_tickets
from chat.store.rows import OfferRow, TicketRow
from chat.store.tables import messages, new_id, offers, ringing, tickets
from chat.store.transaction import Transaction

Outcome = Literal["taken", "withdrawn"]


def update_ticket(tx: Transaction, ticket_id: int, now: datetime, **values: object) -> TicketRow:
    """Set columns of a ticket; the row as it then is."""
    moved = update(tickets).where(tickets.c.id == ticket_id)
    tx.sql.execute(moved.values(rev=tickets.c.rev + 1, updated_at=now, **values))
    return announce_ticket(tx, ticket_id)


def announce_ticket(tx: Transaction, ticket_id: int) -> TicketRow:
    """Announce a ticket whose row a verb has changed with a statement of its own."""
    ticket = ticket_by_key(tx.sql, ticket_id)
    tx.record(TicketChanged(ticket))
    return ticket


def append_event(tx: Transaction, ticket_id: int, now: datetime, name: str, args: Mapping[str, str]) -> None:
    """Write an event into the thread, where both sides read it in their own words."""
    seq = allocate_seq(tx.sql, ticket_id, updated_at=now)
    tx.sql.execute(
        insert(messages).values(
            ticket_id=ticket_id,
            seq=seq,
            public_id=new_id("m"),
            author="system",
            text="",
            event={"name": name, "args": dict(args)},
            at=now,
        )
    )
    announce_message(tx, ticket_id, seq)


def allocate_seq(sql: Connection, ticket_id: int, **values: object) -> int:
    """Take the ticket's next seq, and set columns in the same statement; its row is locked until the commit."""
    grown = update(tickets).where(tickets.c.id == ticket_id)
    values |= {"last_seq": tickets.c.last_seq + 1, "rev": tickets.c.rev + 1}
    seq: int = sql.execute(grown.values(**values).returning(tickets.c.last_seq)).scalar_one()
    return seq


def announce_message(tx: Transaction, ticket_id: int, seq: int) -> MessagePosted:
    """Announce the message that was just written."""
    fact = MessagePosted(message_at(tx.sql, ticket_id, seq), ticket_without_position(tx.sql, ticket_id))
    tx.record(fact)
    return fact


def announce_agents(tx: Transaction, agent_ids: Iterable[int | None]) -> None:
    """Announce agents whose places in use have changed."""
    ids = {agent_id for agent_id in agent_ids if agent_id is not None}
    for agent in agents_by_keys(tx.sql, ids):
        tx.record(AgentChanged(agent))


def withdraw_agent_offers(tx: Transaction, agent_id: int, now: datetime) -> None:
    """Nothing rings on this agent's console any longer: it goes to the next, and nobody has passed on it."""
    rung = ringing_offers(tx.sql, offers.c.agent_id == agent_id)
    lock_tickets(tx.sql, [offer.ticket_id for offer in rung])
    for offer in ringing_offers(tx.sql, offers.c.agent_id == agent_id):
        end_ticket_offers(tx, offer.ticket_id, now, "withdrawn")


def end_ticket_offers(tx: Transaction, ticket_id: int, now: datetime, outcome: Outcome) -> list[OfferRow]:
    """Stop the ringing of a ticket: outcome "taken" or "withdrawn"."""
    ended = ringing_offers(tx.sql, offers.c.ticket_id == ticket_id)
    if ended:
        tx.sql.execute(
            update(offers).where(offers.c.ticket_id == ticket_id, ringing).values(ended_at=now, outcome=outcome)
        )
        ticket = ticket_without_position(tx.sql, ticket_id)
        for offer in ended:
            tx.record(OfferEnded(ticket, offer, outcome))
        announce_agents(tx, (offer.agent_id for offer in ended))
    return ended

"""The one way a ticket's row changes: `rev` grows and the fact is recorded. Also the one way to insert a message."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection, case, insert, update

from chat.domain.facts import AgentChanged, MessagePosted, OfferEnded, TicketChanged
from chat.domain.queries.agents import agents_by_keys
from chat.domain.queries.messages import message_at
from chat.domain.queries.offers import ringing_offers
from chat.domain.queries.tickets import ticket_by_key, ticket_without_position
from chat.domain.tickets.locks import lock_tickets
from chat.store.rows import OfferRow, TicketRow
from chat.store.tables import messages, new_id, offers, ringing, tickets
from chat.store.transaction import Transaction
from chat.vocabulary import EventName

OfferOutcome = Literal["taken", "withdrawn"]


# -- the ticket's row --------------------------------------------------------------------------------------------


def update_ticket(tx: Transaction, ticket_id: int, now: datetime, **values: object) -> TicketRow:
    """Set columns of a ticket and announce it; returns the row as it is afterwards."""
    changed = update(tickets).where(tickets.c.id == ticket_id)
    tx.sql.execute(changed.values(rev=tickets.c.rev + 1, updated_at=now, **values))
    return announce_ticket(tx, ticket_id)


def announce_ticket(tx: Transaction, ticket_id: int) -> TicketRow:
    """Announce a ticket whose row was changed by a statement of the action's own."""
    ticket = ticket_by_key(tx.sql, ticket_id)
    tx.record(TicketChanged(ticket))
    return ticket


def announce_agents(tx: Transaction, agent_ids: Iterable[int | None]) -> None:
    """Announce agents whose slots in use have changed."""
    ids = {agent_id for agent_id in agent_ids if agent_id is not None}
    for agent in agents_by_keys(tx.sql, ids):
        tx.record(AgentChanged(agent))


# -- its messages ------------------------------------------------------------------------------------------------


class NewMessage(NamedTuple):
    """A message to insert. An event has neither text nor client id, agent or author name."""

    author: str
    at: datetime
    text: str = ""
    client_id: str | None = None
    agent_id: int | None = None
    author_name: str | None = None
    event: Mapping[str, object] | None = None


def allocate_seq(sql: Connection, ticket_id: int, **values: object) -> int:
    """Take the ticket's next seq and set columns in the same statement, which locks its row until the commit."""
    changed = update(tickets).where(tickets.c.id == ticket_id)
    values |= {"last_seq": tickets.c.last_seq + 1, "rev": tickets.c.rev + 1}
    seq: int = sql.execute(changed.values(**values).returning(tickets.c.last_seq)).scalar_one()
    return seq


def insert_message(sql: Connection, ticket_id: int, seq: int, message: NewMessage) -> None:
    """Insert a message under a seq that its ticket's row already counts."""
    sql.execute(insert(messages).values(ticket_id=ticket_id, seq=seq, public_id=new_id("m"), **message._asdict()))


def event_message(now: datetime, name: EventName, args: Mapping[str, str]) -> NewMessage:
    """An event as a message, which both sides show in their own language."""
    return NewMessage("system", now, event={"name": name, "args": dict(args)})


def append_event(tx: Transaction, ticket_id: int, now: datetime, name: EventName, args: Mapping[str, str]) -> None:
    """Append an event to a ticket's messages and announce it."""
    seq = allocate_seq(tx.sql, ticket_id, updated_at=now)
    insert_message(tx.sql, ticket_id, seq, event_message(now, name, args))
    announce_message(tx, ticket_id, seq)


def announce_message(tx: Transaction, ticket_id: int, seq: int) -> MessagePosted:
    """Announce a message that was just inserted."""
    fact = MessagePosted(message_at(tx.sql, ticket_id, seq), ticket_without_position(tx.sql, ticket_id))
    tx.record(fact)
    return fact


# -- its offers --------------------------------------------------------------------------------------------------


def withdraw_agent_offers(tx: Transaction, agent_id: int, now: datetime) -> None:
    """Withdraw every offer that rings on this agent's console. The next agent gets it."""
    of_agent = offers.c.agent_id == agent_id
    lock_tickets(tx.sql, [offer.ticket_id for offer in ringing_offers(tx.sql, of_agent)])
    # Read again: another node may have ended some of them before the tickets were locked.
    for offer in ringing_offers(tx.sql, of_agent):
        withdraw_offer(tx, offer, now)


def withdraw_offer(tx: Transaction, offer: OfferRow, now: datetime) -> None:
    """Withdraw one ringing offer, whose agent leaves. It counts as a pass only if it belongs to a transfer to a
    department, which goes on with the next member."""
    outcome = case((offers.c.department_id.is_not(None), "missed"), else_="withdrawn")
    still_ringing = update(offers).where(offers.c.id == offer.id, ringing)
    if not tx.sql.execute(still_ringing.values(ended_at=now, outcome=outcome)).rowcount:
        return
    tx.record(OfferEnded(ticket_without_position(tx.sql, offer.ticket_id), offer, "withdrawn"))
    announce_agents(tx, [offer.agent_id])


def withdraw_ticket_offers(
    tx: Transaction, ticket: TicketRow, now: datetime, outcome: OfferOutcome = "withdrawn"
) -> None:
    """End what rings of a ticket, which is as it was read, and announce it. A transfer to a department ends too."""
    of_ticket = update(offers).where(offers.c.ticket_id == ticket.id)
    ended = ringing_offers(tx.sql, offers.c.ticket_id == ticket.id)
    if ended:
        tx.sql.execute(of_ticket.where(ringing).values(ended_at=now, outcome=outcome))
    tx.sql.execute(of_ticket.where(offers.c.department_id.is_not(None)).values(department_id=None))
    for offer in ended:
        tx.record(OfferEnded(ticket, offer, outcome))
    announce_agents(tx, (offer.agent_id for offer in ended))

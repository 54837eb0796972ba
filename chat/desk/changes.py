"""The one way a ticket's row changes: its rev grows, and the fact is recorded."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import Connection, insert, select, update

from chat.desk.facts import AgentChanged, MessagePosted, OfferEnded, TicketChanged
from chat.desk.records import (
    agents_by_keys,
    message_at,
    plain,
    ringing,
    ringing_offers,
    ticket_by_key,
    ticket_by_public_id,
    ticket_of_visitor,
    unplaced_ticket,
)
from chat.store.among import among
from chat.store.rows import OfferRow, TicketRow
from chat.store.tables import agents, messages, new_id, offers, tickets
from chat.store.works import Work

Outcome = Literal["taken", "withdrawn"]


class Situation(NamedTuple):
    """The moment, and who is connected: inner keys of agents, or None while Redis can't be asked."""

    now: datetime
    present: frozenset[int] | None


class Pauses(NamedTuple):
    """How long each wait lasts (DESIGN, Offers); settings may shorten them."""

    offer: timedelta = timedelta(seconds=60)
    give_back: timedelta = timedelta(minutes=5)
    form_offer: timedelta = timedelta(minutes=5)
    wait_end: timedelta = timedelta(minutes=10)
    quiet: timedelta = timedelta(minutes=10)
    quiet_end: timedelta = timedelta(minutes=60)


PAUSES = Pauses()


def change(work: Work, ticket_id: int, now: datetime, **values: object) -> TicketRow:
    """Set columns of a ticket; the row as it then is."""
    moved = update(tickets).where(tickets.c.id == ticket_id)
    work.sql.execute(moved.values(rev=tickets.c.rev + 1, updated_at=now, **values))
    return changed(work, ticket_id)


def changed(work: Work, ticket_id: int) -> TicketRow:
    """Announce a ticket whose row a verb has changed with a statement of its own."""
    ticket = ticket_by_key(work.sql, ticket_id)
    work.happened(TicketChanged(ticket))
    return ticket


def tell(work: Work, ticket_id: int, now: datetime, name: str, args: Mapping[str, str]) -> None:
    """Write an event into the thread, where both sides read it in their own words."""
    seq = next_seq(work.sql, ticket_id, updated_at=now)
    work.sql.execute(
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
    posted(work, ticket_id, seq)


def next_seq(sql: Connection, ticket_id: int, **values: object) -> int:
    """Take the ticket's next seq, and set columns in the same statement; its row is locked until the commit."""
    grown = update(tickets).where(tickets.c.id == ticket_id)
    values |= {"last_seq": tickets.c.last_seq + 1, "rev": tickets.c.rev + 1}
    seq: int = sql.execute(grown.values(**values).returning(tickets.c.last_seq)).scalar_one()
    return seq


def posted(work: Work, ticket_id: int, seq: int) -> MessagePosted:
    """Announce the message that was just written."""
    fact = MessagePosted(message_at(work.sql, ticket_id, seq), unplaced_ticket(work.sql, ticket_id))
    work.happened(fact)
    return fact


def agents_changed(work: Work, agent_ids: Iterable[int | None]) -> None:
    """Announce agents whose places in use have changed."""
    ids = {agent_id for agent_id in agent_ids if agent_id is not None}
    for agent in agents_by_keys(work.sql, ids):
        work.happened(AgentChanged(agent))


def lock_agent(sql: Connection, agent_id: int) -> None:
    """Count an agent's places alone: without this, two nodes could each give them their last one."""
    sql.execute(select(agents.c.id).where(agents.c.id == agent_id).with_for_update(key_share=True))


_HOLD = select(tickets.c.id).where(among(tickets.c.id)).order_by(tickets.c.id).with_for_update(key_share=True)


def hold_tickets(sql: Connection, keys: Iterable[int]) -> None:
    """Lock several tickets until the commit, in the one order that everybody keeps."""
    sql.execute(_HOLD, {"keys": set(keys)}).all()


def hold_ticket(sql: Connection, public_id: str) -> TicketRow:
    """The ticket with its row locked until the commit, so that nothing moves between looking and writing."""
    named = select(tickets.c.id).where(tickets.c.public_id == plain(public_id))
    sql.execute(named.with_for_update(key_share=True))
    return ticket_by_public_id(sql, public_id)


def hold_ticket_of(sql: Connection, visitor_id: int, public_id: str) -> TicketRow:
    """The same for a visitor's own ticket; NotFound when it is somebody else's."""
    own = select(tickets.c.id).where(tickets.c.public_id == plain(public_id), tickets.c.visitor_id == visitor_id)
    sql.execute(own.with_for_update(key_share=True))
    return ticket_of_visitor(sql, visitor_id, public_id)


def stop_ringing(work: Work, agent_id: int, now: datetime) -> None:
    """Nothing rings on this agent's console any longer: it goes to the next, and nobody has passed on it."""
    rung = ringing_offers(work.sql, offers.c.agent_id == agent_id)
    hold_tickets(work.sql, [offer.ticket_id for offer in rung])
    for offer in ringing_offers(work.sql, offers.c.agent_id == agent_id):
        end_offers(work, offer.ticket_id, now, "withdrawn")


def end_offers(work: Work, ticket_id: int, now: datetime, outcome: Outcome) -> list[OfferRow]:
    """Stop the ringing of a ticket: outcome "taken" or "withdrawn"."""
    ended = ringing_offers(work.sql, offers.c.ticket_id == ticket_id)
    if ended:
        work.sql.execute(
            update(offers).where(offers.c.ticket_id == ticket_id, ringing).values(ended_at=now, outcome=outcome)
        )
        ticket = unplaced_ticket(work.sql, ticket_id)
        for offer in ended:
            work.happened(OfferEnded(ticket, offer, outcome))
        agents_changed(work, (offer.agent_id for offer in ended))
    return ended

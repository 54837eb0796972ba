"""Offers: a waiting chat rings on one agent's console, then on the next, until all have passed on it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, insert, or_, select, text, update

from chat.domain.context import DomainContext
from chat.domain.facts import AgentChanged, OfferEnded, OfferMade
from chat.domain.queries.agents import agent_by_key, agents_by_keys
from chat.domain.queries.calendar import load_calendar
from chat.domain.queries.offers import ringing_offers
from chat.domain.queries.queue import queue_order, waiting
from chat.domain.queries.tickets import rows_without_position, ticket_query, ticket_without_position
from chat.domain.refusals import AgentRef
from chat.domain.routing.agent_pool import (
    AgentPool,
    PoolAgent,
    RoutingTicket,
    free_agents,
    lock_agents,
    routing_requests,
)
from chat.domain.rules import routing
from chat.domain.rules.hours import calendar
from chat.domain.rules.routing import Decision
from chat.domain.tickets.locks import lock_ticket, lock_tickets
from chat.domain.tickets.mutations import announce_agents
from chat.store.key_list import in_keys
from chat.store.rows import AgentRow, OfferRow, TicketRow
from chat.store.tables import agents, decisions, offers, ringing, tickets
from chat.store.transaction import Transaction

# Any number that nothing else locks by.
ROUTING_LOCK = 0x6775696368
MAX_MISSED_IN_A_ROW = 2
BATCH_SIZE = 100
# How far down the queue one look goes past chats on which everybody free has passed.
MAX_QUEUE_DEPTH = 1_000

_without_offer = tickets.c.id.not_in(select(offers.c.ticket_id).where(ringing))
_WAITING = (
    select(tickets.c.id, tickets.c.visitor_id, tickets.c.department_id)
    .where(waiting, _without_offer)
    .order_by(*queue_order)
    .limit(MAX_QUEUE_DEPTH)
)
_STILL_WAITING = ticket_query().where(in_keys(tickets.c.id), waiting, _without_offer)
_OVERDUE = select(offers.c.id).where(ringing, offers.c.expires_at <= bindparam("now")).limit(1)


class OfferTarget(NamedTuple):
    """On whose console, by which rule, and who hands over."""

    agent_id: int
    rule: str
    giver: AgentRow | None = None
    department_id: int | None = None


class Assignment(NamedTuple):
    """A decision for a ticket, and its agent."""

    ticket_id: int
    decision: Decision
    seat: PoolAgent


def has_work(sql: Connection, context: DomainContext) -> bool:
    """Whether a chat waits, the desk is open and somebody there has a place left."""
    return _agents_are_needed(sql, context) and bool(free_agents(sql, context.online_agents or ()))


def _agents_are_needed(sql: Connection, context: DomainContext) -> bool:
    """A chat waits, somebody is there and the desk is open."""
    if not context.online_agents or sql.execute(_WAITING.limit(1)).first() is None:
        return False
    state, _ = calendar.state_at(load_calendar(sql), context.now)
    return state != "closed"


def offer_waiting(tx: Transaction, context: DomainContext) -> int:
    """Ring whoever should have each waiting chat, oldest first, 100 at most; the number of offers made. None while
    Redis is away or the desk is closed."""
    if not _agents_are_needed(tx.sql, context):
        return 0
    lock_routing(tx.sql)
    team = AgentPool(tx.sql, context)
    if not team.free_slots:
        return 0
    made = list(islice(_decisions(tx.sql, team), BATCH_SIZE))
    rows, made = _recheck_under_lock(tx.sql, made)
    if made:
        record_decisions(tx.sql, team, made, context.now)
        rings = [(rows[one.ticket_id], OfferTarget(one.seat.key, one.decision.rule)) for one in made]
        make_offers(tx, rings, context)
    return len(made)


def lock_routing(sql: Connection) -> None:
    """One node decides at a time: two could fill the last place of an agent twice. SQLite has one writer anyway."""
    if sql.dialect.name == "postgresql":
        sql.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ROUTING_LOCK})


def _decisions(sql: Connection, team: AgentPool) -> Iterator[Assignment]:
    """One after the other, each seeing what the ones before have taken."""
    with sql.execute(_chats_without_offer(team)) as queue:
        while (places := team.free_slots) and (asking := queue.fetchmany(min(BATCH_SIZE, places))):
            for wish in routing_requests(sql, [RoutingTicket(*row) for row in asking]):
                decision = routing.choose(team.ranked(wish))
                if decision.chosen is not None:
                    seat = team.agent(decision.chosen)
                    yield Assignment(wish.ticket_id, decision, seat)
                    team.assign(seat)


def _chats_without_offer(team: AgentPool) -> Select[Any]:
    """The waiting chats that ring nowhere and of whose department somebody has a place left."""
    return _WAITING.where(or_(tickets.c.department_id.is_(None), tickets.c.department_id.in_(team.departments)))


def _recheck_under_lock(sql: Connection, made: Sequence[Assignment]) -> tuple[dict[int, TicketRow], list[Assignment]]:
    """Held from here on, first the tickets and then the agents, each in the order in which everybody holds theirs:
    what was claimed at this moment must not ring afterwards, and who has just taken their last chat must not be rung.
    What is left out is looked at again at once, for whoever moved it wakes the worker."""
    lock_tickets(sql, (one.ticket_id for one in made))
    chosen = {one.seat.key: one.seat.capacity for one in made}
    lock_agents(sql, chosen)
    rows = (
        {row.id: row for row in rows_without_position(sql, _STILL_WAITING, keys=[one.ticket_id for one in made])}
        if made
        else {}
    )
    left = {agent.id: agent.capacity - agent.chats for agent in agents_by_keys(sql, chosen)}
    kept = []
    for one in made:
        if one.ticket_id in rows and left.get(one.seat.key, 0) > 0:
            left[one.seat.key] -= 1
            kept.append(one)
    return rows, kept


def record_decisions(sql: Connection, team: AgentPool, made: Sequence[Assignment], now: datetime) -> None:
    """Keep what the rules saw, for whoever asks why: of a big team those who came closest."""
    sql.execute(
        insert(decisions),
        [
            {
                "ticket_id": one.ticket_id,
                "at": now,
                "rule": one.decision.rule,
                "chosen": one.decision.chosen,
                "candidates": _candidates_json(team, one.decision),
            }
            for one in made
        ],
    )


def _candidates_json(team: AgentPool, decision: Decision) -> list[dict[str, object]]:
    seen = []
    for one, excluded in decision.considered:
        told = {"agent": one.agent, "name": team.agent(one.agent).name, "chats": one.chats, "capacity": one.capacity}
        seen.append(told | {"idle_s": int(one.idle_s), "excluded": excluded})
    return seen


def make_offer(tx: Transaction, ticket: TicketRow, whom: OfferTarget, context: DomainContext) -> None:
    """Let a ticket ring on one agent's console; it uses one of their places until it ends."""
    make_offers(tx, [(ticket, whom)], context)


def make_offers(tx: Transaction, rings: Sequence[tuple[TicketRow, OfferTarget]], context: DomainContext) -> None:
    """The same for many, in as many statements as for one."""
    expires_at = context.now + context.timeouts.ring
    values = [
        {
            "ticket_id": ticket.id,
            "agent_id": whom.agent_id,
            "from_agent_id": whom.giver.id if whom.giver else None,
            "department_id": whom.department_id,
            "rule": whom.rule,
            "made_at": context.now,
            "expires_at": expires_at,
        }
        for ticket, whom in rings
    ]
    made = tx.sql.execute(insert(offers).returning(offers.c.ticket_id, offers.c.id), values)
    keys = {row.ticket_id: row.id for row in made}
    for ticket, whom in rings:
        giver = whom.giver.id if whom.giver else None
        offer = OfferRow(keys[ticket.id], ticket.id, whom.agent_id, giver, whom.rule, expires_at)
        tx.record(OfferMade(offer, ticket, AgentRef.of(whom.giver) if whom.giver else None))
    announce_agents(tx, [whom.agent_id for _, whom in rings])


def end_offer(tx: Transaction, ticket: TicketRow, offer: OfferRow, now: datetime, outcome: str) -> None:
    """An offer ends without being taken: "declined" or "missed"."""
    tx.sql.execute(update(offers).where(offers.c.id == offer.id).values(ended_at=now, outcome=outcome))
    tx.record(OfferEnded(ticket, offer, "expired" if outcome == "missed" else "withdrawn"))
    announce_agents(tx, [offer.agent_id])


def has_overdue_offers(sql: Connection, now: datetime) -> bool:
    """Whether an offer's time is up."""
    return sql.execute(_OVERDUE, {"now": now}).first() is not None


def expire_offers(tx: Transaction, now: datetime) -> int:
    """End the offers whose time is up; an agent who missed two in a row is set away. How many ended."""
    lock_routing(tx.sql)
    overdue = offers.c.expires_at <= now
    lock_tickets(tx.sql, [offer.ticket_id for offer in ringing_offers(tx.sql, overdue)])
    # Asked again: one that was taken a moment ago has not been missed.
    due = ringing_offers(tx.sql, overdue)
    for offer in due:
        end_offer(tx, ticket_without_position(tx.sql, offer.ticket_id), offer, now, "missed")
        _count_missed(tx, offer.agent_id, now)
    return len(due)


def _count_missed(tx: Transaction, agent_id: int, now: datetime) -> None:
    own = update(agents).where(agents.c.id == agent_id)
    counted = own.values(missed_offers=agents.c.missed_offers + 1).returning(agents.c.missed_offers)
    if tx.sql.execute(counted).scalar_one() >= MAX_MISSED_IN_A_ROW:
        tx.sql.execute(own.values(state="away", state_since=now, away_reason="missed", missed_offers=0))
        tx.record(AgentChanged(agent_by_key(tx.sql, agent_id)))


def decline(tx: Transaction, agent_id: int, ticket: str, now: datetime) -> None:
    """Let the next one have it; without an offer ringing here nothing happens."""
    row = lock_ticket(tx.sql, ticket)
    mine = (offers.c.ticket_id == row.id, offers.c.agent_id == agent_id)
    for offer in ringing_offers(tx.sql, *mine):
        end_offer(tx, row, offer, now, "declined")
        # Whoever says no is there: two missed in a row have nothing between them.
        tx.sql.execute(update(agents).where(agents.c.id == agent_id).values(missed_offers=0))

"""Offers: a waiting chat rings on one agent's console, then on the next one's, until all have passed on it."""

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
from chat.vocabulary import RoutingRule

# The key of the advisory lock: any number that no other lock uses.
ROUTING_LOCK = 0x6775696368
MAX_MISSED_IN_A_ROW = 2
MAX_OFFERS_PER_RUN = 100
# How many chats of the queue one transaction looks at: all free agents may have passed on the first ones.
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
    """The agent who gets an offer, the rule that chose them, and the agent who hands over."""

    agent_id: int
    rule: RoutingRule
    from_agent: AgentRow | None = None
    department_id: int | None = None


class Assignment(NamedTuple):
    """A decision for a ticket, and the agent it chose."""

    ticket_id: int
    decision: Decision
    agent: PoolAgent


def has_work(sql: Connection, context: DomainContext) -> bool:
    """Whether a chat waits, the service is not closed and an online agent has a free slot."""
    return _agents_are_needed(sql, context) and bool(free_agents(sql, context.online_agents or ()))


def _agents_are_needed(sql: Connection, context: DomainContext) -> bool:
    """Whether a chat waits, an agent is online and the service is not closed."""
    if not context.online_agents or sql.execute(_WAITING.limit(1)).first() is None:
        return False
    state, _ = calendar.state_at(load_calendar(sql), context.now)
    return state != "closed"


def offer_waiting(tx: Transaction, context: DomainContext) -> int:
    """Offer waiting chats, the oldest first, to the agents whom the rules choose; at most 100. Returns the number of
    offers: none while Redis gives no answer or the service is closed."""
    if not _agents_are_needed(tx.sql, context):
        return 0
    lock_routing(tx.sql)
    pool = AgentPool(tx.sql, context)
    if not pool.free_slots:
        return 0
    decided = list(islice(_decide(tx.sql, pool), MAX_OFFERS_PER_RUN))
    rows, assignments = _recheck_under_lock(tx.sql, decided)
    if assignments:
        record_decisions(tx.sql, pool, assignments, context.now)
        targets = [(rows[one.ticket_id], OfferTarget(one.agent.key, one.decision.rule)) for one in assignments]
        make_offers(tx, targets, context)
    return len(assignments)


def lock_routing(sql: Connection) -> None:
    """Let one node decide at a time, until the commit: two could both fill an agent's last slot. SQLite has one writer
    anyway."""
    if sql.dialect.name == "postgresql":
        sql.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ROUTING_LOCK})


def _decide(sql: Connection, pool: AgentPool) -> Iterator[Assignment]:
    """One decision after the other; each sees the slots that the ones before have taken."""
    with sql.execute(_chats_without_offer(pool)) as queue:
        while (slots := pool.free_slots) and (rows := queue.fetchmany(min(MAX_OFFERS_PER_RUN, slots))):
            for request in routing_requests(sql, [RoutingTicket(*row) for row in rows]):
                decision = routing.choose(pool.ranked(request))
                if decision.chosen is not None:
                    agent = pool.agent(decision.chosen)
                    yield Assignment(request.ticket_id, decision, agent)
                    pool.assign(agent)


def _chats_without_offer(pool: AgentPool) -> Select[Any]:
    """The waiting chats that ring nowhere and in whose department an agent has a free slot."""
    return _WAITING.where(or_(tickets.c.department_id.is_(None), tickets.c.department_id.in_(pool.departments)))


def _recheck_under_lock(
    sql: Connection, decided: Sequence[Assignment]
) -> tuple[dict[int, TicketRow], list[Assignment]]:
    """Lock the tickets, then the agents, and return the tickets' rows and the decisions that still hold: a chat may
    have been claimed and an agent's last slot filled since. The claim that caused it wakes the worker again."""
    lock_tickets(sql, (one.ticket_id for one in decided))
    agent_keys = {one.agent.key for one in decided}
    lock_agents(sql, agent_keys)
    rows: dict[int, TicketRow] = {}
    if decided:
        found = rows_without_position(sql, _STILL_WAITING, keys=[one.ticket_id for one in decided])
        rows = {row.id: row for row in found}
    free = {agent.id: agent.capacity - agent.chats for agent in agents_by_keys(sql, agent_keys)}
    valid = []
    for one in decided:
        if one.ticket_id in rows and free.get(one.agent.key, 0) > 0:
            free[one.agent.key] -= 1
            valid.append(one)
    return rows, valid


def record_decisions(sql: Connection, pool: AgentPool, assignments: Sequence[Assignment], now: datetime) -> None:
    """Store what the rules saw, for `explain`; of many candidates those who came closest."""
    sql.execute(
        insert(decisions),
        [
            {
                "ticket_id": one.ticket_id,
                "at": now,
                "rule": one.decision.rule,
                "chosen": one.decision.chosen,
                "candidates": _candidates_json(pool, one.decision),
            }
            for one in assignments
        ],
    )


def _candidates_json(pool: AgentPool, decision: Decision) -> list[dict[str, object]]:
    return [
        {
            "agent": one.agent,
            "name": pool.agent(one.agent).name,
            "chats": one.chats,
            "capacity": one.capacity,
            "idle_s": int(one.idle_s),
            "excluded": excluded,
        }
        for one, excluded in decision.considered
    ]


def make_offer(tx: Transaction, ticket: TicketRow, target: OfferTarget, context: DomainContext) -> None:
    """Let a ticket ring on an agent's console. The offer uses one of their slots until it ends."""
    make_offers(tx, [(ticket, target)], context)


def make_offers(tx: Transaction, targets: Sequence[tuple[TicketRow, OfferTarget]], context: DomainContext) -> None:
    """`make_offer` for many tickets, in as many statements as for one."""
    expires_at = context.now + context.timeouts.ring
    values = [
        {
            "ticket_id": ticket.id,
            "agent_id": target.agent_id,
            "from_agent_id": target.from_agent.id if target.from_agent else None,
            "department_id": target.department_id,
            "rule": target.rule,
            "made_at": context.now,
            "expires_at": expires_at,
        }
        for ticket, target in targets
    ]
    made = tx.sql.execute(insert(offers).returning(offers.c.ticket_id, offers.c.id), values)
    keys = {row.ticket_id: row.id for row in made}
    for ticket, target in targets:
        from_agent = AgentRef.of(target.from_agent) if target.from_agent else None
        from_agent_id = target.from_agent.id if target.from_agent else None
        offer = OfferRow(keys[ticket.id], ticket.id, target.agent_id, from_agent_id, target.rule, expires_at)
        tx.record(OfferMade(offer, ticket, from_agent))
    announce_agents(tx, [target.agent_id for _, target in targets])


def end_offer(tx: Transaction, ticket: TicketRow, offer: OfferRow, now: datetime, outcome: str) -> None:
    """End an offer that was not accepted: "declined" or "missed"."""
    tx.sql.execute(update(offers).where(offers.c.id == offer.id).values(ended_at=now, outcome=outcome))
    tx.record(OfferEnded(ticket, offer, "expired" if outcome == "missed" else "withdrawn"))
    announce_agents(tx, [offer.agent_id])


def has_overdue_offers(sql: Connection, now: datetime) -> bool:
    """Whether an offer has rung for its whole time."""
    return sql.execute(_OVERDUE, {"now": now}).first() is not None


def expire_offers(tx: Transaction, now: datetime) -> int:
    """End the offers that have rung for their whole time, and set agents away who missed two in a row. Returns how
    many ended."""
    lock_routing(tx.sql)
    overdue = offers.c.expires_at <= now
    lock_tickets(tx.sql, [offer.ticket_id for offer in ringing_offers(tx.sql, overdue)])
    # Read again: one that was accepted a moment ago was not missed.
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
    """Let the next agent have the chat. Without an offer on this agent's console nothing happens."""
    row = lock_ticket(tx.sql, ticket)
    mine = (offers.c.ticket_id == row.id, offers.c.agent_id == agent_id)
    for offer in ringing_offers(tx.sql, *mine):
        end_offer(tx, row, offer, now, "declined")
        # An agent who declines is there: the next missed offer is the first in a row.
        tx.sql.execute(update(agents).where(agents.c.id == agent_id).values(missed_offers=0))

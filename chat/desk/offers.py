"""Offers: a waiting chat rings on one agent's console, then on the next, until all have passed on it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, insert, or_, select, text, update

from chat.desk.calendar_in_force import calendar_of
from chat.desk.changes import PAUSES, Pauses, Situation, agents_changed, hold_tickets
from chat.desk.facts import AgentChanged, OfferEnded, OfferMade
from chat.desk.places import queue_order, waiting
from chat.desk.records import (
    agent_by_key,
    agents_by_keys,
    ringing,
    ringing_offers,
    ticket_query,
    unplaced,
    unplaced_ticket,
)
from chat.desk.refusals import Holder
from chat.desk.rules import calendar, routing
from chat.desk.rules.routing import Decision
from chat.desk.team import Asking, Seat, Team, free_agents, hold_agents, wishes
from chat.store.among import among
from chat.store.rows import AgentRow, OfferRow, TicketRow
from chat.store.tables import agents, decisions, offers, tickets
from chat.store.works import Work

# Any number that nothing else locks by.
ROUTING_LOCK = 0x6775696368
MISSED_IN_A_ROW = 2
AT_ONCE = 100
# How far down the queue one look goes past chats on which everybody free has passed.
LOOKED_AT = 1_000

_quiet = tickets.c.id.not_in(select(offers.c.ticket_id).where(ringing))
_WAITING = (
    select(tickets.c.id, tickets.c.visitor_id, tickets.c.department_id)
    .where(waiting, _quiet)
    .order_by(*queue_order)
    .limit(LOOKED_AT)
)
_STILL = ticket_query().where(among(tickets.c.id), waiting, _quiet)
_OVERDUE = select(offers.c.id).where(ringing, offers.c.expires_at <= bindparam("now")).limit(1)


class Ring(NamedTuple):
    """On whose console, by which rule, and who hands over."""

    agent_id: int
    rule: str
    giver: AgentRow | None = None
    department_id: int | None = None


class Made(NamedTuple):
    """A decision for a ticket, and its agent."""

    ticket_id: int
    decision: Decision
    seat: Seat


def anything_to_offer(sql: Connection, situation: Situation) -> bool:
    """Whether a chat waits, the desk is open and somebody there has a place left."""
    return _is_asked_for(sql, situation) and bool(free_agents(sql, situation.present or ()))


def _is_asked_for(sql: Connection, situation: Situation) -> bool:
    """A chat waits, somebody is there and the desk is open."""
    if not situation.present or sql.execute(_WAITING.limit(1)).first() is None:
        return False
    state, _ = calendar.state_at(calendar_of(sql), situation.now)
    return state != "closed"


def offer_waiting(work: Work, situation: Situation, pauses: Pauses = PAUSES) -> int:
    """Ring whoever should have each waiting chat, oldest first, 100 at most; the number of offers made. None while
    Redis is away or the desk is closed."""
    if not _is_asked_for(work.sql, situation):
        return 0
    decide_alone(work.sql)
    team = Team(work.sql, situation)
    if not team.places:
        return 0
    made = list(islice(_decisions(work.sql, team), AT_ONCE))
    rows, made = _still_so(work.sql, made)
    if made:
        note_decisions(work.sql, team, made, situation.now)
        rings = [(rows[one.ticket_id], Ring(one.seat.key, one.decision.rule)) for one in made]
        ring_all(work, rings, situation.now, pauses)
    return len(made)


def decide_alone(sql: Connection) -> None:
    """One node decides at a time: two could fill the last place of an agent twice. SQLite has one writer anyway."""
    if sql.dialect.name == "postgresql":
        sql.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ROUTING_LOCK})


def _decisions(sql: Connection, team: Team) -> Iterator[Made]:
    """One after the other, each seeing what the ones before have taken."""
    with sql.execute(_quiet_chats(team)) as queue:
        while (places := team.places) and (asking := queue.fetchmany(min(AT_ONCE, places))):
            for wish in wishes(sql, [Asking(*row) for row in asking]):
                decision = routing.first_of(team.ranked(wish))
                if decision.chosen is not None:
                    seat = team.seat(decision.chosen)
                    yield Made(wish.ticket_id, decision, seat)
                    team.give(seat)


def _quiet_chats(team: Team) -> Select[Any]:
    """The waiting chats that ring nowhere and of whose department somebody has a place left."""
    return _WAITING.where(or_(tickets.c.department_id.is_(None), tickets.c.department_id.in_(team.departments)))


def _still_so(sql: Connection, made: Sequence[Made]) -> tuple[dict[int, TicketRow], list[Made]]:
    """Held from here on, first the tickets and then the agents, each in the order in which everybody holds theirs:
    what was claimed at this moment must not ring afterwards, and who has just taken their last chat must not be rung.
    What is left out is looked at again at once, for whoever moved it wakes the worker."""
    hold_tickets(sql, (one.ticket_id for one in made))
    chosen = {one.seat.key: one.seat.capacity for one in made}
    hold_agents(sql, chosen)
    rows = {row.id: row for row in unplaced(sql, _STILL, keys=[one.ticket_id for one in made])} if made else {}
    left = {agent.id: agent.capacity - agent.chats for agent in agents_by_keys(sql, chosen)}
    kept = []
    for one in made:
        if one.ticket_id in rows and left.get(one.seat.key, 0) > 0:
            left[one.seat.key] -= 1
            kept.append(one)
    return rows, kept


def note_decisions(sql: Connection, team: Team, made: Sequence[Made], now: datetime) -> None:
    """Keep what the rules saw, for whoever asks why: of a big team those who came closest."""
    sql.execute(
        insert(decisions),
        [
            {
                "ticket_id": one.ticket_id,
                "at": now,
                "rule": one.decision.rule,
                "chosen": one.decision.chosen,
                "candidates": _as_seen(team, one.decision),
            }
            for one in made
        ],
    )


def _as_seen(team: Team, decision: Decision) -> list[dict[str, object]]:
    seen = []
    for one, excluded in decision.weighed:
        told = {"agent": one.agent, "name": team.seat(one.agent).name, "chats": one.chats, "capacity": one.capacity}
        seen.append(told | {"idle_s": int(one.idle_s), "excluded": excluded})
    return seen


def ring(work: Work, ticket: TicketRow, whom: Ring, now: datetime, pauses: Pauses = PAUSES) -> None:
    """Let a ticket ring on one agent's console; it uses one of their places until it ends."""
    ring_all(work, [(ticket, whom)], now, pauses)


def ring_all(work: Work, rings: Sequence[tuple[TicketRow, Ring]], now: datetime, pauses: Pauses) -> None:
    """The same for many, in as many statements as for one."""
    expires_at = now + pauses.offer
    values = [
        {
            "ticket_id": ticket.id,
            "agent_id": whom.agent_id,
            "giver_id": whom.giver.id if whom.giver else None,
            "department_id": whom.department_id,
            "rule": whom.rule,
            "made_at": now,
            "expires_at": expires_at,
        }
        for ticket, whom in rings
    ]
    made = work.sql.execute(insert(offers).returning(offers.c.ticket_id, offers.c.id), values)
    keys = {row.ticket_id: row.id for row in made}
    for ticket, whom in rings:
        giver = whom.giver.id if whom.giver else None
        offer = OfferRow(keys[ticket.id], ticket.id, whom.agent_id, giver, whom.rule, expires_at)
        work.happened(OfferMade(offer, ticket, Holder.of(whom.giver) if whom.giver else None))
    agents_changed(work, [whom.agent_id for _, whom in rings])


def pass_on(work: Work, ticket: TicketRow, offer: OfferRow, now: datetime, outcome: str) -> None:
    """An offer ends without being taken: "declined" or "missed"."""
    work.sql.execute(update(offers).where(offers.c.id == offer.id).values(ended_at=now, outcome=outcome))
    work.happened(OfferEnded(ticket, offer, "expired" if outcome == "missed" else "withdrawn"))
    agents_changed(work, [offer.agent_id])


def any_overdue(sql: Connection, now: datetime) -> bool:
    """Whether an offer's time is up."""
    return sql.execute(_OVERDUE, {"now": now}).first() is not None


def expire_offers(work: Work, now: datetime) -> int:
    """End the offers whose time is up; an agent who missed two in a row is set away. How many ended."""
    decide_alone(work.sql)
    overdue = offers.c.expires_at <= now
    hold_tickets(work.sql, [offer.ticket_id for offer in ringing_offers(work.sql, overdue)])
    # Asked again: one that was taken a moment ago has not been missed.
    due = ringing_offers(work.sql, overdue)
    for offer in due:
        pass_on(work, unplaced_ticket(work.sql, offer.ticket_id), offer, now, "missed")
        _count_missed(work, offer.agent_id, now)
    return len(due)


def _count_missed(work: Work, agent_id: int, now: datetime) -> None:
    own = update(agents).where(agents.c.id == agent_id)
    counted = own.values(missed=agents.c.missed + 1).returning(agents.c.missed)
    if work.sql.execute(counted).scalar_one() >= MISSED_IN_A_ROW:
        work.sql.execute(own.values(state="away", state_since=now, away_why="missed", missed=0))
        work.happened(AgentChanged(agent_by_key(work.sql, agent_id)))


def ringing_on(sql: Connection, agent_id: int) -> list[tuple[OfferRow, TicketRow, Holder | None]]:
    """What rings on an agent's console now, and who hands it over: for a console that has just connected."""
    return [
        (offer, unplaced_ticket(sql, offer.ticket_id), _giver(sql, offer))
        for offer in ringing_offers(sql, offers.c.agent_id == agent_id)
    ]


def _giver(sql: Connection, offer: OfferRow) -> Holder | None:
    return Holder.of(agent_by_key(sql, offer.giver_id)) if offer.giver_id else None

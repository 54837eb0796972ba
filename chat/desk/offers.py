"""Offers: a waiting chat rings on one agent's console, then on the next, until all have passed on it."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, case, func, insert, select, text, update

from chat.desk import service
from chat.desk.calendar_in_force import calendar_of
from chat.desk.changes import PAUSES, Pauses, Situation, agents_changed, hold_tickets
from chat.desk.facts import AgentChanged, OfferEnded, OfferMade
from chat.desk.records import (
    agent_by_key,
    places_used,
    queue_order,
    ringing,
    ringing_offers,
    ticket_by_key,
    ticket_query,
    tickets_of,
    waiting,
)
from chat.desk.refusals import Holder
from chat.desk.rules import calendar, routing
from chat.desk.rules.routing import Candidate, Decision, Weighed
from chat.store.rows import AgentRow, OfferRow, TicketRow
from chat.store.tables import agent_departments, agents, decisions, offers, tickets
from chat.store.works import Work

# Any number that nothing else locks by.
ROUTING_LOCK = 0x6775696368
MISSED_IN_A_ROW = 2
AT_ONCE = 100


def offer_waiting(work: Work, situation: Situation, pauses: Pauses = PAUSES) -> int:
    """Ring whoever should have each waiting chat, oldest first; the number of offers made. None while Redis is
    away or the desk is closed."""
    state, _ = calendar.state_at(calendar_of(work.sql), situation.now)
    if not situation.present or state == "closed":
        return 0
    decide_alone(work.sql)
    made = [_offer(work, ticket, situation, pauses) for ticket in _hold_quiet(work.sql)]
    return made.count(True)


def _hold_quiet(sql: Connection) -> list[TicketRow]:
    """The waiting chats that ring nowhere, held in the order in which posts hold theirs: one that is claimed at
    this moment must not ring afterwards."""
    quiet = ~select(offers.c.id).where(offers.c.ticket_id == tickets.c.id, ringing).exists()
    first = sql.execute(select(tickets.c.id).where(waiting, quiet).order_by(*queue_order).limit(AT_ONCE))
    keys = list(first.scalars())
    held = select(tickets.c.id).where(tickets.c.id.in_(keys), waiting).order_by(tickets.c.id)
    still = list(sql.execute(held.with_for_update(key_share=True)).scalars())
    return tickets_of(sql, ticket_query().where(tickets.c.id.in_(still), waiting).order_by(*queue_order))


def decide_alone(sql: Connection) -> None:
    """One node decides at a time: two could fill the last place of an agent twice. SQLite has one writer anyway."""
    if sql.dialect.name == "postgresql":
        sql.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ROUTING_LOCK})


def _offer(work: Work, ticket: TicketRow, situation: Situation, pauses: Pauses) -> bool:
    decision = routing.pick(candidates_for(work.sql, ticket, ticket.department_id, situation))
    if decision.chosen is None:
        return False
    note_decision(work.sql, ticket, decision, situation.now)
    ring(work, ticket, Ring(key_of(work.sql, decision.chosen), decision.rule), situation.now, pauses)
    return True


def candidates_for(
    sql: Connection, ticket: TicketRow, department_id: int | None, situation: Situation
) -> list[Candidate]:
    """Everybody available, as the rules want to see them for this ticket."""
    there = service.is_available(situation.present or frozenset(), None)
    columns = (agents.c.id, agents.c.public_id, agents.c.capacity, agents.c.idle_since, agents.c.state_since)
    # Held while their places are counted, or a claim on another node could take the same last place.
    free = select(*columns).where(there).order_by(agents.c.id).with_for_update(key_share=True, of=agents)
    rows = sql.execute(free).all()
    loads = places_used(sql, [row.id for row in rows])
    members = _members(sql, department_id)
    passed, known = _passes(sql, ticket.id), _known_by(sql, ticket)
    return [
        Candidate(
            agent=row.public_id,
            chats=loads.get(row.id, 0),
            capacity=row.capacity,
            idle_s=max(0, int((situation.now - row.idle_since).total_seconds())),
            passed=row.id in passed and passed[row.id] >= row.state_since,
            in_department=members is None or row.id in members,
            knows_visitor=row.id == known,
        )
        for row in rows
    ]


def _members(sql: Connection, department_id: int | None) -> set[int] | None:
    if department_id is None:
        return None
    query = select(agent_departments.c.agent_id).where(agent_departments.c.department_id == department_id)
    return set(sql.execute(query).scalars())


def _passes(sql: Connection, ticket_id: int) -> dict[int, datetime]:
    """Who passed on this ticket, and when last; becoming available again clears a pass."""
    passed = offers.c.outcome.in_(("declined", "missed"))
    query = select(offers.c.agent_id, func.max(offers.c.ended_at)).where(offers.c.ticket_id == ticket_id, passed)
    return dict(sql.execute(query.group_by(offers.c.agent_id)).all())


def _known_by(sql: Connection, ticket: TicketRow) -> int | None:
    """The agent who had this visitor last: this very ticket's before it was reopened or lost, else the newest."""
    had = func.coalesce(tickets.c.assignee_id, tickets.c.lost_agent_id)
    own = select(had).where(tickets.c.visitor_id == ticket.visitor_id, had.is_not(None))
    this_first = case((tickets.c.id == ticket.id, 0), else_=1)
    return sql.execute(own.order_by(this_first, tickets.c.id.desc()).limit(1)).scalar()


def note_decision(sql: Connection, ticket: TicketRow, decision: Decision, now: datetime) -> None:
    """Keep what the rules saw, for whoever asks why."""
    ids = [one.candidate.agent for one in decision.weighed]
    query = select(agents.c.public_id, agents.c.name).where(agents.c.public_id.in_(ids))
    names = dict(sql.execute(query).all())
    seen = [_as_seen(one, names[one.candidate.agent]) for one in decision.weighed]
    values = {"ticket_id": ticket.id, "at": now, "rule": decision.rule, "candidates": seen}
    sql.execute(insert(decisions).values(chosen=decision.chosen, **values))


def _as_seen(one: Weighed, name: str) -> dict[str, object]:
    agent, chats, capacity, idle_s = one.candidate[:4]
    seen = {"agent": agent, "name": name, "chats": chats, "capacity": capacity, "idle_s": int(idle_s)}
    return seen | {"excluded": one.excluded}


def key_of(sql: Connection, public_id: str) -> int:
    """The inner key of an agent that the rules have chosen."""
    key: int = sql.execute(select(agents.c.id).where(agents.c.public_id == public_id)).scalar_one()
    return key


class Ring(NamedTuple):
    """On whose console, by which rule, and who hands over."""

    agent_id: int
    rule: str
    giver: AgentRow | None = None
    department_id: int | None = None


def ring(work: Work, ticket: TicketRow, whom: Ring, now: datetime, pauses: Pauses = PAUSES) -> None:
    """Let a ticket ring on one agent's console; it uses one of their places until it ends."""
    values = {"ticket_id": ticket.id, "agent_id": whom.agent_id, "rule": whom.rule, "made_at": now}
    values |= {"giver_id": whom.giver.id if whom.giver else None, "expires_at": now + pauses.offer}
    values |= {"department_id": whom.department_id}
    key = work.sql.execute(insert(offers).values(**values).returning(offers.c.id)).scalar_one()
    offer = ringing_offers(work.sql, offers.c.id == key)[0]
    work.happened(OfferMade(offer, ticket, Holder.of(whom.giver) if whom.giver else None))
    agents_changed(work, [whom.agent_id])


def pass_on(work: Work, ticket: TicketRow, offer: OfferRow, now: datetime, outcome: str) -> None:
    """An offer ends without being taken: "declined" or "missed"."""
    work.sql.execute(update(offers).where(offers.c.id == offer.id).values(ended_at=now, outcome=outcome))
    work.happened(OfferEnded(ticket, offer, "expired" if outcome == "missed" else "withdrawn"))
    agents_changed(work, [offer.agent_id])


def any_overdue(sql: Connection, now: datetime) -> bool:
    """Whether an offer's time is up."""
    return bool(ringing_offers(sql, offers.c.expires_at <= now))


def expire_offers(work: Work, now: datetime) -> int:
    """End the offers whose time is up; an agent who missed two in a row is set away. How many ended."""
    decide_alone(work.sql)
    overdue = offers.c.expires_at <= now
    hold_tickets(work.sql, [offer.ticket_id for offer in ringing_offers(work.sql, overdue)])
    # Asked again: one that was taken a moment ago has not been missed.
    due = ringing_offers(work.sql, overdue)
    for offer in due:
        pass_on(work, ticket_by_key(work.sql, offer.ticket_id), offer, now, "missed")
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
        (offer, ticket_by_key(sql, offer.ticket_id), _giver(sql, offer))
        for offer in ringing_offers(sql, offers.c.agent_id == agent_id)
    ]


def _giver(sql: Connection, offer: OfferRow) -> Holder | None:
    return Holder.of(agent_by_key(sql, offer.giver_id)) if offer.giver_id else None

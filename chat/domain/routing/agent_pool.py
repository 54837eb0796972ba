"""The team as the rules weigh it: read once, in the order of preference, and kept right while chats are given out."""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from chat.domain.context import DomainContext
from chat.domain.queries.agents import assigned_chat_count, ringing_offer_counts
from chat.domain.rules.routing import MAX_RECORDED_CANDIDATES, Candidate
from chat.store.key_list import in_keys
from chat.store.tables import agent_departments, agents, offers, tickets

_chose = (agents.c.state == "available", agents.c.removed_at.is_(None))
_FREE = select(agents.c.id, agents.c.capacity - assigned_chat_count).where(
    *_chose, agents.c.capacity > assigned_chat_count
)
_POOL = select(
    agents.c.id,
    agents.c.public_id,
    agents.c.name,
    assigned_chat_count,
    agents.c.capacity,
    agents.c.idle_since,
    agents.c.state_since,
).where(*_chose)
_MEMBERS = select(agent_departments.c.department_id, agent_departments.c.agent_id)
_LOCK = select(agents.c.id).where(in_keys(agents.c.id)).order_by(agents.c.id).with_for_update(key_share=True)
_PASSES = (
    select(offers.c.ticket_id, offers.c.agent_id, func.max(offers.c.ended_at))
    .where(in_keys(offers.c.ticket_id), offers.c.outcome.in_(("declined", "missed")))
    .group_by(offers.c.ticket_id, offers.c.agent_id)
)
_had = func.coalesce(tickets.c.assignee_id, tickets.c.previous_agent_id)
_HAD = (
    select(tickets.c.visitor_id, tickets.c.id, _had)
    .where(in_keys(tickets.c.visitor_id), _had.is_not(None))
    .order_by(tickets.c.id)
)


def free_agents(sql: Connection, present: Collection[int]) -> set[int]:
    """Who is there, available and has a place left; of a full desk that is nobody, told by indexes alone."""
    rung = ringing_offer_counts(sql)
    return {key for key, left in sql.execute(_FREE).all() if key in present and left > rung.get(key, 0)}


def lock_agents(sql: Connection, keys: Collection[int]) -> None:
    """Count their places alone: without this, two nodes could each give them their last one."""
    sql.execute(_LOCK, {"keys": list(keys)}).all()


@dataclass(slots=True)
class PoolAgent:
    """An agent who is there; `chats` grows as they are given one."""

    key: int
    public_id: str
    name: str
    chats: int
    capacity: int
    idle_s: int
    since: datetime

    @property
    def rank(self) -> tuple[int, int, str]:
        """As routing.preference has it, for a visitor whom nobody knows."""
        return self.chats, -self.idle_s, self.public_id


class RoutingRequest(NamedTuple):
    """What a chat asks of the team: a department, not those who passed on it, and best who had its visitor."""

    ticket_id: int
    department_id: int | None
    passed: dict[int, datetime]
    previous_agent: int | None


class AgentPool:
    """Everybody who is there and available, `but` some."""

    def __init__(self, sql: Connection, context: DomainContext, but: Collection[str | None] = ()) -> None:
        self._seats: dict[int, PoolAgent] = {}
        rung = ringing_offer_counts(sql)
        for key, agent, name, taken, capacity, idle_since, since in sql.execute(_POOL).all():
            if key in (context.online_agents or ()) and agent not in but:
                idle_s = max(0, int((context.now - idle_since).total_seconds()))
                chats = taken + rung.get(key, 0)
                self._seats[key] = PoolAgent(key, agent, name, chats, capacity, idle_s, since)
        self._ranked = sorted((seat.rank, seat.key) for seat in self._seats.values())
        self._by_id = {seat.public_id: seat for seat in self._seats.values()}
        self._members: dict[int, set[int]] = {}
        for department_id, agent_id in sql.execute(_MEMBERS).all():
            self._members.setdefault(department_id, set()).add(agent_id)

    def agent(self, agent: str) -> PoolAgent:
        """Of an agent by public id."""
        return self._by_id[agent]

    @property
    def free_slots(self) -> int:
        """How many more chats the team has room for."""
        return sum(max(0, seat.capacity - seat.chats) for seat in self._seats.values())

    @property
    def departments(self) -> list[int]:
        """Those of which somebody has a place left."""
        free = {seat.key for seat in self._seats.values() if seat.chats < seat.capacity}
        return [department for department, members in self._members.items() if not members.isdisjoint(free)]

    def ranked(self, wish: RoutingRequest) -> Iterator[Candidate]:
        """The candidates for a chat, the preferred first: a few of all, so that it can be told why it was not them,
        then only those who may have it."""
        known = self._seats.get(wish.previous_agent) if wish.previous_agent is not None else None
        if known:
            yield self._candidate(known, wish)
        for place, (_, key) in enumerate(self._ranked):
            seat = self._seats[key]
            if seat is not known and (place < MAX_RECORDED_CANDIDATES or self._may_have(seat, wish)):
                yield self._candidate(seat, wish)

    def assign(self, seat: PoolAgent) -> None:
        """One chat more for this agent."""
        del self._ranked[bisect_left(self._ranked, (seat.rank, seat.key))]
        seat.chats += 1
        insort(self._ranked, (seat.rank, seat.key))

    def _may_have(self, seat: PoolAgent, wish: RoutingRequest) -> bool:
        return seat.chats < seat.capacity and self._is_of(seat, wish) and not _passed(seat, wish)

    def _is_of(self, seat: PoolAgent, wish: RoutingRequest) -> bool:
        return wish.department_id is None or seat.key in self._members.get(wish.department_id, ())

    def _candidate(self, seat: PoolAgent, wish: RoutingRequest) -> Candidate:
        return Candidate(
            seat.public_id,
            seat.chats,
            seat.capacity,
            seat.idle_s,
            in_department=self._is_of(seat, wish),
            passed=_passed(seat, wish),
            knows_visitor=seat.key == wish.previous_agent,
        )


def _passed(seat: PoolAgent, wish: RoutingRequest) -> bool:
    """Becoming available again clears a pass."""
    return seat.key in wish.passed and wish.passed[seat.key] >= seat.since


class RoutingTicket(NamedTuple):
    """A ticket for which somebody is looked for."""

    ticket_id: int
    visitor_id: int
    department_id: int | None


def routing_requests(sql: Connection, asking: Collection[RoutingTicket]) -> list[RoutingRequest]:
    """What each asks of the team: who passed on it, and who had its visitor last, this very ticket's agent first,
    before it was reopened or lost, else the newest's."""
    passes: dict[int, dict[int, datetime]] = {}
    for ticket_id, agent_id, at in sql.execute(_PASSES, {"keys": [one.ticket_id for one in asking]}).all():
        passes.setdefault(ticket_id, {})[agent_id] = at
    own: dict[int, int] = {}
    newest: dict[int, int] = {}
    for visitor_id, ticket_id, agent_id in sql.execute(_HAD, {"keys": [one.visitor_id for one in asking]}).all():
        own[ticket_id] = newest[visitor_id] = agent_id
    return [
        RoutingRequest(
            one.ticket_id,
            one.department_id,
            passes.get(one.ticket_id, {}),
            own.get(one.ticket_id, newest.get(one.visitor_id)),
        )
        for one in asking
    ]

"""The team as the rules weigh it: read once, in the order of preference, and kept right while chats are given out."""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from chat.desk.changes import Situation
from chat.desk.records import chats_taken, rung_by_agent
from chat.desk.rules.routing import TOLD, Candidate
from chat.store.among import among
from chat.store.tables import agent_departments, agents, offers, tickets

_chose = (agents.c.state == "available", agents.c.removed_at.is_(None))
_FREE = select(agents.c.id, agents.c.capacity - chats_taken).where(*_chose, agents.c.capacity > chats_taken)
_SEATS = select(
    agents.c.id,
    agents.c.public_id,
    agents.c.name,
    chats_taken,
    agents.c.capacity,
    agents.c.idle_since,
    agents.c.state_since,
).where(*_chose)
_MEMBERS = select(agent_departments.c.department_id, agent_departments.c.agent_id)
_HOLD = select(agents.c.id).where(among(agents.c.id)).order_by(agents.c.id).with_for_update(key_share=True)
_PASSES = (
    select(offers.c.ticket_id, offers.c.agent_id, func.max(offers.c.ended_at))
    .where(among(offers.c.ticket_id), offers.c.outcome.in_(("declined", "missed")))
    .group_by(offers.c.ticket_id, offers.c.agent_id)
)
_had = func.coalesce(tickets.c.assignee_id, tickets.c.lost_agent_id)
_HAD = (
    select(tickets.c.visitor_id, tickets.c.id, _had)
    .where(among(tickets.c.visitor_id), _had.is_not(None))
    .order_by(tickets.c.id)
)


def free_agents(sql: Connection, present: Collection[int]) -> set[int]:
    """Who is there, available and has a place left; of a full desk that is nobody, told by indexes alone."""
    rung = rung_by_agent(sql)
    return {key for key, left in sql.execute(_FREE).all() if key in present and left > rung.get(key, 0)}


def hold_agents(sql: Connection, keys: Collection[int]) -> None:
    """Count their places alone: without this, two nodes could each give them their last one."""
    sql.execute(_HOLD, {"keys": list(keys)}).all()


@dataclass(slots=True)
class Seat:
    """An agent who is there; `chats` grows as they are given one."""

    key: int
    agent: str
    name: str
    chats: int
    capacity: int
    idle_s: int
    since: datetime

    @property
    def rank(self) -> tuple[int, int, str]:
        """As routing.preference has it, for a visitor whom nobody knows."""
        return self.chats, -self.idle_s, self.agent


class Wish(NamedTuple):
    """What a chat asks of the team: a department, not those who passed on it, and best who had its visitor."""

    ticket_id: int
    department_id: int | None
    passed: dict[int, datetime]
    known: int | None


class Team:
    """Everybody who is there and available, `but` some."""

    def __init__(self, sql: Connection, situation: Situation, but: Collection[str | None] = ()) -> None:
        self._seats: dict[int, Seat] = {}
        rung = rung_by_agent(sql)
        for key, agent, name, taken, capacity, idle_since, since in sql.execute(_SEATS).all():
            if key in (situation.present or ()) and agent not in but:
                idle_s = max(0, int((situation.now - idle_since).total_seconds()))
                chats = taken + rung.get(key, 0)
                self._seats[key] = Seat(key, agent, name, chats, capacity, idle_s, since)
        self._ranked = sorted((seat.rank, seat.key) for seat in self._seats.values())
        self._by_id = {seat.agent: seat for seat in self._seats.values()}
        self._members: dict[int, set[int]] = {}
        for department_id, agent_id in sql.execute(_MEMBERS).all():
            self._members.setdefault(department_id, set()).add(agent_id)

    def seat(self, agent: str) -> Seat:
        """Of an agent by public id."""
        return self._by_id[agent]

    @property
    def places(self) -> int:
        """How many more chats the team has room for."""
        return sum(max(0, seat.capacity - seat.chats) for seat in self._seats.values())

    @property
    def departments(self) -> list[int]:
        """Those of which somebody has a place left."""
        free = {seat.key for seat in self._seats.values() if seat.chats < seat.capacity}
        return [department for department, members in self._members.items() if not members.isdisjoint(free)]

    def ranked(self, wish: Wish) -> Iterator[Candidate]:
        """The candidates for a chat, the preferred first: a few of all, so that it can be told why it was not them,
        then only those who may have it."""
        known = self._seats.get(wish.known) if wish.known is not None else None
        if known:
            yield self._candidate(known, wish)
        for place, (_, key) in enumerate(self._ranked):
            seat = self._seats[key]
            if seat is not known and (place < TOLD or self._may_have(seat, wish)):
                yield self._candidate(seat, wish)

    def give(self, seat: Seat) -> None:
        """One chat more for this agent."""
        del self._ranked[bisect_left(self._ranked, (seat.rank, seat.key))]
        seat.chats += 1
        insort(self._ranked, (seat.rank, seat.key))

    def _may_have(self, seat: Seat, wish: Wish) -> bool:
        return seat.chats < seat.capacity and self._is_of(seat, wish) and not _passed(seat, wish)

    def _is_of(self, seat: Seat, wish: Wish) -> bool:
        return wish.department_id is None or seat.key in self._members.get(wish.department_id, ())

    def _candidate(self, seat: Seat, wish: Wish) -> Candidate:
        return Candidate(
            seat.agent,
            seat.chats,
            seat.capacity,
            seat.idle_s,
            in_department=self._is_of(seat, wish),
            passed=_passed(seat, wish),
            knows_visitor=seat.key == wish.known,
        )


def _passed(seat: Seat, wish: Wish) -> bool:
    """Becoming available again clears a pass."""
    return seat.key in wish.passed and wish.passed[seat.key] >= seat.since


class Asking(NamedTuple):
    """A ticket for which somebody is looked for."""

    ticket_id: int
    visitor_id: int
    department_id: int | None


def wishes(sql: Connection, asking: Collection[Asking]) -> list[Wish]:
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
        Wish(
            one.ticket_id,
            one.department_id,
            passes.get(one.ticket_id, {}),
            own.get(one.ticket_id, newest.get(one.visitor_id)),
        )
        for one in asking
    ]

"""The agents whom routing chooses from: read once, in order of preference, and updated while chats are assigned."""

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

_is_available = (agents.c.state == "available", agents.c.removed_at.is_(None))
_FREE = select(agents.c.id, agents.c.capacity - assigned_chat_count).where(
    *_is_available, agents.c.capacity > assigned_chat_count
)
_POOL = select(
    agents.c.id,
    agents.c.public_id,
    agents.c.name,
    assigned_chat_count,
    agents.c.capacity,
    agents.c.idle_since,
    agents.c.state_since,
).where(*_is_available)
_MEMBERS = select(agent_departments.c.department_id, agent_departments.c.agent_id)
_LOCK = select(agents.c.id).where(in_keys(agents.c.id)).order_by(agents.c.id).with_for_update(key_share=True)
_PASSES = (
    select(offers.c.ticket_id, offers.c.agent_id, func.max(offers.c.ended_at))
    .where(in_keys(offers.c.ticket_id), offers.c.outcome.in_(("declined", "missed")))
    .group_by(offers.c.ticket_id, offers.c.agent_id)
)
_previous_agent = func.coalesce(tickets.c.assignee_id, tickets.c.previous_agent_id)
_PREVIOUS_AGENTS = (
    select(tickets.c.visitor_id, tickets.c.id, _previous_agent)
    .where(in_keys(tickets.c.visitor_id), _previous_agent.is_not(None))
    .order_by(tickets.c.id)
)


def free_agents(sql: Connection, online: Collection[int]) -> set[int]:
    """The online agents who are available and have a free slot. When no agent has one, indexes alone show it."""
    ringing = ringing_offer_counts(sql)
    return {key for key, free in sql.execute(_FREE).all() if key in online and free > ringing.get(key, 0)}


def lock_agents(sql: Connection, keys: Collection[int]) -> None:
    """Lock agents until the commit, to count their slots: without it, two nodes could both fill the last one."""
    sql.execute(_LOCK, {"keys": list(keys)}).all()


@dataclass(slots=True)
class PoolAgent:
    """An online, available agent; `chats` grows with every chat that they are assigned."""

    key: int
    public_id: str
    name: str
    chats: int
    capacity: int
    idle_s: int
    since: datetime

    @property
    def rank(self) -> tuple[int, int, str]:
        """The order of routing.preference for a visitor whom no agent knows."""
        return self.chats, -self.idle_s, self.public_id


class RoutingRequest(NamedTuple):
    """What a chat requires of its agent: the department, not one who passed on it, best the visitor's previous one."""

    ticket_id: int
    department_id: int | None
    passed: dict[int, datetime]
    previous_agent: int | None


class AgentPool:
    """Every online, available agent without the `excluded`, by public id."""

    def __init__(self, sql: Connection, context: DomainContext, excluded: Collection[str | None] = ()) -> None:
        self._agents: dict[int, PoolAgent] = {}
        ringing = ringing_offer_counts(sql)
        for key, public_id, name, assigned, capacity, idle_since, since in sql.execute(_POOL).all():
            if key in (context.online_agents or ()) and public_id not in excluded:
                idle_s = max(0, int((context.now - idle_since).total_seconds()))
                chats = assigned + ringing.get(key, 0)
                self._agents[key] = PoolAgent(key, public_id, name, chats, capacity, idle_s, since)
        self._ranked = sorted((agent.rank, agent.key) for agent in self._agents.values())
        self._by_public_id = {agent.public_id: agent for agent in self._agents.values()}
        self._members: dict[int, set[int]] = {}
        for department_id, agent_id in sql.execute(_MEMBERS).all():
            self._members.setdefault(department_id, set()).add(agent_id)

    def agent(self, public_id: str) -> PoolAgent:
        """The agent with this public id, who is in the pool."""
        return self._by_public_id[public_id]

    @property
    def free_slots(self) -> int:
        """The number of chats that all agents together can still take."""
        return sum(max(0, agent.capacity - agent.chats) for agent in self._agents.values())

    @property
    def departments(self) -> list[int]:
        """The departments in which an agent has a free slot."""
        free = {agent.key for agent in self._agents.values() if agent.chats < agent.capacity}
        return [department for department, members in self._members.items() if not members.isdisjoint(free)]

    def ranked(self, request: RoutingRequest) -> Iterator[Candidate]:
        """The candidates for a chat, the preferred first: the first few whether they may have it or not, so that the
        recorded decision can say why it was not them; after those only agents who may have it."""
        previous = self._agents.get(request.previous_agent) if request.previous_agent is not None else None
        if previous:
            yield self._candidate(previous, request)
        for rank, (_, key) in enumerate(self._ranked):
            agent = self._agents[key]
            if agent is not previous and (rank < MAX_RECORDED_CANDIDATES or self._may_have(agent, request)):
                yield self._candidate(agent, request)

    def assign(self, agent: PoolAgent) -> None:
        """Count one more chat for this agent."""
        del self._ranked[bisect_left(self._ranked, (agent.rank, agent.key))]
        agent.chats += 1
        insort(self._ranked, (agent.rank, agent.key))

    def _may_have(self, agent: PoolAgent, request: RoutingRequest) -> bool:
        return agent.chats < agent.capacity and self._in_department(agent, request) and not _passed(agent, request)

    def _in_department(self, agent: PoolAgent, request: RoutingRequest) -> bool:
        return request.department_id is None or agent.key in self._members.get(request.department_id, ())

    def _candidate(self, agent: PoolAgent, request: RoutingRequest) -> Candidate:
        return Candidate(
            agent.public_id,
            agent.chats,
            agent.capacity,
            agent.idle_s,
            in_department=self._in_department(agent, request),
            passed=_passed(agent, request),
            had_visitor=agent.key == request.previous_agent,
        )


def _passed(agent: PoolAgent, request: RoutingRequest) -> bool:
    """Whether the agent declined or missed this chat since they last became available."""
    return agent.key in request.passed and request.passed[agent.key] >= agent.since


class RoutingTicket(NamedTuple):
    """A ticket that needs an agent."""

    ticket_id: int
    visitor_id: int
    department_id: int | None


def routing_requests(sql: Connection, waiting: Collection[RoutingTicket]) -> list[RoutingRequest]:
    """What each ticket requires: the agents who passed on it, and the agent who had it before it was reopened or lost,
    else the agent of the visitor's newest ticket."""
    passes: dict[int, dict[int, datetime]] = {}
    for ticket_id, agent_id, at in sql.execute(_PASSES, {"keys": [one.ticket_id for one in waiting]}).all():
        passes.setdefault(ticket_id, {})[agent_id] = at
    by_ticket: dict[int, int] = {}
    by_visitor: dict[int, int] = {}
    for visitor_id, ticket_id, agent_id in sql.execute(
        _PREVIOUS_AGENTS, {"keys": [one.visitor_id for one in waiting]}
    ).all():
        by_ticket[ticket_id] = by_visitor[visitor_id] = agent_id
    return [
        RoutingRequest(
            one.ticket_id,
            one.department_id,
            passes.get(one.ticket_id, {}),
            by_ticket.get(one.ticket_id, by_visitor.get(one.visitor_id)),
        )
        for one in waiting
    ]

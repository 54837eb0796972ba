"""What is due: the worker's one question of each second, before it takes the writer's time."""

from typing import NamedTuple

from sqlalchemy import Connection

from chat.domain.context import DomainContext
from chat.domain.queries import queue
from chat.domain.routing import lost_agents, offers
from chat.domain.routing.long_waits import has_long_waits


class PendingWork(NamedTuple):
    """Whether an offer has rung for too long, anybody waits, an agent has left chats behind, a wait grows long."""

    overdue_offers: bool
    waiting_chats: bool
    absent_agents: bool
    long_waits: bool


def check(sql: Connection, context: DomainContext, sure: DomainContext) -> PendingWork:
    """`sure` names who is there only while absence may be concluded from it (DESIGN, Presence)."""
    return PendingWork(
        offers.has_overdue_offers(sql, context.now),
        queue.has_waiting_chats(sql),
        lost_agents.has_absent_agents(sql, sure),
        has_long_waits(sql, sure),
    )

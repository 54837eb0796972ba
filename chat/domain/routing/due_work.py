"""Due work: one read, every second, that tells a worker whether it has to write at all."""

from typing import NamedTuple

from sqlalchemy import Connection

from chat.domain.context import DomainContext
from chat.domain.queries import queue
from chat.domain.routing import lost_agents, offers
from chat.domain.routing.long_waits import has_long_waits


class PendingWork(NamedTuple):
    """Which kinds of periodic work have something to do."""

    overdue_offers: bool
    waiting_chats: bool
    absent_agents: bool
    long_waits: bool


def check(sql: Connection, context: DomainContext, sure: DomainContext) -> PendingWork:
    """The work that is due. In `sure`, online_agents is None unless Redis has answered
    for long enough to conclude that somebody is absent."""
    return PendingWork(
        offers.has_overdue_offers(sql, context.now),
        queue.has_waiting_chats(sql),
        lost_agents.has_absent_agents(sql, sure),
        has_long_waits(sql, sure),
    )

"""Claims: an agent takes a waiting chat or an open ticket, accepts an offer, or takes over from another agent."""

from datetime import datetime

from chat.domain.queries.agents import agent_by_key
from chat.domain.refusals import NotAllowed, TicketEnded
from chat.domain.tickets.assignment import assign, lock_claimant
from chat.domain.tickets.locks import lock_agent, lock_ticket
from chat.store.rows import TicketRow
from chat.store.transaction import Transaction


def claim(tx: Transaction, agent_id: int, ticket: str, over_capacity: bool, now: datetime) -> TicketRow:
    """Accept an offer, take a waiting chat or an open ticket; the agent's own ticket is returned as it is. TicketEnded,
    or Conflict as `lock_claimant` raises it."""
    row = lock_ticket(tx.sql, ticket)
    if row.finished:
        raise TicketEnded
    if row.assignee_id == agent_id:
        return row
    return assign(tx, row, lock_claimant(tx.sql, row, agent_id, over_capacity), now)


def take_over(tx: Transaction, agent_id: int, ticket: str, now: datetime) -> TicketRow:
    """A supervisor or admin takes a ticket from its owner, who is notified. NotAllowed for agents; TicketEnded."""
    row = lock_ticket(tx.sql, ticket)
    lock_agent(tx.sql, agent_id)
    agent = agent_by_key(tx.sql, agent_id)
    if agent.role == "agent":
        raise NotAllowed("supervisors and admins take over")
    if row.assignee_id == agent.id:
        return row
    if row.finished:
        raise TicketEnded
    return assign(tx, row, agent, now)

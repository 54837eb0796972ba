"""Reading the recorded routing decisions: why a ticket was offered to which agent."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from chat.domain.queries.tickets import ticket_by_public_id
from chat.store.tables import decisions
from chat.vocabulary import RoutingRule

MAX_DECISIONS = 20


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One routing decision: its rule, the chosen agent's public id and all recorded candidates."""

    at: datetime
    rule: RoutingRule
    chosen: str | None
    candidates: list[dict[str, object]]


def explain(sql: Connection, ticket: str) -> list[DecisionRow]:
    """The decisions about a ticket, newest first, at most 20. Raises NotFound."""
    row = ticket_by_public_id(sql, ticket)
    columns = (decisions.c.at, decisions.c.rule, decisions.c.chosen, decisions.c.candidates)
    of_ticket = select(*columns).where(decisions.c.ticket_id == row.id)
    newest = of_ticket.order_by(decisions.c.id.desc()).limit(MAX_DECISIONS)
    return [DecisionRow(*found) for found in sql.execute(newest).all()]

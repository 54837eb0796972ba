"""Reading offers that ring now, and why a ticket was offered to whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.tickets import ticket_by_public_id, ticket_without_position
from chat.domain.refusals import AgentRef
from chat.store.rows import OfferRow, TicketRow
from chat.store.tables import (
    decisions,
    offers,
)
from chat.store.tables.routing import ringing

_RINGING = select(*(offers.c[name] for name in OfferRow.__dataclass_fields__)).where(ringing)


def ringing_offers(sql: Connection, *condition: ColumnElement[bool]) -> list[OfferRow]:
    """Offers that ring now and of which this is true, in the order in which they were made."""
    # Sorted here: told to sort by its key, SQLite would walk along all the offers there ever were.
    return sorted((OfferRow(*row) for row in sql.execute(_RINGING.where(*condition)).all()), key=attrgetter("id"))


def offers_on_console(sql: Connection, agent_id: int) -> list[tuple[OfferRow, TicketRow, AgentRef | None]]:
    """What rings on an agent's console now, and who hands it over: for a console that has just connected."""
    return [
        (offer, ticket_without_position(sql, offer.ticket_id), _giver(sql, offer))
        for offer in ringing_offers(sql, offers.c.agent_id == agent_id)
    ]


def _giver(sql: Connection, offer: OfferRow) -> AgentRef | None:
    return AgentRef.of(agent_by_key(sql, offer.from_agent_id)) if offer.from_agent_id else None


class RingingOffer(NamedTuple):
    """A ticket that rings on a console now."""

    offer: OfferRow
    ticket: TicketRow
    from_agent: AgentRef | None


def offers_ringing_for(sql: Connection, agent_ids: Iterable[int]) -> list[RingingOffer]:
    """What rings now on the consoles of these agents."""
    return [RingingOffer(*found) for agent_id in agent_ids for found in offers_on_console(sql, agent_id)]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """Why a ticket rang where it did."""

    at: datetime
    rule: str
    chosen: str | None
    candidates: list[dict[str, object]]


def explain(sql: Connection, ticket: str) -> list[DecisionRow]:
    """Why it rang where it did, newest first, at most 20; NotFound."""
    row = ticket_by_public_id(sql, ticket)
    query = select(decisions.c.at, decisions.c.rule, decisions.c.chosen, decisions.c.candidates)
    made = query.where(decisions.c.ticket_id == row.id).order_by(decisions.c.id.desc()).limit(20)
    return [DecisionRow(*found) for found in sql.execute(made).all()]

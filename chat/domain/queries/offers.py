"""Reading the offers that ring now."""

from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.tickets import ticket_without_position
from chat.domain.refusals import AgentRef
from chat.store.rows import OfferRow, TicketRow
from chat.store.tables import offers, ringing

_RINGING = select(*(offers.c[name] for name in OfferRow.__dataclass_fields__)).where(ringing)


class RingingOffer(NamedTuple):
    """An offer that rings now, its ticket, and the agent who hands the ticket over (None: routing made the offer)."""

    offer: OfferRow
    ticket: TicketRow
    from_agent: AgentRef | None


def ringing_offers(sql: Connection, *condition: ColumnElement[bool]) -> list[OfferRow]:
    """The offers that ring now and meet the condition, oldest first."""
    # Sorted here: with ORDER BY id, SQLite would walk the primary key through all offers ever made.
    return sorted((OfferRow(*row) for row in sql.execute(_RINGING.where(*condition)).all()), key=attrgetter("id"))


def offers_ringing_for(sql: Connection, agent_ids: Iterable[int]) -> list[RingingOffer]:
    """The offers that ring now on the consoles of these agents."""
    return [offer for agent_id in agent_ids for offer in offers_on_console(sql, agent_id)]


def offers_on_console(sql: Connection, agent_id: int) -> list[RingingOffer]:
    """The offers that ring now on one agent's console, for a console that has just connected."""
    return [
        RingingOffer(offer, ticket_without_position(sql, offer.ticket_id), _from_agent(sql, offer))
        for offer in ringing_offers(sql, offers.c.agent_id == agent_id)
    ]


def _from_agent(sql: Connection, offer: OfferRow) -> AgentRef | None:
    return AgentRef.of(agent_by_key(sql, offer.from_agent_id)) if offer.from_agent_id else None

"""Reading the offers that ring now."""

from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from chat.domain.queries.agents import agent_by_key
from chat.domain.queries.tickets import ticket_without_position
from chat.domain.refusals import AgentRef
from chat.store.key_list import in_keys
from chat.store.rows import OfferRow, TicketRow
from chat.store.tables import offers, ringing

_RINGING = select(*(offers.c[name] for name in OfferRow.__dataclass_fields__)).where(ringing)
_RINGING_FOR = _RINGING.where(in_keys(offers.c.agent_id))


class RingingOffer(NamedTuple):
    """An offer that rings now, its ticket, and the agent who hands the ticket over (None: routing made the offer)."""

    offer: OfferRow
    ticket: TicketRow
    from_agent: AgentRef | None


def ringing_offers(sql: Connection, *condition: ColumnElement[bool]) -> list[OfferRow]:
    """The offers that ring now and meet the condition, oldest first."""
    return _oldest_first(sql.execute(_RINGING.where(*condition)).all())


def _oldest_first(rows: Iterable[Sequence[Any]]) -> list[OfferRow]:
    # Sorted here: with ORDER BY id, SQLite would walk the primary key through all offers ever made.
    return sorted((OfferRow(*row) for row in rows), key=attrgetter("id"))


def offers_ringing_for(sql: Connection, agent_ids: Collection[int]) -> list[RingingOffer]:
    """The offers that ring now on the consoles of these agents."""
    found = _oldest_first(sql.execute(_RINGING_FOR, {"keys": agent_ids}).all())
    return [_with_ticket(sql, offer) for offer in found]


def offers_on_console(sql: Connection, agent_id: int) -> list[RingingOffer]:
    """The offers that ring now on one agent's console, for a console that has just connected."""
    return [_with_ticket(sql, offer) for offer in ringing_offers(sql, offers.c.agent_id == agent_id)]


def _with_ticket(sql: Connection, offer: OfferRow) -> RingingOffer:
    return RingingOffer(offer, ticket_without_position(sql, offer.ticket_id), _from_agent(sql, offer))


def _from_agent(sql: Connection, offer: OfferRow) -> AgentRef | None:
    return AgentRef.of(agent_by_key(sql, offer.from_agent_id)) if offer.from_agent_id else None

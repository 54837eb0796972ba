"""The events of offers and agents."""

from collections.abc import Iterator

from chat import presenters, protocol
from chat.domain.audience import all_agents, these_agents
from chat.domain.facts import AgentChanged, AgentRemoved, OfferEnded, OfferMade, SessionEnded, SettingsChanged
from chat.events.base import EventContext, EventDraft, FactEvents, no_events


def offer_made(fact: OfferMade, _: EventContext) -> Iterator[EventDraft]:
    shape = presenters.offer(fact.offer, fact.ticket, fact.from_agent)
    yield EventDraft("offer", shape, these_agents(fact.offer.agent_id))


def offer_ended(fact: OfferEnded, _: EventContext) -> Iterator[EventDraft]:
    ended = protocol.OfferEnded(ticket=fact.ticket.public_id, reason=fact.reason)
    yield EventDraft("offer_ended", ended, these_agents(fact.offer.agent_id, fact.offer.from_agent_id))


def agent_changed(fact: AgentChanged, context: EventContext) -> Iterator[EventDraft]:
    yield EventDraft("presence", presenters.agent(fact.agent, context.connected(fact.agent.id)), all_agents())


EVENTS: FactEvents = {
    OfferMade: offer_made,
    OfferEnded: offer_ended,
    AgentChanged: agent_changed,
    # Each node checks its sockets and its settings by itself.
    AgentRemoved: no_events,
    SessionEnded: no_events,
    SettingsChanged: no_events,
}

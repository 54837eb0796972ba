"""The events of tickets, their inbox cards and their visitors."""

from collections.abc import Iterator

from chat import presenters, protocol
from chat.domain.audience import Audience, agents_of_ticket, all_agents, both_sides
from chat.domain.facts import InboxCardChanged, TicketChanged, VisitorPresenceChanged
from chat.events.base import EventContext, EventDraft, FactEvents
from chat.store.rows import TicketRow


def ticket_changed(fact: TicketChanged, context: EventContext) -> Iterator[EventDraft]:
    """The visitor's copy has the link of the ticket's page, the agents' does not."""
    ticket = fact.ticket
    visitors, agents = both_sides(ticket.id, ticket.visitor_id, ticket.assignee_id)
    yield EventDraft("ticket", presenters.ticket(ticket, context.links), Audience(visitors, ()))
    yield EventDraft("ticket", presenters.ticket(ticket), Audience((), agents))
    yield card_event(ticket)
    if ticket.finished:
        yield EventDraft("gone", protocol.TicketLeft(ticket=ticket.public_id), all_agents())


def card_changed(fact: InboxCardChanged, _: EventContext) -> Iterator[EventDraft]:
    yield card_event(fact.ticket)


def visitor_presence_changed(fact: VisitorPresenceChanged, _: EventContext) -> Iterator[EventDraft]:
    ticket, page = fact.ticket, presenters.page(fact.page)
    moved = protocol.VisitorEvent(ticket=ticket.public_id, state=ticket.visitor_state, page=page)
    yield EventDraft("visitor", moved, agents_of_ticket(ticket.id, ticket.assignee_id))
    yield card_event(ticket)


def card_event(ticket: TicketRow) -> EventDraft:
    """The ticket's card in the inbox of every agent."""
    return EventDraft("card", presenters.card(ticket), all_agents())


EVENTS: FactEvents = {
    TicketChanged: ticket_changed,
    InboxCardChanged: card_changed,
    VisitorPresenceChanged: visitor_presence_changed,
}

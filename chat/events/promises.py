"""The events of promises."""

from collections.abc import Iterator

from chat.domain.audience import these_agents
from chat.domain.promises.facts import PromiseAlertDue
from chat.events.base import EventContext, EventDraft, FactEvents
from chat.protocol.promises import Alert


def alert_due(fact: PromiseAlertDue, _: EventContext) -> Iterator[EventDraft]:
    ticket = fact.ticket
    alert = Alert(ticket=ticket.public_id, number=ticket.id, name=ticket.name, what=fact.alert, due=fact.due_at)
    yield EventDraft("alert", alert, these_agents(*fact.receivers))


EVENTS: FactEvents = {PromiseAlertDue: alert_due}

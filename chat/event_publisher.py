"""The event publisher: sends the events of committed facts to their audience, on this node and on the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat import presenters, protocol
from chat.discovery import modules_of
from chat.domain.audience import both_sides
from chat.domain.facts import Fact, PlainMessagePosted
from chat.events.base import EventContext, EventDraft, FactEvents
from chat.protocol import Emission
from chat.store.transaction import RecordedFact

# The events of every fact, from all modules of chat/events/.
EVENTS: FactEvents = {
    fact: events for module in modules_of("chat.events") for fact, events in getattr(module, "EVENTS", {}).items()
}


@dataclass(frozen=True)
class EventPublisher:
    """Sends events to this node's sockets by `emit` and to the other nodes by `send`; neither may wait."""

    context: EventContext
    emit: Callable[[Emission], None]
    send: Callable[[Emission], None]

    def deliver(self, recorded: Sequence[RecordedFact]) -> None:
        """Publish the facts of one or more transactions, in their order."""
        for fact, origin in recorded:
            if isinstance(fact, PlainMessagePosted):
                self._send(_plain_message(fact, origin))
            else:
                assert isinstance(fact, Fact)
                for draft in EVENTS[type(fact)](fact, self.context):
                    self._send(_emission(draft, origin))

    def _send(self, emission: Emission) -> None:
        self.emit(emission)
        self.send(emission)


def _emission(draft: EventDraft, origin: str | None) -> Emission:
    event, shape, (visitors, agents), skip_sender = draft
    if visitors and event not in protocol.VISITOR_EVENTS:
        raise ValueError(f"no event {event} goes to visitors")
    return Emission(event, shape, protocol.encode(shape), visitors, agents, origin if skip_sender else None)


def _plain_message(fact: PlainMessagePosted, origin: str | None) -> Emission:
    """Nearly all events are these, so they take the shortest way. The sender has the message from the ack."""
    message, ticket_id, visitor_id, assignee_id = fact
    visitors, agents = both_sides(ticket_id, visitor_id, assignee_id)
    shape = presenters.message(message)
    return Emission("message", shape, protocol.encode(shape), visitors, agents, origin)

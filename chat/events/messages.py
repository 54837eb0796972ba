"""The events of messages, notes and read marks."""

from collections.abc import Iterator

from chat import presenters, protocol
from chat.domain.audience import agents_of_ticket, both_sides
from chat.domain.facts import MessagePosted, NotePosted, ReadMarkMoved
from chat.events.base import EventContext, EventDraft, FactEvents
from chat.events.tickets import card_event


def message_posted(fact: MessagePosted, _: EventContext) -> Iterator[EventDraft]:
    message, ticket = fact.message, fact.ticket
    audience = both_sides(ticket.id, ticket.visitor_id, ticket.assignee_id)
    # No ack contains a message of kind event, so it goes to the socket that caused it, too.
    yield EventDraft("message", presenters.message(message), audience, skip_sender=message.event is None)
    yield card_event(ticket)


def note_posted(fact: NotePosted, _: EventContext) -> Iterator[EventDraft]:
    audience = agents_of_ticket(fact.ticket.id, fact.ticket.assignee_id)
    yield EventDraft("note", presenters.note(fact.note), audience, skip_sender=True)


def read_mark_moved(fact: ReadMarkMoved, _: EventContext) -> Iterator[EventDraft]:
    ticket = fact.ticket
    read = protocol.ReadEvent(ticket=ticket.public_id, seq=fact.seq, by=fact.by)
    audience = both_sides(ticket.id, ticket.visitor_id, ticket.assignee_id)
    yield EventDraft("read", read, audience, skip_sender=True)
    if fact.by == "agent":  # a card does not show how far the visitor has read
        yield card_event(ticket)


EVENTS: FactEvents = {
    MessagePosted: message_posted,
    NotePosted: note_posted,
    ReadMarkMoved: read_mark_moved,
}

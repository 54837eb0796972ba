"""The event publisher: turns committed facts into events for their audience, on this node and on the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, assert_never

import msgspec

from chat import presenters, protocol
from chat.domain import facts
from chat.domain.audience import EventKind, EventSubject, audience
from chat.domain.facts import PlainMessagePosted, TeamFact, TicketFact
from chat.links import TicketLinks
from chat.protocol import Emission
from chat.store.rows import TicketRow
from chat.store.transaction import RecordedFact


class EventDraft(NamedTuple):
    """One event of a fact, before its rooms are known."""

    kind: EventKind
    event: str
    shape: protocol.Shape
    subject: EventSubject
    # A message's sender has it from the ack; a ticket's change goes to all sockets.
    skip_sender: bool = False


@dataclass(frozen=True)
class EventPublisher:
    """Sends events to this node's sockets by `emit` and to the other nodes by `send`; neither may wait. `connected`
    says whether an agent has a socket on any node."""

    links: TicketLinks
    emit: Callable[[Emission], None]
    send: Callable[[Emission], None]
    connected: Callable[[int], bool]

    def deliver(self, recorded: Sequence[RecordedFact]) -> None:
        """Publish the facts of one or more transactions, in their order."""
        for fact, origin in recorded:
            if isinstance(fact, PlainMessagePosted):
                self._send(_plain_message(fact, origin))
            else:
                assert isinstance(fact, TicketFact | TeamFact)
                for draft in self._drafts(fact):
                    self._publish(draft, origin)

    def _publish(self, draft: EventDraft, origin: str | None) -> None:
        skip = origin if draft.skip_sender else None
        rooms = audience(draft.kind, draft.subject)
        emission = Emission(draft.event, draft.shape, protocol.encode(draft.shape), *rooms, skip)
        for each in self._with_link(emission) if isinstance(draft.shape, protocol.Ticket) else (emission,):
            self._send(each)

    def _send(self, emission: Emission) -> None:
        self.emit(emission)
        self.send(emission)

    def _with_link(self, emission: Emission) -> Iterator[Emission]:
        """Two events: the visitor's has the link of the ticket's page, the agents' does not."""
        assert isinstance(emission.shape, protocol.Ticket)
        shape = msgspec.structs.replace(emission.shape, link=self.links.url(emission.shape.id))
        yield emission._replace(shape=shape, payload=protocol.encode(shape), agents=())
        yield emission._replace(visitors=())

    def _drafts(self, fact: TicketFact | TeamFact) -> Iterator[EventDraft]:
        match fact:
            case facts.MessagePosted(message, ticket):
                # No ack contains a message of kind event, so it goes to the socket that caused it, too.
                in_ack, shape = message.event is None, presenters.message(message)
                yield EventDraft("message", "message", shape, _subject_of(ticket), skip_sender=in_ack)
                yield _card(ticket)
            case facts.InboxCardChanged(ticket):
                yield _card(ticket)
            case facts.NotePosted(note, ticket):
                yield EventDraft("note", "note", presenters.note(note), _subject_of(ticket), skip_sender=True)
            case facts.TicketChanged(ticket):
                yield EventDraft("ticket", "ticket", presenters.ticket(ticket), _subject_of(ticket))
                yield _card(ticket)
                if ticket.status in ("solved", "closed"):
                    yield EventDraft("card", "gone", protocol.TicketLeft(ticket=ticket.public_id), EventSubject())
            case facts.ReadMarkMoved(ticket, seq, by):
                read = protocol.ReadEvent(ticket=ticket.public_id, seq=seq, by=by)
                yield EventDraft("read", "read", read, _subject_of(ticket), skip_sender=True)
                if by == "agent":  # a card does not show how far the visitor has read
                    yield _card(ticket)
            case facts.VisitorPresenceChanged(ticket, page):
                moved = protocol.VisitorEvent(
                    ticket=ticket.public_id, state=ticket.visitor_state, page=presenters.page(page)
                )
                yield EventDraft("visitor", "visitor", moved, _subject_of(ticket))
                yield _card(ticket)
            case _:
                yield from self._team_drafts(fact)

    def _team_drafts(self, fact: TeamFact) -> Iterator[EventDraft]:
        match fact:
            case facts.OfferMade(offer, ticket, giver):
                subject = EventSubject(agent_ids=(offer.agent_id,))
                yield EventDraft("offer", "offer", presenters.offer(offer, ticket, giver), subject)
            case facts.OfferEnded(ticket, offer, reason):
                agent_ids = (offer.agent_id,) if offer.from_agent_id is None else (offer.agent_id, offer.from_agent_id)
                ended = protocol.OfferEnded(ticket=ticket.public_id, reason=reason)
                yield EventDraft("offer_ended", "offer_ended", ended, EventSubject(agent_ids=agent_ids))
            case facts.AgentChanged(agent):
                shown = presenters.agent(agent, self.connected(agent.id))
                yield EventDraft("agent", "presence", shown, EventSubject())
            case facts.AgentRemoved() | facts.SessionEnded() | facts.SettingsChanged():
                return  # No event: each node checks its sockets and its settings by itself.
            case _:
                assert_never(fact)


def _plain_message(fact: PlainMessagePosted, origin: str | None) -> Emission:
    """Nearly all events are these, so they take the shortest way. The sender has the message from the ack."""
    message, ticket_id, visitor_id, assignee_id = fact
    visitors, agents = audience("message", _subject(ticket_id, visitor_id, assignee_id))
    shape = presenters.message(message)
    return Emission("message", shape, protocol.encode(shape), visitors, agents, origin)


def _subject_of(ticket: TicketRow) -> EventSubject:
    return _subject(ticket.id, ticket.visitor_id, ticket.assignee_id)


def _subject(ticket_id: int, visitor_id: int, assignee_id: int | None) -> EventSubject:
    return EventSubject(ticket_id, visitor_id, () if assignee_id is None else (assignee_id,))


def _card(ticket: TicketRow) -> EventDraft:
    return EventDraft("card", "card", presenters.card(ticket), EventSubject())

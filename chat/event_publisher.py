"""Facts become events: what was committed is told to those who may hear it, here and on the other nodes."""

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
    """What a fact says to one audience, before it is known which rooms that is."""

    kind: EventKind
    event: str
    shape: protocol.Shape
    subject: EventSubject
    # The sender of a message has it from the ack; everybody hears of a ticket's change.
    skip_sender: bool = False


@dataclass(frozen=True)
class EventPublisher:
    """Tells this node's sockets by `emit` and the other nodes by `send`; neither may wait. `connected` says whether
    an agent has a socket anywhere."""

    links: TicketLinks
    emit: Callable[[Emission], None]
    send: Callable[[Emission], None]
    connected: Callable[[int], bool]

    def deliver(self, told: Sequence[RecordedFact]) -> None:
        """Announce what one transaction did, in its order."""
        for fact, origin in told:
            if isinstance(fact, PlainMessagePosted):
                self._send(_plain_message(fact, origin))
            else:
                assert isinstance(fact, TicketFact | TeamFact)
                for said in self._drafts(fact):
                    self.announce(said, origin)

    def announce(self, said: EventDraft, origin: str | None = None) -> None:
        """One event to all of its audience."""
        skip = origin if said.skip_sender else None
        emission = Emission(
            said.event, said.shape, protocol.encode(said.shape), *audience(said.kind, said.subject), skip
        )
        for one in self._with_link(emission) if isinstance(said.shape, protocol.Ticket) else (emission,):
            self._send(one)

    def _send(self, emission: Emission) -> None:
        self.emit(emission)
        self.send(emission)

    def _with_link(self, emission: Emission) -> Iterator[Emission]:
        """A visitor is told the address of their ticket's page; nobody else is."""
        assert isinstance(emission.shape, protocol.Ticket)
        shape = msgspec.structs.replace(emission.shape, link=self.links.url(emission.shape.id))
        yield emission._replace(shape=shape, payload=protocol.encode(shape), agents=())
        yield emission._replace(visitors=())

    def _drafts(self, fact: TicketFact | TeamFact) -> Iterator[EventDraft]:
        match fact:
            case facts.MessagePosted(message, ticket):
                # An event's line is in no ack: the one who caused it hears it like everybody else.
                words = message.event is None
                yield EventDraft(
                    "message", "message", presenters.message(message), _subject_of(ticket), skip_sender=words
                )
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
                if by == "agent":  # of how far a visitor has read no line of the inbox tells
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
                whom = EventSubject(agent_ids=(offer.agent_id,))
                yield EventDraft("offer", "offer", presenters.offer(offer, ticket, giver), whom)
            case facts.OfferEnded(ticket, offer, reason):
                both = (offer.agent_id,) if offer.from_agent_id is None else (offer.agent_id, offer.from_agent_id)
                ended = protocol.OfferEnded(ticket=ticket.public_id, reason=reason)
                yield EventDraft("offer_ended", "offer_ended", ended, EventSubject(agent_ids=both))
            case facts.AgentChanged(agent):
                shown = presenters.agent(agent, self.connected(agent.id))
                yield EventDraft("agent", "presence", shown, EventSubject())
            case facts.AgentRemoved() | facts.SessionEnded() | facts.SettingsChanged():
                return  # Nothing to show: each node looks at its sockets and its settings by itself.
            case _:
                assert_never(fact)


def _plain_message(fact: PlainMessagePosted, origin: str | None) -> Emission:
    """The sender has them from the ack. Nearly all that is told is this, so it takes the shortest way."""
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

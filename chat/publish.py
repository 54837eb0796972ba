"""Facts become events: what was committed is told to those who may hear it, here and on the other nodes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, assert_never

import msgspec

from chat import present, wire
from chat.desk import facts
from chat.desk.facts import TeamFact, TicketFact, WordsPosted
from chat.desk.rules.audience import Concerned, Heard, audience
from chat.store.rows import TicketRow
from chat.store.works import Told
from chat.wire import Emission


class Said(NamedTuple):
    """What a fact says to one audience, before it is known which rooms that is."""

    heard: Heard
    event: str
    shape: wire.Shape
    whom: Concerned
    # The sender of a message has it from the ack; everybody hears of a ticket's change.
    spare_sender: bool = False


@dataclass(frozen=True)
class Publisher:
    """Tells this node's sockets by `emit` and the other nodes by `send`; neither may wait. `connected` says whether
    an agent has a socket anywhere."""

    links: present.Links
    emit: Callable[[Emission], None]
    send: Callable[[Emission], None]
    connected: Callable[[int], bool]

    def deliver(self, told: Sequence[Told]) -> None:
        """Announce what one transaction did, in its order."""
        for fact, origin in told:
            if isinstance(fact, WordsPosted):
                self._tell(_words(fact, origin))
            else:
                assert isinstance(fact, TicketFact | TeamFact)
                for said in self._said(fact):
                    self.announce(said, origin)

    def announce(self, said: Said, origin: str | None = None) -> None:
        """One event to all of its audience."""
        skip = origin if said.spare_sender else None
        emission = Emission(said.event, said.shape, wire.encoded(said.shape), *audience(said.heard, said.whom), skip)
        for one in self._with_address(emission) if isinstance(said.shape, wire.Ticket) else (emission,):
            self._tell(one)

    def _tell(self, emission: Emission) -> None:
        self.emit(emission)
        self.send(emission)

    def _with_address(self, emission: Emission) -> Iterator[Emission]:
        """A visitor is told the address of their ticket's page; nobody else is."""
        assert isinstance(emission.shape, wire.Ticket)
        shape = msgspec.structs.replace(emission.shape, link=self.links.address(emission.shape.id))
        yield emission._replace(shape=shape, payload=wire.encoded(shape), agents=())
        yield emission._replace(visitors=())

    def _said(self, fact: TicketFact | TeamFact) -> Iterator[Said]:
        match fact:
            case facts.MessagePosted(message, ticket):
                # An event's line is in no ack: the one who caused it hears it like everybody else.
                words = message.event is None
                yield Said("message", "message", present.message(message), _about(ticket), spare_sender=words)
                yield _card(ticket)
            case facts.CardMoved(ticket):
                yield _card(ticket)
            case facts.NotePosted(note, ticket):
                yield Said("note", "note", present.note(note), _about(ticket), spare_sender=True)
            case facts.TicketChanged(ticket):
                yield Said("ticket", "ticket", present.ticket(ticket), _about(ticket))
                yield _card(ticket)
                if ticket.status in ("solved", "closed"):
                    yield Said("card", "gone", wire.Gone(ticket=ticket.public_id), Concerned())
            case facts.ReadMoved(ticket, seq, by):
                read = wire.ReadEvent(ticket=ticket.public_id, seq=seq, by=by)
                yield Said("read", "read", read, _about(ticket), spare_sender=True)
                if by == "agent":  # of how far a visitor has read no line of the inbox tells
                    yield _card(ticket)
            case facts.VisitorMoved(ticket, page):
                moved = wire.VisitorEvent(ticket=ticket.public_id, state=ticket.visitor_state, page=present.page(page))
                yield Said("visitor", "visitor", moved, _about(ticket))
                yield _card(ticket)
            case _:
                yield from self._said_to_agents(fact)

    def _said_to_agents(self, fact: TeamFact) -> Iterator[Said]:
        match fact:
            case facts.OfferMade(offer, ticket, giver):
                whom = Concerned(agent_ids=(offer.agent_id,))
                yield Said("offer", "offer", present.offer(offer, ticket, giver), whom)
            case facts.OfferEnded(ticket, offer, reason):
                both = (offer.agent_id,) if offer.giver_id is None else (offer.agent_id, offer.giver_id)
                ended = wire.OfferEnded(ticket=ticket.public_id, reason=reason)
                yield Said("offer_ended", "offer_ended", ended, Concerned(agent_ids=both))
            case facts.AgentChanged(agent):
                shown = present.agent(agent, self.connected(agent.id))
                yield Said("agent", "presence", shown, Concerned())
            case facts.AgentRemoved() | facts.SessionEnded() | facts.SettingsChanged():
                return  # Nothing to show: each node looks at its sockets and its settings by itself.
            case _:
                assert_never(fact)


def _words(fact: WordsPosted, origin: str | None) -> Emission:
    """The sender has them from the ack. Nearly all that is told is this, so it takes the shortest way."""
    message, ticket_id, visitor_id, assignee_id = fact
    visitors, agents = audience("message", _concerned(ticket_id, visitor_id, assignee_id))
    shape = present.message(message)
    return Emission("message", shape, wire.encoded(shape), visitors, agents, origin)


def _about(ticket: TicketRow) -> Concerned:
    return _concerned(ticket.id, ticket.visitor_id, ticket.assignee_id)


def _concerned(ticket_id: int, visitor_id: int, assignee_id: int | None) -> Concerned:
    return Concerned(ticket_id, visitor_id, () if assignee_id is None else (assignee_id,))


def _card(ticket: TicketRow) -> Said:
    return Said("card", "card", present.card(ticket), Concerned())

"""Facts: domain actions record them in the past tense, and the event publisher announces them after COMMIT."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from chat.domain.refusals import AgentRef
from chat.store.rows import AgentRow, MessageRow, NoteRow, OfferRow, TicketRow
from chat.vocabulary import OfferEnd, Side


class Fact:
    """What an action did. A feature's facts extend it, and a module of chat/events/ lists the events of each."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class MessagePosted(Fact):
    """A message was posted; `ticket` is its row after the message."""

    message: MessageRow
    ticket: TicketRow


class PlainMessagePosted(NamedTuple):
    """A message was posted that changes only the message columns of its ticket (the fast path).

    It is no `Fact`, so that no reaction can be listed for it. It comes without the ticket's row: reading that would
    cost more than storing the message.
    """

    message: MessageRow
    ticket_id: int
    visitor_id: int
    assignee_id: int | None


@dataclass(frozen=True, slots=True)
class InboxCardChanged(Fact):
    """The inbox card of a ticket changed by messages of the fast path. Recorded by a timer, not by an action."""

    ticket: TicketRow


@dataclass(frozen=True, slots=True)
class NotePosted(Fact):
    """An agent added a note, which only agents may see."""

    note: NoteRow
    ticket: TicketRow


@dataclass(frozen=True, slots=True)
class TicketChanged(Fact):
    """Status, assignee, queue, promise or contact of a ticket changed."""

    ticket: TicketRow


@dataclass(frozen=True, slots=True)
class ReadMarkMoved(Fact):
    """One side has read up to `seq`."""

    ticket: TicketRow
    seq: int
    by: Side


@dataclass(frozen=True, slots=True)
class OfferMade(Fact):
    """An agent is offered a ticket; `from_agent` hands it over (None: routing made the offer)."""

    offer: OfferRow
    ticket: TicketRow
    from_agent: AgentRef | None


@dataclass(frozen=True, slots=True)
class OfferEnded(Fact):
    """An offer no longer rings."""

    ticket: TicketRow
    offer: OfferRow
    reason: OfferEnd


@dataclass(frozen=True, slots=True)
class AgentChanged(Fact):
    """An agent's state, used slots or profile changed."""

    agent: AgentRow


@dataclass(frozen=True, slots=True)
class AgentRemoved(Fact):
    """An agent was removed, and their sessions deleted: nodes disconnect their sockets."""

    agent_id: int


@dataclass(frozen=True, slots=True)
class SessionEnded(Fact):
    """An agent has signed out; `token_hash` is the hash of their session."""

    token_hash: str


@dataclass(frozen=True, slots=True)
class VisitorPresenceChanged(Fact):
    """A visitor's presence or page changed; the event is for the agents of this ticket."""

    ticket: TicketRow
    page: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class SettingsChanged(Fact):
    """Calendar, sites or departments were edited."""

"""What has happened, in the past tense: recorded by the verbs, announced by publish.py once it is committed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from chat.domain.refusals import AgentRef
from chat.store.rows import AgentRow, MessageRow, NoteRow, OfferRow, TicketRow
from chat.vocabulary import OfferEnd, Side


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A line that the visitor may see; `ticket` as it is with that line in it."""

    message: MessageRow
    ticket: TicketRow


class PlainMessagePosted(NamedTuple):
    """A line that carries a dialogue on. What it moves in its ticket's row (the last words, how many are unread, who
    owes the next) is not told with it, for that would cost more than the words."""

    message: MessageRow
    ticket_id: int
    visitor_id: int
    assignee_id: int | None


@dataclass(frozen=True, slots=True)
class InboxCardChanged:
    """Words have been posted to this ticket since its line in the inbox was told last; no verb, a beat says so."""

    ticket: TicketRow


@dataclass(frozen=True, slots=True)
class NotePosted:
    """A line for the team only."""

    note: NoteRow
    ticket: TicketRow


@dataclass(frozen=True, slots=True)
class TicketChanged:
    """Status, owner, queue, promise or contact moved."""

    ticket: TicketRow


@dataclass(frozen=True, slots=True)
class ReadMarkMoved:
    """One side has read further."""

    ticket: TicketRow
    seq: int
    by: Side


@dataclass(frozen=True, slots=True)
class OfferMade:
    """A ticket rings on an agent's console; `giver` hands it over."""

    offer: OfferRow
    ticket: TicketRow
    from_agent: AgentRef | None


@dataclass(frozen=True, slots=True)
class OfferEnded:
    """It rings there no longer."""

    ticket: TicketRow
    offer: OfferRow
    reason: OfferEnd


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """An agent's state, places in use or profile moved."""

    agent: AgentRow


@dataclass(frozen=True, slots=True)
class AgentRemoved:
    """An agent's sessions are gone; their sockets are to be cut."""

    agent_id: int


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """Somebody has signed out: the hash of their session."""

    token_hash: str


@dataclass(frozen=True, slots=True)
class VisitorPresenceChanged:
    """Where a visitor is, told to the agents of their ticket."""

    ticket: TicketRow
    page: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """Calendar, sites or departments were edited."""


TicketFact = MessagePosted | InboxCardChanged | NotePosted | TicketChanged | ReadMarkMoved | VisitorPresenceChanged
TeamFact = OfferMade | OfferEnded | AgentChanged | AgentRemoved | SessionEnded | SettingsChanged
Fact = PlainMessagePosted | TicketFact | TeamFact

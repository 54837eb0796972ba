"""The shapes of the inbox: cards, lists and counts."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from chat.protocol.base import Ack, Command, RegistryEntries, Shape
from chat.protocol.shared import Person
from chat.vocabulary import AuthorKind, Channel, InboxView, Status, VisitorPresence


class Card(Shape):
    """A ticket in the inbox. `waiting_since`: the time of the visitor's oldest unanswered message. `last_by`: the id of
    the agent who wrote the last message; null if the visitor did."""

    ticket: str
    number: int
    status: Status
    channel: Channel
    category: str | None
    name: str | None
    preview: str
    agent: Person | None
    visitor: VisitorPresence
    unread: int
    waiting_since: datetime | None
    due: datetime | None
    updated_at: datetime
    rev: int
    last_from: AuthorKind
    last_by: str | None
    queued_at: datetime | None


class Cards(Shape):
    """The first page of each list of the inbox."""

    mine: list[Card]
    waiting: list[Card]
    open: list[Card]


class Counts(Shape):
    """The number of tickets in each list."""

    mine: int
    waiting: int
    open: int


class ListTickets(Command):
    """Get a page of 50 cards. `after`: the `next` of the page before. `q` searches texts, names and numbers.
    `team`: the live chats of the other agents. `ended`: solved and closed tickets."""

    view: InboxView
    q: Annotated[str, Meta(max_length=200)] | None = None
    after: Annotated[str, Meta(max_length=64)] | None = None


class ListAck(Ack):
    """A page of the inbox. `next` is null on the last one."""

    cards: list[Card]
    next: str | None


class TicketLeft(Shape):
    """The ticket has left this agent's lists."""

    ticket: str


REGISTERED = RegistryEntries(
    agent_commands={"list": (ListTickets, ListAck)},
    agent_events={"card": Card, "gone": TicketLeft},
)

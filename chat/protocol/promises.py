"""The shapes of promises and holds."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from chat.protocol.base import Command, RegistryEntries, Shape, TicketId
from chat.protocol.shared import TicketAck
from chat.vocabulary import PromiseAlert


class Alert(Shape):
    """The promise of a ticket nears its due time (`soon`, `close`) or was broken."""

    ticket: str
    number: int
    name: str | None
    what: PromiseAlert
    due: datetime


class Hold(Command):
    """Put a ticket on hold until a date, or move that date. The visitor is told the date, and with `tell` the reason;
    without it the reason is a note."""

    ticket: TicketId
    until: Annotated[datetime, Meta(tz=True)]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    tell: bool = False


REGISTERED = RegistryEntries(agent_commands={"hold": (Hold, TicketAck)}, agent_events={"alert": Alert})

"""The shapes of promises."""

from datetime import datetime

from chat.protocol.base import RegistryEntries, Shape
from chat.vocabulary import PromiseAlert


class Alert(Shape):
    """The promise of a ticket nears its due time (`soon`, `close`) or was broken."""

    ticket: str
    number: int
    name: str | None
    what: PromiseAlert
    due: datetime


REGISTERED = RegistryEntries(agent_events={"alert": Alert})

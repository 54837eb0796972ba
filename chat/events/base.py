"""What the event of a fact is made of."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from chat.domain.audience import Audience
from chat.domain.facts import Fact
from chat.links import TicketLinks
from chat.protocol import Shape


class EventDraft(NamedTuple):
    """One event of a fact. `skip_sender`: the socket that caused it has the same in its ack."""

    event: str
    shape: Shape
    audience: Audience
    skip_sender: bool = False


class EventContext(NamedTuple):
    """What events need beside their fact. `connected` says whether an agent has a socket on any node."""

    links: TicketLinks
    connected: Callable[[int], bool]


# A function gets facts of its key's type only.
FactEvents = Mapping[type[Fact], Callable[[Any, EventContext], Iterable[EventDraft]]]


def no_events(_: Fact, __: EventContext) -> Iterable[EventDraft]:
    """For a fact that no client hears of."""
    return ()

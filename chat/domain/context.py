"""What every domain action is told of its surroundings: the moment, who is online, and how long waits last."""

from datetime import datetime, timedelta
from typing import NamedTuple


class DomainContext(NamedTuple):
    """The moment, and who is connected: inner keys of agents, or None while Redis can't be asked."""

    now: datetime
    online_agents: frozenset[int] | None


class Timeouts(NamedTuple):
    """How long each wait lasts (DESIGN, Offers); settings may shorten them."""

    ring: timedelta = timedelta(seconds=60)
    return_grace: timedelta = timedelta(minutes=5)
    offer_form_after: timedelta = timedelta(minutes=5)
    close_wait_after: timedelta = timedelta(minutes=10)
    idle_after: timedelta = timedelta(minutes=10)
    close_idle_after: timedelta = timedelta(minutes=60)


DEFAULT_TIMEOUTS = Timeouts()

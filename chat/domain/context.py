"""What the caller of a domain action knows: the time, the agents online, and the configured timeouts."""

from datetime import datetime, timedelta
from typing import NamedTuple


class Timeouts(NamedTuple):
    """How long each wait lasts, as the settings say."""

    ring: timedelta
    return_grace: timedelta
    offer_form_after: timedelta
    close_wait_after: timedelta
    idle_after: timedelta
    close_idle_after: timedelta
    # In opening time.
    promise_soon: timedelta
    promise_close: timedelta


class DomainContext(NamedTuple):
    """The time, the inner keys of the agents online (None while Redis gives no answer), and the timeouts."""

    now: datetime
    online_agents: frozenset[int] | None
    timeouts: Timeouts

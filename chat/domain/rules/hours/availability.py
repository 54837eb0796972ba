"""Whether a visitor gets a chat or the form, and the wait that may honestly be named."""

from collections.abc import Sequence
from math import ceil
from statistics import median

from chat.vocabulary import Mode, ServiceState

MAX_WAITING_PER_AGENT = 10
MAX_WAIT_S = 15 * 60
MIN_RATES = 5


def mode(state: ServiceState, available_agents: int, waiting: int, wait_s: int | None) -> Mode:
    """What to offer (PROTOCOL.md, Service).

    `available_agents` counts full ones and those in their grace, for a full desk has a queue. `waiting` are
    those who wait now; `wait_s` is what the next one would be told, None while nobody can say.
    """
    if state == "closed" or available_agents == 0:
        return "form"
    too_many = waiting > MAX_WAITING_PER_AGENT * available_agents
    too_long = wait_s is not None and wait_s > MAX_WAIT_S
    return "form" if too_many or too_long else "chat"


def estimated_wait(rates: Sequence[float], position: int) -> int | None:
    """Whole seconds, rounded up, until a place in the queue (1 is next) has its turn; None: not known yet.

    A pace is what one place took in a chat taken lately: its wait in seconds by the place it began at. All
    that are given count: the caller picks the latest. With fewer than 5 of them the position alone is told.
    """
    if len(rates) < MIN_RATES:
        return None
    return ceil(median(rates) * position)

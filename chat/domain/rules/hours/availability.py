"""Whether a visitor gets a chat or the form, and the estimated wait."""

from collections.abc import Sequence
from math import ceil
from statistics import median

from chat.vocabulary import Mode, ServiceState

MAX_WAITING_PER_AGENT = 10
MAX_ESTIMATED_WAIT_S = 15 * 60
MIN_RATES = 5


def is_staffed(state: ServiceState, available_agents: int) -> bool:
    """Whether chats can be answered at all: not closed, and somebody is available.

    `available_agents` includes agents without a free slot and those in their grace: a fully busy team has a queue.
    """
    return state != "closed" and available_agents > 0


def mode(state: ServiceState, available_agents: int, waiting: int, wait_s: int | None) -> Mode:
    """What a new visitor gets. `waiting` chats wait now; `wait_s` is the wait estimated for the next one,
    None while it is unknown."""
    too_many = waiting > MAX_WAITING_PER_AGENT * available_agents
    too_long = wait_s is not None and wait_s > MAX_ESTIMATED_WAIT_S
    return "chat" if is_staffed(state, available_agents) and not too_many and not too_long else "form"


def estimated_wait(rates: Sequence[float], position: int) -> int | None:
    """Whole seconds, rounded up, until a queue position (1 is next) has its turn; None with fewer than 5 rates.

    A rate is the wait of a recently assigned chat in seconds, divided by its first position. All given rates count:
    the caller picks the latest.
    """
    if len(rates) < MIN_RATES:
        return None
    return ceil(median(rates) * position)

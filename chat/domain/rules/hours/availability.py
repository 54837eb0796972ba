"""Whether a visitor gets a chat or the form, and the estimated wait."""

from collections.abc import Iterable, Sequence
from math import ceil
from statistics import median
from typing import NamedTuple

from chat.vocabulary import Mode, ServiceState

MAX_WAITING_PER_AGENT = 10
# More chats of one address do not count: one person must not turn the chat into the form for everybody.
MAX_COUNTED_PER_ADDRESS = 5
MAX_ESTIMATED_WAIT_S = 15 * 60
MAX_TYPICAL_ANSWER_S = 60 * 60
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


def counted_chats(chats_by_address: Iterable[tuple[str | None, int]]) -> int:
    """How many waiting chats count as `waiting` in `mode`. Those without an address count in full."""
    return sum(min(chats, MAX_COUNTED_PER_ADDRESS) if address else chats for address, chats in chats_by_address)


def seconds_per_position(rates: Sequence[float]) -> float | None:
    """The median of the rates; None with fewer than 5.

    A rate is the wait of a recently assigned chat in seconds, divided by its first position. All given rates count:
    the caller picks the latest.
    """
    return median(rates) if len(rates) >= MIN_RATES else None


def estimated_wait(rate: float | None, position: int) -> int | None:
    """Whole seconds, rounded up, until a queue position (1 is next) has its turn at this many seconds per position."""
    return None if rate is None else ceil(rate * position)


def typical_answer(waits: Sequence[float]) -> int | None:
    """The median of the first answers' times in whole seconds, rounded up. None with fewer than 5, and above an hour:
    that would be no reason to wait."""
    typical = ceil(median(waits)) if len(waits) >= MIN_RATES else None
    return typical if typical is None or typical <= MAX_TYPICAL_ANSWER_S else None


class QueuePosition(NamedTuple):
    """A queue position, from 1, and its estimated wait in whole seconds."""

    position: int
    wait_s: int | None


def has_moved(shown: QueuePosition | None, now: QueuePosition) -> bool:
    """Whether a visitor who was shown one position should be shown the other: by a twentieth of the position or of the
    wait. Each step of the first twenty counts; of a long queue, every claim would otherwise be announced to all."""
    if shown is None or (shown.wait_s is None) != (now.wait_s is None):
        return True
    return _differ_by_a_twentieth(shown.position, now.position) or (
        shown.wait_s is not None and now.wait_s is not None and _differ_by_a_twentieth(shown.wait_s, now.wait_s)
    )


def _differ_by_a_twentieth(before: int, after: int) -> bool:
    return before != after and 20 * abs(before - after) >= after

"""What the command line asks for."""

from typing import NamedTuple

DEFAULT_MESSAGES_PER_S = 3000


class Plan(NamedTuple):
    """How many rounds to run, and how many messages per second an open loop sends."""

    rounds: int = 3
    messages_per_s: float = DEFAULT_MESSAGES_PER_S

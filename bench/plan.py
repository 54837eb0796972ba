"""What was asked for on the command line."""

from typing import NamedTuple

RELAYED_PER_S = 3000


class Plan(NamedTuple):
    """How often everything is measured, and how many messages a second the open loops are due."""

    rounds: int = 3
    per_s: float = RELAYED_PER_S

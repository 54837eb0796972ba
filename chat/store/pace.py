"""How long posts wait for each other, by how fast they have been coming."""

from math import exp, inf

# Waking the writer for each post, and the loop for each answer, costs more than storing it. So posts wait a moment
# for each other: nobody sees 2 ms, and at a low rate they share a COMMIT as well (1.8 times a bare relay became 0.9).
LINGER_S = 0.002
# A transaction of PostgreSQL's is four journeys to another process and back, whatever is in it, and all nodes share the
# one server. So there they wait until about so many are together, within these bounds; but a node that is not busy
# has nobody who is to be waited for.
TOGETHER = 8
LINGER_POSTGRES_S = (0.016, 0.032)
BUSY = 60
FADING_S = 1.0


class Pace:
    """Of one node's posts."""

    def __init__(self, is_sqlite: bool) -> None:
        self._is_sqlite = is_sqlite
        self._rate = 0.0
        self._at = -inf

    def went(self, posts: int, now: float) -> None:
        """So many were handed over at a moment, in seconds of one clock."""
        # What came t seconds ago counts for e^-t: where they come evenly, the sum tends to posts a second.
        self._rate = self._rate * exp((self._at - now) / FADING_S) + posts / FADING_S
        self._at = now

    @property
    def linger_s(self) -> float:
        """How long the first of the next batch waits for the others, in seconds."""
        if self._is_sqlite or self._rate < BUSY:
            return LINGER_S
        shortest, longest = LINGER_POSTGRES_S
        return min(max(TOGETHER / self._rate, shortest), longest)

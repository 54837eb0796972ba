"""How long posts wait for each other, by how fast they have been coming."""

from math import exp, inf

# Waking the writer for each post, and the loop for each answer, costs more than storing it. So posts wait a moment
# for each other: nobody sees 2 ms, and at a low rate they share a COMMIT as well (1.8 times a bare relay became 0.9).
DELAY_S = 0.002
# A transaction of PostgreSQL's is four journeys to another process and back, whatever is in it, and all nodes share the
# one server. So there they wait for as long as about so many take to come, within these bounds; but where fewer than
# BUSY come in a second nobody is to be waited for.
TARGET_BATCH = 8
POSTGRES_DELAY_S = (0.016, 0.032)
BUSY_RATE = 60
RATE_WINDOW_S = 1.0


class BatchDelay:
    """Of one node's posts."""

    def __init__(self, is_sqlite: bool) -> None:
        self._is_sqlite = is_sqlite
        self._rate = 0.0
        self._at = -inf

    def record_flush(self, posts: int, now: float) -> None:
        """So many were handed over at a moment, in seconds of one clock."""
        self._rate = self._current_rate(now) + posts / RATE_WINDOW_S
        self._at = now

    def delay_s(self, now: float) -> float:
        """How long one that comes now, the first of its batch, waits for others, in seconds."""
        rate = self._current_rate(now)
        if self._is_sqlite or rate < BUSY_RATE:
            return DELAY_S
        shortest, longest = POSTGRES_DELAY_S
        return min(max(TARGET_BATCH / rate, shortest), longest)

    def _current_rate(self, now: float) -> float:
        # What came t seconds ago counts for e^-t: where they come evenly, the sum tends to posts a second.
        return self._rate * exp((self._at - now) / RATE_WINDOW_S)

"""Limits: how often somebody may ask within a window, counted in Redis, per node while it is away."""

import hashlib
import time
from collections.abc import Callable

from chat.cluster.redis_client import Redis, RedisUnavailable

# A refused try is not counted, so whoever keeps asking gets through as soon as the window ends.
ACQUIRE = """
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then
  redis.call('SET', KEYS[1], 1, 'PX', ARGV[2])
  return 0
end
if tonumber(redis.call('GET', KEYS[1])) >= tonumber(ARGV[1]) then
  return left
end
redis.call('INCR', KEYS[1])
return 0
"""


class FixedWindowCounter:
    """Fixed windows in the memory of this node, each starting with its first try.

    At most `room` windows are kept; beyond it the one that started first is forgotten, for memory
    must not grow with the number of strangers.
    """

    def __init__(self, room: int = 50_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = room
        self._clock = clock
        # When it ends, and how many were spent in it.
        self._windows: dict[str, list[float]] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def try_acquire(self, key: str, limit: int, window_s: float) -> float | None:
        """None when there was one left (now it is spent), else the seconds until the window ends."""
        return self.try_acquire_name(hashed_name(key, window_s), limit, window_s)

    def try_acquire_name(self, name: str, limit: int, window_s: float) -> float | None:
        """The same, for a key that has its hashed name already."""
        now, window = self._clock(), self._windows.get(name)
        if window is None or window[0] <= now:
            self._start(name, now + window_s)
        elif window[1] >= limit:
            return window[0] - now
        else:
            window[1] += 1
        return None

    def _start(self, name: str, ends: float) -> None:
        self._windows.pop(name, None)
        self._windows[name] = [ends, 1]
        if len(self._windows) > self._room:
            del self._windows[next(iter(self._windows))]


class RateLimits:
    """The same windows shared by all nodes; while Redis is away each node counts for itself."""

    def __init__(self, redis: Redis, windows: FixedWindowCounter | None = None) -> None:
        self._redis = redis
        self._windows = windows or FixedWindowCounter()

    async def try_acquire(self, key: str, limit: int, window_s: float) -> float | None:
        """None when one of `limit` (1 or more) was left, else the seconds to wait, not rounded."""
        name = hashed_name(key, window_s)
        place = self._redis.key("limit", name)
        try:
            left_ms: int = await self._redis.call(
                lambda client: client.eval(ACQUIRE, 1, place, limit, round(window_s * 1000))
            )
        except RedisUnavailable:
            return self._windows.try_acquire_name(name, limit, window_s)
        return left_ms / 1000 if left_ms else None


def hashed_name(key: str, window_s: float) -> str:
    """What stands for `key` in Redis and here: keys hold tokens and addresses, so only a hash is kept."""
    return hashlib.blake2b(f"{window_s:g} {key}".encode(), digest_size=16).hexdigest()

"""Rate limits: fixed windows counted in Redis, and by each node alone while Redis is unavailable."""

import contextlib
import hashlib
import time
from collections.abc import Callable

from chat.cluster.redis_client import Redis, RedisUnavailable

# A refused attempt is not counted, so a caller that keeps trying succeeds as soon as the window ends.
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


# Writes the number anew with the time that is left, because DECR would be one more right in the ACL.
RELEASE = """
local left = redis.call('PTTL', KEYS[1])
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
if left > 0 and count > 0 then
  redis.call('SET', KEYS[1], count - 1, 'PX', left)
end
return 0
"""


class FixedWindowCounter:
    """Fixed windows in the memory of this node. A window starts with its first attempt.

    At most `max_windows` are stored. Then the oldest is dropped, so that memory does not grow with the number of
    unknown clients.
    """

    def __init__(self, max_windows: int = 50_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_windows = max_windows
        self._clock = clock
        # By hashed name: when the window ends, and how many attempts it has counted.
        self._windows: dict[str, list[float]] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def try_acquire(self, key: str, limit: int, window_s: float) -> float | None:
        """Count one attempt and return None, or return the seconds until the window ends if `limit` is reached."""
        return self.try_acquire_name(hashed_name(key, window_s), limit, window_s)

    def try_acquire_name(self, name: str, limit: int, window_s: float) -> float | None:
        """As `try_acquire`, by the result of `hashed_name`."""
        now, window = self._clock(), self._windows.get(name)
        if window is None or window[0] <= now:
            self._start(name, now + window_s)
        elif window[1] >= limit:
            return window[0] - now
        else:
            window[1] += 1
        return None

    def release_name(self, name: str) -> None:
        """Take back one attempt that was counted."""
        window = self._windows.get(name)
        if window is not None:
            window[1] = max(0, window[1] - 1)

    def _start(self, name: str, ends_at: float) -> None:
        self._windows.pop(name, None)
        self._windows[name] = [ends_at, 1]
        if len(self._windows) > self._max_windows:
            del self._windows[next(iter(self._windows))]


class RateLimits:
    """Fixed windows shared by all nodes. While Redis is unavailable, each node counts for itself."""

    def __init__(self, redis: Redis, windows: FixedWindowCounter | None = None) -> None:
        self._redis = redis
        self._windows = windows or FixedWindowCounter()

    async def try_acquire(self, key: str, limit: int, window_s: float) -> float | None:
        """Count one attempt and return None, or return the seconds to wait, not rounded. `limit` is at least 1."""
        name = hashed_name(key, window_s)
        redis_key = self._redis.key("limit", name)
        try:
            left_ms: int = await self._redis.call(
                lambda client: client.eval(ACQUIRE, 1, redis_key, limit, round(window_s * 1000))
            )
        except RedisUnavailable:
            return self._windows.try_acquire_name(name, limit, window_s)
        return left_ms / 1000 if left_ms else None

    async def release(self, key: str, window_s: float) -> None:
        """Take back one attempt that `try_acquire` has counted: it was none of those that the limit is for."""
        name = hashed_name(key, window_s)
        self._windows.release_name(name)
        with contextlib.suppress(RedisUnavailable):
            await self._redis.call(lambda client: client.eval(RELEASE, 1, self._redis.key("limit", name)))


def hashed_name(key: str, window_s: float) -> str:
    """A hash of key and window. Keys contain tokens and addresses, which are stored nowhere."""
    return hashlib.blake2b(f"{window_s:g} {key}".encode(), digest_size=16).hexdigest()

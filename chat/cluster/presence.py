"""Presence: keys with a time to live in Redis, renewed by the nodes that have a socket of the key."""

import asyncio
import contextlib
import logging
import secrets
import time
from typing import Literal

from chat.cluster.redis_client import Redis, RedisUnavailable

BATCH = 500
CHECK_S = 1.0
# Changes are collected for so long, so that many that come together cost one call.
GATHER_S = 0.02
RETRY_S = 0.25
CLOCK_TOLERANCE_MS = 1000

log = logging.getLogger(__name__)

# One sorted set of entries "key|node_id", scored by the time of their expiry on Redis' clock. The epoch is in the same
# set (score +inf), so that whatever loses the entries loses the epoch with them. An entry that expires later than any
# node could have asked for was written before the clock was set back: it is removed.
RENEW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local epoch = redis.call('ZRANGEBYSCORE', KEYS[1], '+inf', '+inf')[1]
if not epoch then
  epoch = ARGV[1]
  redis.call('ZADD', KEYS[1], '+inf', epoch)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. (now + ARGV[2]), '(+inf')
for i = 3, #ARGV, 2 do
  local ttl = tonumber(ARGV[i + 1])
  if ttl > 0 then
    redis.call('ZADD', KEYS[1], now + ttl, ARGV[i])
  else
    redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
return {epoch, now}
"""

PRESENT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local epoch = redis.call('ZRANGEBYSCORE', KEYS[1], '+inf', '+inf')[1]
return {epoch or '', now, redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '(+inf')}
"""


class Presence:
    """The keys (agents or visitors) that have a socket on some node, or had one less than `ttl_s` ago (the grace).

    `add`, `remove` and `forget` change this node's memory and never wait; one task writes to Redis.
    """

    def __init__(self, redis: Redis, kind: Literal["agents", "visitors"], node: str, ttl_s: float = 30.0) -> None:
        self._redis = redis
        self._key = redis.key("presence", kind)
        # The suffix keeps a restarted node from taking the entries of its former process for its own.
        self._node_id = f"{node}-{secrets.token_hex(4)}"
        self._ttl_s = ttl_s
        self._sockets: dict[str, int] = {}
        self._forgotten: set[str] = set()
        self._grace: dict[str, float] = {}
        self._changed: set[str] = set()
        self._wake_up = asyncio.Event()
        self._full_renewal_at = 0.0
        self._epoch = b""
        self._server_ms = 0
        self._complete_since: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the heartbeat. Redis may be unavailable."""
        self._task = asyncio.create_task(self._heartbeat(), name="presence")

    async def close(self) -> None:
        """Stop the heartbeat and renew all local keys a last time, which gives them their grace."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=1)
        self._changed.update(self._local_present())
        with contextlib.suppress(RedisUnavailable):
            await self._push()

    def add(self, key: str) -> None:
        """Count one more socket of `key` on this node. Each `add` needs exactly one `remove`."""
        self._sockets[key] = self._sockets.get(key, 0) + 1
        self._forgotten.discard(key)
        self._grace.pop(key, None)
        self._wake(key)

    def remove(self, key: str) -> None:
        """Count one socket less. After the last one `key` stays present for `ttl_s`, unless it was forgotten."""
        left = self._sockets.pop(key, 0) - 1
        if left > 0:
            self._sockets[key] = left
        elif key in self._forgotten:
            self._forgotten.discard(key)
        elif left == 0:
            self._grace[key] = time.monotonic() + self._ttl_s
            self._wake(key)

    def forget(self, key: str) -> None:
        """Make `key` absent on this node at once and without grace (signed out), even while its sockets close.

        Its sockets on other nodes still count. A new `add` makes it present again.
        """
        self._grace.pop(key, None)
        if key in self._sockets:
            self._forgotten.add(key)
        self._wake(key)

    def local_keys(self) -> frozenset[str]:
        """The keys with a socket on this node, without a look at Redis. They are never absent."""
        return frozenset(self._sockets.keys() - self._forgotten)

    async def present(self) -> frozenset[str] | None:
        """The keys present on any node, grace included. None if Redis is unavailable.

        Before treating a missing key as absent, check `is_reliable()`, after this call.
        """
        try:
            epoch, server_ms, members = await self._redis.call(lambda client: client.eval(PRESENT, 1, self._key))
        except RedisUnavailable:
            return None
        self._observe(epoch, server_ms)
        split = (member.decode().rpartition("|") for member in members)
        # For its own keys this node asks its memory: Redis may be a moment behind.
        return frozenset(key for key, _, node_id in split if node_id != self._node_id) | self._local_present()

    def is_reliable(self) -> bool:
        """Whether every node had the time to renew its keys: for `ttl_s`, Redis has answered without a break, a flush
        or a jump of its clock."""
        since = (self._redis.available_since, self._complete_since)
        latest = time.monotonic() - self._ttl_s
        return all(moment is not None and moment <= latest for moment in since)

    def _local_present(self) -> frozenset[str]:
        now = time.monotonic()
        return self.local_keys().union(key for key, ends_at in self._grace.items() if ends_at > now)

    def _wake(self, key: str) -> None:
        self._changed.add(key)
        self._wake_up.set()

    async def _heartbeat(self) -> None:
        while True:
            self._wake_up.clear()
            pause = await self._renew()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake_up.wait()
                    await asyncio.sleep(GATHER_S)

    async def _renew(self) -> float:
        """Write the changes, and all keys every third of `ttl_s`. Returns the seconds until the next renewal."""
        now = time.monotonic()
        if now >= self._full_renewal_at:
            self._full_renewal_at = now + self._ttl_s / 3
            self._grace = {key: ends_at for key, ends_at in self._grace.items() if ends_at > now}
            self._changed.update(self._local_present())
        try:
            await self._push()
        except RedisUnavailable:
            return self._retry_soon()
        except Exception:
            # If a bug ended this task, all keys of this node would become absent after `ttl_s`.
            log.exception("renewing the presence failed")
            return self._retry_soon()
        # A node without keys has nothing to write again after a flush, so it need not notice one soon.
        return min(CHECK_S, self._ttl_s / 3) if self._sockets or self._grace else self._ttl_s / 3

    def _retry_soon(self) -> float:
        self._complete_since = None
        self._full_renewal_at = 0.0
        return min(RETRY_S, self._ttl_s / 3)

    async def _push(self) -> None:
        # Without changes this reads the epoch: a flush is noticed within CHECK_S, not at the next full renewal.
        while True:
            batch = [self._changed.pop() for _ in range(min(BATCH, len(self._changed)))]
            try:
                await self._push_batch(batch)
            except BaseException:
                self._changed.update(batch)
                raise
            if not self._changed:
                return

    async def _push_batch(self, batch: list[str]) -> None:
        entries = [(f"{key}|{self._node_id}", self._remaining_ms(key)) for key in batch]
        longest_ms = round(self._ttl_s * 1000) + CLOCK_TOLERANCE_MS
        arguments = [value for entry in entries for value in entry]
        epoch, server_ms = await self._redis.call(
            lambda client: client.eval(RENEW, 1, self._key, secrets.token_hex(8), longest_ms, *arguments)
        )
        self._observe(epoch, server_ms)

    def _remaining_ms(self, key: str) -> int:
        if key in self._sockets and key not in self._forgotten:
            return round(self._ttl_s * 1000)
        return max(0, round((self._grace.get(key, 0.0) - time.monotonic()) * 1000))

    def _observe(self, epoch: bytes, server_ms: int) -> None:
        """Note Redis' epoch and time, and write all keys again if entries may have been lost.

        Another epoch means that Redis was flushed. After a jump of its clock (set by hand, or the machine slept),
        entries may have expired before any node could renew them.
        """
        passed_ms = server_ms - self._server_ms
        complete = epoch == self._epoch and -CLOCK_TOLERANCE_MS <= passed_ms <= self._ttl_s * 1000
        self._epoch, self._server_ms = epoch, server_ms
        if not complete:
            log.info("presence is written again")
            self._changed.update(self._local_present())
            self._wake_up.set()
        if not complete or self._complete_since is None:
            self._complete_since = time.monotonic()

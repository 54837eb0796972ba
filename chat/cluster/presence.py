"""Presence: who is here, as marks in Redis that fade unless a node that holds a socket renews them."""

import asyncio
import contextlib
import logging
import secrets
import time
from typing import Literal

from chat.cluster.redis_client import Redis, RedisUnavailable

BATCH = 500
CHECK_S = 1.0
GATHER_S = 0.02
RETRY_S = 0.25
CLOCK_TOLERANCE_MS = 1000

log = logging.getLogger(__name__)

# One sorted set: member "key|mark" with the time at which it fades, by the server's clock. The epoch lives
# in the same set (score +inf), so that whatever loses the marks loses the epoch with them. A mark that would
# fade later than any node could have asked for was made before the server's clock was set back: it goes.
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
  local lasts = tonumber(ARGV[i + 1])
  if lasts > 0 then
    redis.call('ZADD', KEYS[1], now + lasts, ARGV[i])
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
    """The keys (agents or visitors) that have a socket on some node, or had one less than `ttl_s` ago.

    `hold`, `drop` and `forget` only change this node's memory and never wait; one task tells Redis.
    """

    def __init__(self, redis: Redis, kind: Literal["agents", "visitors"], node: str, ttl_s: float = 30.0) -> None:
        self._redis = redis
        self._key = redis.key("presence", kind)
        # A node that restarts under its old name must not take its former life's marks for its own.
        self._node_id = f"{node}-{secrets.token_hex(4)}"
        self._ttl_s = ttl_s
        self._sockets: dict[str, int] = {}
        self._forgotten: set[str] = set()
        self._grace: dict[str, float] = {}
        self._changed: set[str] = set()
        self._woken = asyncio.Event()
        self._all_due_at = 0.0
        self._epoch = b""
        self._server_ms = 0
        self._whole_since: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the heartbeat; Redis may be away."""
        self._task = asyncio.create_task(self._heartbeat(), name="presence")

    async def close(self) -> None:
        """End the heartbeat and renew what is held a last time: that is the grace of this node's people."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=1)
        self._changed.update(self._here())
        with contextlib.suppress(RedisUnavailable):
            await self._push()

    def add(self, key: str) -> None:
        """One more socket of `key` on this node; every hold is followed by exactly one drop."""
        self._sockets[key] = self._sockets.get(key, 0) + 1
        self._forgotten.discard(key)
        self._grace.pop(key, None)
        self._wake(key)

    def remove(self, key: str) -> None:
        """One socket less; after the last one `key` stays present for `ttl_s`, unless it was forgotten."""
        left = self._sockets.pop(key, 0) - 1
        if left > 0:
            self._sockets[key] = left
        elif key in self._forgotten:
            self._forgotten.discard(key)
        elif left == 0:
            self._grace[key] = time.monotonic() + self._ttl_s
            self._wake(key)

    def forget(self, key: str) -> None:
        """`key` is gone from this node at once and without grace (signed out), though its sockets may still
        be closing; what other nodes hold of it stands. A new `hold` brings it back."""
        self._grace.pop(key, None)
        if key in self._sockets:
            self._forgotten.add(key)
        self._wake(key)

    def local_keys(self) -> frozenset[str]:
        """The keys with a socket on this node: never absent, whatever Redis says."""
        return frozenset(self._sockets.keys() - self._forgotten)

    async def present(self) -> frozenset[str] | None:
        """The keys present on any node, grace included; None when Redis can't be asked.

        Before anybody is called absent for being missing here, ask `steady()`, after this.
        """
        try:
            epoch, server_ms, members = await self._redis.call(lambda client: client.eval(PRESENT, 1, self._key))
        except RedisUnavailable:
            return None
        self._observe(epoch, server_ms)
        split = (member.decode().rpartition("|") for member in members)
        # Of its own people this node knows more than Redis, which may be a moment behind.
        return frozenset(key for key, _, mark in split if mark != self._node_id) | self._here()

    def is_reliable(self) -> bool:
        """Redis has answered for `ttl_s` without a break, a flush or a jump of its clock, so every node has
        had the time to say who is there."""
        since = (self._redis.answering_since, self._whole_since)
        latest = time.monotonic() - self._ttl_s
        return all(moment is not None and moment <= latest for moment in since)

    def _here(self) -> frozenset[str]:
        now = time.monotonic()
        return self.local_keys().union(key for key, ends in self._grace.items() if ends > now)

    def _wake(self, key: str) -> None:
        self._changed.add(key)
        self._woken.set()

    async def _heartbeat(self) -> None:
        while True:
            self._woken.clear()
            pause = await self._renew()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()
                    # A crowd that comes together is told together.
                    await asyncio.sleep(GATHER_S)

    async def _renew(self) -> float:
        """Tell what is new, and everything every third of `ttl_s`; the seconds until the next look."""
        now = time.monotonic()
        if now >= self._all_due_at:
            self._all_due_at = now + self._ttl_s / 3
            self._grace = {key: ends for key, ends in self._grace.items() if ends > now}
            self._changed.update(self._here())
        try:
            await self._push()
        except RedisUnavailable:
            return self._failed()
        except Exception:
            # A heart that stops for a bug would, half a minute later, make everybody on this node absent.
            log.exception("presence could not be renewed")
            return self._failed()
        # Who holds nobody has nothing to tell again after a flush.
        return min(CHECK_S, self._ttl_s / 3) if self._sockets or self._grace else self._ttl_s / 3

    def _failed(self) -> float:
        self._whole_since = None
        self._all_due_at = 0.0
        return min(RETRY_S, self._ttl_s / 3)

    async def _push(self) -> None:
        # With no news this is a look at the epoch: a flush is noticed within LOOK_S, not at the next renewal.
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
        lasts = [(f"{key}|{self._node_id}", self._lasts_ms(key)) for key in batch]
        longest = round(self._ttl_s * 1000) + CLOCK_TOLERANCE_MS
        pairs = [value for pair in lasts for value in pair]
        epoch, server_ms = await self._redis.call(
            lambda client: client.eval(RENEW, 1, self._key, secrets.token_hex(8), longest, *pairs)
        )
        self._observe(epoch, server_ms)

    def _lasts_ms(self, key: str) -> int:
        if key in self._sockets and key not in self._forgotten:
            return round(self._ttl_s * 1000)
        return max(0, round((self._grace.get(key, 0.0) - time.monotonic()) * 1000))

    def _observe(self, epoch: bytes, server_ms: int) -> None:
        """Another epoch means flushed; a jump of the server's time (set anew, or everything slept) means that
        marks have faded which nobody had the time to renew. Either way everything is told again."""
        passed_ms = server_ms - self._server_ms
        whole = epoch == self._epoch and -CLOCK_TOLERANCE_MS <= passed_ms <= self._ttl_s * 1000
        self._epoch, self._server_ms = epoch, server_ms
        if not whole:
            log.info("presence starts anew")
            self._changed.update(self._here())
            self._woken.set()
        if not whole or self._whole_since is None:
            self._whole_since = time.monotonic()

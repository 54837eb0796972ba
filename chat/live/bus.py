"""The bus: what one node says, every other node hears, as long as Redis lasts; SQL is the net under it."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from redis.asyncio.client import PubSub

from chat.live.redis import FAILURES, Redis, RedisAway

RETRY_S = 0.5
SUBSCRIBE_S = 2.0
FRAME = 256_000
OVERHEAD = 64  # what the shortest payload costs in memory

log = logging.getLogger(__name__)


class Measure(NamedTuple):
    """How often the bus beats, after how long without its own beat it is deaf, how many bytes may wait."""

    beat_s: float = 5.0
    deaf_s: float = 15.0
    room: int = 4_000_000


STANDARD = Measure()


class Bus:
    """One channel for all nodes. Nothing is kept or repeated: what can't be said now is dropped and counted,
    for an event that comes a minute late would show an older state than the net has delivered since.

    `healed` is called when hearing begins again after anything may have been missed: catch up from SQL.
    Close it before its `redis`.
    """

    def __init__(
        self,
        redis: Redis,
        node: str,
        hear: Callable[[bytes], None],
        healed: Callable[[], None] = lambda: None,
        measure: Measure = STANDARD,
    ) -> None:
        self.dropped = 0
        self._redis = redis
        self._channel = redis.key("bus")
        self._mark = f"{node}-{secrets.token_hex(4)}".encode()
        self._hear = hear
        self._healed = healed
        self._measure = measure
        self._queue: deque[bytes] = deque()
        self._waiting = 0
        self._wake = asyncio.Event()
        self._heard_at = 0.0
        self._hearing = False
        self._missed = False
        self._closing = False
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @property
    def hearing(self) -> bool:
        """This node has heard its own voice since it last subscribed."""
        return self._hearing

    async def start(self) -> None:
        """Start speaking and listening; Redis may be away."""
        listener = asyncio.create_task(self._listen(), name="bus listens")
        speaker = asyncio.create_task(self._speak(), name="bus speaks")
        self._tasks = (listener, speaker)

    async def close(self) -> None:
        """Say what waits, if that can be done within two seconds, and fall silent."""
        self._closing = True
        self._wake.set()
        for speaker in self._tasks[1:]:
            await asyncio.wait([speaker], timeout=2)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hearing = False

    def send(self, payload: bytes) -> None:
        """Queue `payload` for the other nodes: never waits, never fails; the oldest gives way when full."""
        self._queue.append(payload)
        self._waiting += len(payload) + OVERHEAD
        while self._waiting > self._measure.room:
            self._next()
            self.dropped += 1
        self._wake.set()

    async def _speak(self) -> None:
        # Whatever is said comes back to this node too, so a frame with nothing in it is the heartbeat.
        while self._queue or not self._closing:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._measure.beat_s):
                    await self._wake.wait()
            self._wake.clear()
            await self._publish(self._next_batch())
            if self._queue or self._closing:
                self._wake.set()

    def _next_batch(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while self._queue and size < FRAME:
            batch.append(self._next())
            size += len(batch[-1])
        return batch

    def _next(self) -> bytes:
        payload = self._queue.popleft()
        self._waiting -= len(payload) + OVERHEAD
        return payload

    async def _publish(self, batch: list[bytes]) -> None:
        frame = framed(self._mark, batch)
        try:
            await self._redis.ask(lambda client: client.publish(self._channel, frame))
        except RedisAway:
            self.dropped += len(batch)

    async def _listen(self) -> None:
        while True:
            try:
                async with contextlib.aclosing(self._redis.subscriber()) as subscriber:
                    await self._hear_until_deaf(subscriber)
                    log.warning("the bus is deaf and subscribes anew")
            except FAILURES as failure:
                self._lost(type(failure).__name__)
            except Exception:
                log.exception("the bus stumbled and subscribes anew")
            self._missed = True
            self._hearing = False
            await asyncio.sleep(RETRY_S)

    def _lost(self, why: str) -> None:
        # A subscription that breaks is often the first and, for a quick restart, the only sign of it.
        if self._hearing:
            self._redis.broke(f"subscription lost, {why}")

    async def _hear_until_deaf(self, subscriber: PubSub) -> None:
        """Returns after `deaf_s` without a word of our own: a half-open connection raises nothing."""
        async with asyncio.timeout(SUBSCRIBE_S):
            await subscriber.subscribe(self._channel)
        self._heard_at = time.monotonic()
        while (left := self._heard_at + self._measure.deaf_s - time.monotonic()) > 0:
            # Its own timeout does not bound the reconnecting that it tries before it fails.
            async with asyncio.timeout(left + SUBSCRIBE_S):
                message: dict[str, object] | None = await subscriber.get_message(timeout=left)
            if message is not None and message["type"] == "subscribe":
                self._wake.set()
            elif message is not None and isinstance(message["data"], bytes):
                self._take(message["data"])
            # A full socket is read without a pause otherwise, and nobody else would get a turn.
            await asyncio.sleep(0)

    def _take(self, frame: bytes) -> None:
        try:
            mark, payloads = unframed(frame)
        except ValueError:
            log.warning("the bus heard something that no node says: %d bytes", len(frame))
            return
        if mark == self._mark:
            self._heard_myself()
            return
        for payload in payloads:
            with _logged("a payload of the bus was not understood"):
                self._hear(payload)

    def _heard_myself(self) -> None:
        self._heard_at = time.monotonic()
        if not self._hearing:
            self._hearing = True
            if self._missed:
                self._missed = False
                with _logged("the catch-up after a deaf time did not start"):
                    self._healed()


@contextlib.contextmanager
def _logged(what: str) -> Iterator[None]:
    try:
        yield
    except Exception:
        log.exception(what)


def framed(mark: bytes, payloads: list[bytes]) -> bytes:
    """One frame: who speaks, then each payload after its length (four bytes, big-endian)."""
    parts = (len(part).to_bytes(4, "big") + part for part in (mark, *payloads))
    return b"".join(parts)


def unframed(frame: bytes) -> tuple[bytes, list[bytes]]:
    """The reverse; ValueError for anything that `framed` did not make."""
    mark, *payloads = _parts(frame)
    return mark, payloads


def _parts(frame: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(frame):
        start = at + 4
        at = start + int.from_bytes(frame[at:start], "big")
        if at > len(frame) or start > len(frame):
            raise ValueError("cut short")
        yield frame[start:at]

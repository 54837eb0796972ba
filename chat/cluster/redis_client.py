"""Redis: a memory that may vanish at any second, so nobody waits for it longer than a second."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis as Client
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

T = TypeVar("T")

MAX_CONCURRENT = 16
PROBE_PAUSE_S = 0.25
# The last one is the event loop's word for a connection that was cut since it was used; the library lets it through.
FAILURES = (RedisError, OSError, TimeoutError, RuntimeError)

log = logging.getLogger(__name__)


class RedisUnavailable(Exception):
    """Redis can't be asked at this moment; its words never hold an address or a password."""


class Redis:
    """Two clients of one server, commands and subscriber apart, and the memory of whether it answers.

    After a failure `ask` refuses at once until a probe in the background has had an answer, so a hung
    server costs each caller at most one `timeout_s`, and the callers after it nothing.
    """

    def __init__(self, url: str, prefix: str = "guichet:", *, timeout_s: float = 1.0) -> None:
        self._prefix = prefix
        self._timeout_s = timeout_s
        self._commands = _client(url, timeout_s)
        self._listening = _client(url, timeout_s)
        # The library's pool refuses when it is full and its blocking pool can lose a connection to a
        # cancelled caller; a semaphore in front of the plain pool does neither.
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._probe: asyncio.Task[None] | None = None
        self._answering_since: float | None = None
        self._closed = False

    @property
    def answering_since(self) -> float | None:
        """Since when (`time.monotonic`) every question was answered; None while away or never asked."""
        return self._answering_since

    def key(self, *parts: str) -> str:
        """A name of ours in Redis, under the prefix."""
        return self._prefix + ":".join(parts)

    async def call(self, question: Callable[[Client], Awaitable[T]]) -> T:
        """The answer to `question(client)`, or RedisAway within `timeout_s`, whatever the reason.

        After RedisAway a command may have been carried out all the same: ask only what may be asked twice.
        """
        if self._closed or self._probe is not None:
            raise RedisUnavailable("not answering")
        try:
            async with asyncio.timeout(self._timeout_s), self._slots:
                answer = await question(self._commands)
        except ResponseError as refusal:
            raise RedisUnavailable(type(refusal).__name__) from refusal
        except FAILURES as failure:
            self.mark_down(type(failure).__name__)
            raise RedisUnavailable(type(failure).__name__) from failure
        if self._answering_since is None and self._probe is None:
            self._answering_since = time.monotonic()
        return answer

    def mark_down(self, why: str = "told so") -> None:
        """Somebody saw Redis go (a dead child, a lost subscription): `answering_since` starts anew."""
        self._answering_since = None
        if self._probe is None and not self._closed:
            log.warning("redis is away: %s", why)
            self._probe = asyncio.create_task(self._probe_until_back(), name="redis probe")

    def subscriber(self) -> PubSub:
        """A new subscription on the client that carries no commands; whoever takes it bounds every wait on it
        with `asyncio.timeout`, and closes it. It speaks RESP3, so that its connection may publish too."""
        return self._listening.pubsub(push_handler_func=_ignore_push)

    async def close(self) -> None:
        """End the probe and both clients, within a few timeouts even when the server hangs."""
        self._closed = True
        self._answering_since = None
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait([self._probe], timeout=self._timeout_s)
        for client in (self._commands, self._listening):
            with contextlib.suppress(*FAILURES):
                async with asyncio.timeout(self._timeout_s):
                    await client.aclose()

    async def _probe_until_back(self) -> None:
        pause_s, answered = 0.0, False
        while not answered:
            await asyncio.sleep(pause_s)
            pause_s, answered = PROBE_PAUSE_S, await self._answers()
        self._answering_since = time.monotonic()
        self._probe = None
        log.info("redis answers again")

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(self._timeout_s):
                # Idle connections may be half open, and each would cost somebody a whole timeout.
                await self._commands.connection_pool.disconnect(inuse_connections=False)
                await self._commands.ping()
        except FAILURES:
            return False
        except Exception:
            # A probe that ends for a bug would leave this node without Redis for good.
            log.exception("redis could not be probed")
            return False
        return True


async def _ignore_push(pushed: list[object]) -> list[object]:
    """The library's own way with what is pushed makes a text of all of it, for a log that nobody reads."""
    return pushed


def _client(url: str, timeout_s: float) -> Client:
    # The default retries ten times with growing pauses, which turns "away" into a wait of many seconds. And with
    # a socket_timeout the library sends by asyncio.wait_for, which in Python 3.11 can swallow a cancellation:
    # whoever uses these clients brings the timeout.
    return Client.from_url(url, socket_timeout=None, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0))

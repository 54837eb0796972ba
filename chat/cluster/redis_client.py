"""The Redis client. Redis may vanish at any second, so no caller waits for it longer than a timeout."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis._parsers.base import BaseParser
from redis.asyncio import Redis as Client
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

T = TypeVar("T")

MAX_CONCURRENT = 16
PROBE_PAUSE_S = 0.25
# RuntimeError is what uvloop raises on a connection that broke since its last use; the library does not translate it.
FAILURES = (RedisError, OSError, TimeoutError, RuntimeError)

# For so long a refusal is shown by `refuses`: presence is refreshed more often.
REFUSAL_SHOWN_S = 60.0
# The library cuts the code off an error that it knows, and off a plain ERR.
CODES = {kind: code for code, kind in BaseParser.EXCEPTION_CLASSES.items() if isinstance(kind, type)}

log = logging.getLogger(__name__)


class RedisUnavailable(Exception):
    """Redis does not answer now. The text never contains an address or a password."""


class Redis:
    """Two clients of one server, for commands and for subscriptions, and whether it is available.

    After a failure `call` raises at once until a background probe gets an answer. So a server that hangs costs the
    callers of that moment one `timeout_s`, and later callers nothing.
    """

    def __init__(self, url: str, prefix: str = "guichet:", *, timeout_s: float = 1.0) -> None:
        self._prefix = prefix
        self._timeout_s = timeout_s
        self._commands = _client(url, timeout_s)
        self._subscriptions = _client(url, timeout_s)
        # The library's pool raises when it is full, and its blocking pool can lose a connection to a cancelled caller.
        # A semaphore in front of the plain pool does neither.
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._probe: asyncio.Task[None] | None = None
        self._available_since: float | None = None
        self._closed = False
        self._refused_at: float | None = None
        # The codes of the refusals that were logged.
        self._refusals: set[str] = set()

    @property
    def available_since(self) -> float | None:
        """Since when (`time.monotonic`) every call was answered. None while unavailable, or before the first call."""
        return self._available_since

    def key(self, *parts: str) -> str:
        """A key of ours in Redis, with the prefix."""
        return self._prefix + ":".join(parts)

    async def call(self, command: Callable[[Client], Awaitable[T]]) -> T:
        """The result of `command(client)`. Raises RedisUnavailable within `timeout_s` for any failure.

        Redis may have run the command all the same, so use only commands that may run twice.
        """
        if self._closed or self._probe is not None:
            raise RedisUnavailable("not available")
        try:
            async with asyncio.timeout(self._timeout_s), self._slots:
                answer = await command(self._commands)
        except ResponseError as error:
            self._record_refusal(error)
            raise RedisUnavailable(type(error).__name__) from error
        except FAILURES as failure:
            self.mark_down(type(failure).__name__)
            raise RedisUnavailable(type(failure).__name__) from failure
        if self._available_since is None and self._probe is None:
            self._available_since = time.monotonic()
        return answer

    def _record_refusal(self, error: ResponseError) -> None:
        """Redis answers, but with an error: a right is missing, a cluster is down, a replica takes no writes."""
        self._refused_at = time.monotonic()
        first_word = str(error).partition(" ")[0]
        code = CODES.get(type(error)) or (first_word if first_word.isupper() else "ERR")
        if code not in self._refusals:
            self._refusals.add(code)
            log.warning("redis refuses commands: %s", code)

    @property
    def refuses(self) -> bool:
        """Whether Redis has answered a command with an error within REFUSAL_SHOWN_S."""
        return self._refused_at is not None and time.monotonic() - self._refused_at < REFUSAL_SHOWN_S

    def mark_down(self, reason: str = "reported by the caller") -> None:
        """Report that Redis is gone (its process died, a subscription broke): `available_since` starts again."""
        self._available_since = None
        if self._probe is None and not self._closed:
            log.warning("redis is unavailable: %s", reason)
            self._probe = asyncio.create_task(self._probe_until_available(), name="redis probe")

    def subscriber(self) -> PubSub:
        """A new subscription, on the client that runs no commands.

        The caller bounds every wait with `asyncio.timeout`, and closes it. The connection uses RESP3, so that it may
        publish too.
        """
        return self._subscriptions.pubsub(push_handler_func=_ignore_push)

    async def close(self) -> None:
        """Stop the probe and close both clients: within a few timeouts even if the server hangs."""
        self._closed = True
        self._available_since = None
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait([self._probe], timeout=self._timeout_s)
        for client in (self._commands, self._subscriptions):
            with contextlib.suppress(*FAILURES):
                async with asyncio.timeout(self._timeout_s):
                    await client.aclose()

    async def _probe_until_available(self) -> None:
        pause_s, answered = 0.0, False
        while not answered:
            await asyncio.sleep(pause_s)
            pause_s, answered = PROBE_PAUSE_S, await self._ping()
        self._available_since = time.monotonic()
        self._probe = None
        log.info("redis is available again")

    async def _ping(self) -> bool:
        try:
            async with asyncio.timeout(self._timeout_s):
                # Idle connections may be half open, and each would cost some caller a whole timeout.
                await self._commands.connection_pool.disconnect(inuse_connections=False)
                await self._commands.ping()
        except FAILURES:
            return False
        except Exception:
            # If a bug ended the probe, this node would stay without Redis for good.
            log.exception("the redis probe failed")
            return False
        return True


async def _ignore_push(pushed: list[object]) -> list[object]:
    """Replaces the library's handler, which formats every pushed message for a debug log."""
    return pushed


def _client(url: str, timeout_s: float) -> Client:
    # No retries: the default of ten with growing pauses makes callers wait many seconds while Redis is away.
    # No socket_timeout: with one, the library sends by asyncio.wait_for, which can swallow a cancellation in Python
    # 3.11. The users of these clients set a timeout themselves.
    return Client.from_url(url, socket_timeout=None, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0))

"""One connection to Redis on which a node both publishes and receives, so that both break together or not at all."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from redis.asyncio.connection import AbstractConnection

from chat.cluster.redis_client import Redis

SUBSCRIBE_TIMEOUT_S = 2.0
PUBLISH_TIMEOUT_S = 1.0


class Published(NamedTuple):
    """A message of Redis pub/sub."""

    channel: bytes
    frame: bytes


class BusConnection:
    """The library's connection, used directly: each of its command methods costs more than the payload.

    One task publishes and one receives. The connection does not reconnect: after the first error, leave it.
    """

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._pending_replies = 0
        self._all_replied = asyncio.Event()

    async def publish(self, frames: Sequence[tuple[str, bytes]]) -> None:
        """Publish each frame on its channel, in one write, and wait until Redis has replied to all.

        Raises TimeoutError after PUBLISH_TIMEOUT_S.
        """
        self._pending_replies = len(frames)
        self._all_replied.clear()
        packed = self._connection.pack_commands([("PUBLISH", *frame) for frame in frames])
        async with asyncio.timeout(PUBLISH_TIMEOUT_S):
            await self._connection.send_packed_command(packed, check_health=False)
            await self._all_replied.wait()

    async def receive(self) -> Published:
        """The next published message. Also reads the replies to `publish`."""
        while True:
            # Infinity is how the library is told to set no timeout for each read.
            reply = await self._connection.read_response(timeout=math.inf, disconnect_on_error=False, push_request=True)
            if isinstance(reply, int):
                self._count_reply()
            elif reply[0] == b"message":
                return Published(reply[1], reply[2])

    def _count_reply(self) -> None:
        self._pending_replies -= 1
        if self._pending_replies == 0:
            self._all_replied.set()


@contextlib.asynccontextmanager
async def open_connection(redis: Redis, *channels: str) -> AsyncIterator[BusConnection]:
    """A connection that is subscribed to `channels` before anything can be published on it."""
    async with contextlib.aclosing(redis.subscriber()) as subscriber:
        async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S):
            await subscriber.subscribe(*channels)
        connection: AbstractConnection | None = subscriber.connection
        assert connection is not None
        yield BusConnection(connection)

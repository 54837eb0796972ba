"""The cable: one connection to Redis on which a node both speaks and hears, so that it breaks whole or not at all."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from redis.asyncio.connection import AbstractConnection

from chat.cluster.redis_client import Redis

OPEN_S = 2.0
ANSWER_S = 1.0


class Published(NamedTuple):
    """What somebody published."""

    channel: bytes
    frame: bytes


class BusConnection:
    """The library's connection without its commands, each of which costs more than what it carries.

    One task speaks and one hears. Nothing reconnects: after the first error the cable is to be left.
    """

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._owed = 0
        self._answered = asyncio.Event()

    async def publish(self, frames: Sequence[tuple[str, bytes]]) -> None:
        """Each frame on its channel, in one write; returns when Redis has taken them all, or fails in a second."""
        self._owed = len(frames)
        self._answered.clear()
        packed = self._connection.pack_commands([("PUBLISH", *frame) for frame in frames])
        async with asyncio.timeout(ANSWER_S):
            await self._connection.send_packed_command(packed, check_health=False)
            await self._answered.wait()

    async def receive(self) -> Published:
        """The next thing that was published; takes in the answers to `publish` meanwhile."""
        while True:
            # Infinity is how the library is told to set no timeout for each read.
            answer = await self._connection.read_response(
                timeout=math.inf, disconnect_on_error=False, push_request=True
            )
            if isinstance(answer, int):
                self._take_answer()
            elif answer[0] == b"message":
                return Published(answer[1], answer[2])

    def _take_answer(self) -> None:
        self._owed -= 1
        if self._owed == 0:
            self._answered.set()


@contextlib.asynccontextmanager
async def open_connection(redis: Redis, *channels: str) -> AsyncIterator[BusConnection]:
    """A cable that hears `channels`: they are subscribed to before anything can be said."""
    async with contextlib.aclosing(redis.subscriber()) as subscriber:
        async with asyncio.timeout(OPEN_S):
            await subscriber.subscribe(*channels)
        connection: AbstractConnection | None = subscriber.connection
        assert connection is not None
        yield BusConnection(connection)

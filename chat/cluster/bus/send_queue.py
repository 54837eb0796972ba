"""What waits to be said: bounded, and the oldest gives way."""

from collections import deque

OVERHEAD = 64  # what the shortest payload costs in memory


class SendQueue:
    """Payloads in the order in which they were given, each with the channel that it is for."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._size = 0
        self._queue: deque[tuple[str, bytes]] = deque()

    def put(self, channel: str, payload: bytes) -> int:
        """How many gave way for it."""
        self._queue.append((channel, payload))
        self._size += len(payload) + OVERHEAD
        before = len(self._queue)
        while self._size > self._room:
            self._next()
        return before - len(self._queue)

    def take(self, most: int) -> dict[str, list[bytes]]:
        """The next payloads by channel, until they have `most` bytes."""
        taken: dict[str, list[bytes]] = {}
        size = 0
        while self._queue and size < most:
            channel, payload = self._next()
            taken.setdefault(channel, []).append(payload)
            size += len(payload)
        return taken

    def clear(self) -> int:
        """How many are given up."""
        given_up = len(self._queue)
        self._queue.clear()
        self._size = 0
        return given_up

    def _next(self) -> tuple[str, bytes]:
        channel, payload = self._queue.popleft()
        self._size -= len(payload) + OVERHEAD
        return channel, payload

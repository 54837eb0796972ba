"""The queue of payloads to publish. It is bounded; the oldest payloads are dropped first."""

from collections import deque

OVERHEAD = 64  # the memory of the shortest payload, in bytes


class SendQueue:
    """Payloads in the order of `put`, each with its channel; at most `max_bytes` in total."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._queue: deque[tuple[str, bytes]] = deque()

    def put(self, channel: str, payload: bytes) -> int:
        """Append a payload. Returns how many payloads were dropped for it."""
        self._queue.append((channel, payload))
        self._size += len(payload) + OVERHEAD
        before = len(self._queue)
        while self._size > self._max_bytes:
            self._pop()
        return before - len(self._queue)

    def take(self, max_bytes: int) -> dict[str, list[bytes]]:
        """Remove the oldest payloads, by channel, until they reach `max_bytes`."""
        taken: dict[str, list[bytes]] = {}
        size = 0
        while self._queue and size < max_bytes:
            channel, payload = self._pop()
            taken.setdefault(channel, []).append(payload)
            size += len(payload)
        return taken

    def clear(self) -> int:
        """Drop everything. Returns how many payloads that were."""
        dropped = len(self._queue)
        self._queue.clear()
        self._size = 0
        return dropped

    def _pop(self) -> tuple[str, bytes]:
        channel, payload = self._queue.popleft()
        self._size -= len(payload) + OVERHEAD
        return channel, payload

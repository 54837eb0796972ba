"""The wheel: one timer for all pings and all deadlines, however many lines there are."""

import asyncio
from collections.abc import Callable

from chat.websocket.connection import WebSocketConnection
from chat.websocket.frames import frame

# What the handshake tells clients, in seconds. Whoever falls silent is found within the sum of both; pings are nearly
# all that an idle client costs.
PING_EVERY_S, PONG_WITHIN_S = 30, 14
SLOTS, PONG_SLOTS = 60, 28
PING = frame(b"2")


class HeartbeatTimer:
    """Each line sits on one of SPOKES. A hand goes round once in PING_EVERY_S and pings; a second one follows it, and
    who has not answered by then is gone. `beat` is called at every spoke, twice a second."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._on_tick = beat
        self._slots: list[list[WebSocketConnection]] = [[] for _ in range(SLOTS)]
        self._slot = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, line: WebSocketConnection) -> None:
        """From now on; a line that has ended is forgotten when the hand comes by."""
        self._slots[self._slot - 1].append(line)

    def start(self) -> None:
        """Let it turn, if it does not yet."""
        if self._timer is None:
            self._tick()

    def stop(self) -> None:
        """Let it stand."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PING_EVERY_S / SLOTS, self._tick)
        self._slot = (self._slot + 1) % SLOTS
        for line in self._slots[self._slot - PONG_SLOTS]:
            if line.is_open and not line.pong:
                line.abort()
        here = self._slots[self._slot]
        here[:] = [line for line in here if line.is_open]
        for line in here:
            line.pong = False
            line.push(PING)
        self._on_tick()

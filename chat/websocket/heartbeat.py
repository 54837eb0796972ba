"""The heartbeat: one timer sends all pings and finds all dead connections."""

import asyncio
from collections.abc import Callable

from chat.websocket.connection import WebSocketConnection
from chat.websocket.frames import encode_frame

# pingInterval and pingTimeout of the Engine.IO handshake, in seconds. A dead client is found within the sum of both;
# pings are nearly all that an idle client costs.
PING_INTERVAL_S, PING_TIMEOUT_S = 30, 14
SLOTS, TIMEOUT_SLOTS = 60, 28
PING = encode_frame(b"2")


class HeartbeatTimer:
    """A timer wheel with SLOTS slots, each holding the connections that are pinged together.

    Twice a second the timer advances one slot and pings the connections in it. TIMEOUT_SLOTS later it aborts those of
    them that have sent no pong. `on_tick` is called each time.
    """

    def __init__(self, on_tick: Callable[[], None]) -> None:
        self._on_tick = on_tick
        self._slots: list[list[WebSocketConnection]] = [[] for _ in range(SLOTS)]
        self._slot = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: WebSocketConnection) -> None:
        """Ping this connection from now on. The timer drops it once it has ended."""
        self._slots[self._slot - 1].append(connection)

    def start(self) -> None:
        """Start the timer unless it runs."""
        if self._timer is None:
            self._tick()

    def stop(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PING_INTERVAL_S / SLOTS, self._tick)
        self._slot = (self._slot + 1) % SLOTS
        for connection in self._slots[self._slot - TIMEOUT_SLOTS]:
            if connection.is_open and not connection.pong_received:
                connection.abort()
        due = self._slots[self._slot]
        due[:] = [connection for connection in due if connection.is_open]
        for connection in due:
            connection.pong_received = False
            connection.push(PING)
        self._on_tick()

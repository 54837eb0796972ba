"""The wheel: one timer for all pings and all deadlines, however many lines there are."""

import asyncio
from collections.abc import Callable

from chat.lane.frames import frame
from chat.lane.line import Line

# What the handshake tells clients, in seconds. Whoever falls silent is found within the sum of both; pings are nearly
# all that an idle client costs.
PING_EVERY_S, PONG_WITHIN_S = 30, 14
SPOKES, PATIENT_SPOKES = 60, 28
PING = frame(b"2")


class Wheel:
    """Each line sits on one of SPOKES. A hand goes round once in PING_EVERY_S and pings; a second one follows it, and
    who has not answered by then is gone. `beat` is called at every spoke, twice a second."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._spokes: list[list[Line]] = [[] for _ in range(SPOKES)]
        self._at = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, line: Line) -> None:
        """From now on; a line that has ended is forgotten when the hand comes by."""
        self._spokes[self._at - 1].append(line)

    def start(self) -> None:
        """Let it turn, if it does not yet."""
        if self._timer is None:
            self._turn()

    def stop(self) -> None:
        """Let it stand."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PING_EVERY_S / SPOKES, self._turn)
        self._at = (self._at + 1) % SPOKES
        for line in self._spokes[self._at - PATIENT_SPOKES]:
            if line.open and not line.pong:
                line.cut()
        here = self._spokes[self._at]
        here[:] = [line for line in here if line.open]
        for line in here:
            line.pong = False
            line.push(PING)
        self._beat()

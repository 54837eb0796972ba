"""A line: one WebSocket client, to asyncio a protocol and to python-engineio one of its sockets."""

import asyncio
from collections import deque
from typing import Protocol

from engineio.packet import Packet

from chat.lane.frames import NORMAL, POLICY, PROTOCOL_ERROR, Frames, Turn, frame

CLOSE, PONG, MESSAGE = b"134"
KINDS = range(ord("0"), ord("7"))
# More than any client of ours has under way, in packets and in bytes; whoever sends on without waiting is cut.
INBOX, INBOX_BYTES = 1_024, 512 * 1024


class Ears(Protocol):
    """Who takes what a line brings."""

    def heard(self, line: "Line", packet: bytearray) -> None:
        """A Socket.IO packet behind its "4"."""

    def lost(self, line: "Line") -> None:
        """The line has ended."""

    def beat(self) -> None:
        """Half a second has gone by."""


class Line(Frames):
    """`inbox` holds packets that wait for the one being worked on; `answering` counts events that were taken at
    once and have no answer yet. While either is so, what must keep its order waits.

    The library finds `closed`, `connected` and `upgraded`, `send` and `close`, and asks for no more of it.
    """

    __slots__ = ("answering", "ears", "inbox", "known", "pong", "sid", "waiting", "working")

    connected = upgraded = True
    closing = upgrading = False

    def __init__(self, transport: asyncio.Transport, turn: Turn, sid: str, ears: Ears) -> None:
        super().__init__(transport, turn)
        self.sid, self.ears = sid, ears
        self.pong, self.working, self.answering, self.waiting = True, False, 0, 0
        self.inbox: deque[bytearray] | None = None
        self.known = True

    # -- what asyncio brings -----------------------------------------------------------------------------------

    def text(self, message: bytearray) -> None:
        """One Engine.IO packet; what is none ends the line."""
        kind = message[0] if message else 0
        if kind == MESSAGE:
            self.ears.heard(self, message)
        elif kind == PONG:
            self.pong = True
        elif kind == CLOSE:
            self.hang_up()
        elif kind not in KINDS:
            self.hang_up(PROTOCOL_ERROR)

    def ended(self) -> None:
        """What was said before the end is still heard: a page that is left says its last words and hangs up."""
        if not self.inbox and not self.working:
            self.let_go()

    def hang_up(self, code: int = NORMAL) -> None:
        """As Frames; unless the client wished it, what it said and nobody has looked at yet is forgotten."""
        super().hang_up(code)
        if code != NORMAL:
            self.let_go()

    def turn_away(self, code: int) -> None:
        """As Frames, and whatever it said is forgotten, though it may have hung up meanwhile."""
        super().turn_away(code)
        self.let_go()

    def cut(self) -> None:
        """As Frames, and whatever it said is forgotten."""
        super().cut()
        self.let_go()

    def let_go(self) -> None:
        """Nothing more is heard of it; twice is once."""
        if self.known:
            self.known, self.inbox = False, None
            self.ears.lost(self)

    def keep(self, packet: bytearray) -> None:
        """Put it behind what waits."""
        if self.inbox is None:
            self.inbox = deque()
        self.inbox.append(packet)
        self.waiting += len(packet)
        if len(self.inbox) > INBOX or self.waiting > INBOX_BYTES:
            self.turn_away(POLICY)

    def take(self) -> bytearray | None:
        """What has waited longest, if anything does."""
        packet = self.inbox.popleft() if self.inbox else None
        self.waiting -= len(packet or b"")
        return packet

    # -- what the library asks for -----------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return not self.open

    async def send(self, packet: Packet) -> None:
        """The library's way to send; ours is `push`."""
        encoded = packet.encode()
        assert isinstance(encoded, str)
        self.push(frame(encoded.encode()))

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """The library's way to end a socket."""
        self.hang_up()

"""A line: one WebSocket client, to asyncio a protocol and to python-engineio one of its sockets."""

import asyncio
from collections import deque
from typing import Protocol

from engineio.packet import Packet

from chat.websocket.frames import NORMAL, POLICY, PROTOCOL_ERROR, WebSocketProtocol, WriteBatch, frame

CLOSE, PONG, MESSAGE = b"134"
KINDS = range(ord("0"), ord("7"))
# More than any client of ours has under way, in packets and in bytes; whoever sends on without waiting is cut.
MAX_INBOX, MAX_INBOX_BYTES = 1_024, 512 * 1024


class ConnectionListener(Protocol):
    """Who takes what a line brings."""

    def on_packet(self, line: "WebSocketConnection", packet: bytearray) -> None:
        """A Socket.IO packet behind its "4"."""

    def on_lost(self, line: "WebSocketConnection") -> None:
        """The line has ended."""

    def on_tick(self) -> None:
        """Half a second has gone by."""


class WebSocketConnection(WebSocketProtocol):
    """`inbox` holds packets that wait for the one being worked on; `answering` counts events that were taken at
    once and have no answer yet. While either is so, what must keep its order waits.

    The library finds `closed`, `connected` and `upgraded`, `send` and `close`, and asks for no more of it.
    """

    __slots__ = ("busy", "inbox", "inbox_bytes", "listener", "pong", "registered", "sid", "unanswered")

    connected = upgraded = True
    closing = upgrading = False

    def __init__(self, transport: asyncio.Transport, turn: WriteBatch, sid: str, ears: ConnectionListener) -> None:
        super().__init__(transport, turn)
        self.sid, self.listener = sid, ears
        self.pong, self.busy, self.unanswered, self.inbox_bytes = True, False, 0, 0
        self.inbox: deque[bytearray] | None = None
        self.registered = True

    # -- what asyncio brings -----------------------------------------------------------------------------------

    def on_text(self, message: bytearray) -> None:
        """One Engine.IO packet; what is none ends the line."""
        kind = message[0] if message else 0
        if kind == MESSAGE:
            self.listener.on_packet(self, message)
        elif kind == PONG:
            self.pong = True
        elif kind == CLOSE:
            self.close_with()
        elif kind not in KINDS:
            self.close_with(PROTOCOL_ERROR)

    def on_end(self) -> None:
        """What was said before the end is still heard: a page that is left says its last words and hangs up."""
        if not self.inbox and not self.busy:
            self.release()

    def close_with(self, code: int = NORMAL) -> None:
        """As Frames; unless the client wished it, what it said and nobody has looked at yet is forgotten."""
        super().close_with(code)
        if code != NORMAL:
            self.release()

    def reject(self, code: int) -> None:
        """As Frames, and whatever it said is forgotten, though it may have hung up meanwhile."""
        super().reject(code)
        self.release()

    def abort(self) -> None:
        """As Frames, and whatever it said is forgotten."""
        super().abort()
        self.release()

    def release(self) -> None:
        """Nothing more is heard of it; twice is once."""
        if self.registered:
            self.registered, self.inbox = False, None
            self.listener.on_lost(self)

    def enqueue(self, packet: bytearray) -> None:
        """Put it behind what waits."""
        if self.inbox is None:
            self.inbox = deque()
        self.inbox.append(packet)
        self.inbox_bytes += len(packet)
        if len(self.inbox) > MAX_INBOX or self.inbox_bytes > MAX_INBOX_BYTES:
            self.reject(POLICY)

    def dequeue(self) -> bytearray | None:
        """What has waited longest, if anything does."""
        packet = self.inbox.popleft() if self.inbox else None
        self.inbox_bytes -= len(packet or b"")
        return packet

    # -- what the library asks for -----------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return not self.is_open

    async def send(self, packet: Packet) -> None:
        """The library's way to send; ours is `push`."""
        encoded = packet.encode()
        assert isinstance(encoded, str)
        self.push(frame(encoded.encode()))

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """The library's way to end a socket."""
        self.close_with()

"""One WebSocket client: an asyncio protocol that python-engineio treats as one of its sockets."""

import asyncio
from collections import deque
from typing import Protocol

from engineio.packet import Packet

from chat.websocket.frames import NORMAL, POLICY, PROTOCOL_ERROR, WebSocketProtocol, WriteBatch, encode_frame

CLOSE, PONG, MESSAGE = b"134"
PACKET_TYPES = range(ord("0"), ord("7"))
# More packets and bytes than our clients ever have in flight. A client that goes beyond is rejected.
MAX_INBOX, MAX_INBOX_BYTES = 1_024, 512 * 1024


class PacketListener(Protocol):
    """Handles the packets and the end of connections."""

    def on_packet(self, connection: "WebSocketConnection", packet: bytearray) -> None:
        """Handle an Engine.IO message: "4", then a Socket.IO packet."""

    def on_control(self, connection: "WebSocketConnection", packet: bytearray) -> None:
        """Handle an Engine.IO packet that is no message, no pong and no close."""

    def on_lost(self, connection: "WebSocketConnection") -> None:
        """Remove everything that belongs to a connection that has ended. Called once."""


class WebSocketConnection(WebSocketProtocol):
    """One Engine.IO connection over WebSocket.

    `inbox` holds the packets that wait while an earlier one is handled (`busy`). `unacked` counts the events that were
    handled synchronously and have no ack yet. Packets that must keep their order wait for both.

    python-engineio uses `closed`, `connected`, `upgraded`, `send` and `close`, and nothing else of a socket.
    """

    __slots__ = ("busy", "inbox", "inbox_bytes", "listener", "pong_received", "registered", "sid", "unacked")

    connected = upgraded = True
    closing = upgrading = False

    def __init__(self, transport: asyncio.Transport, batch: WriteBatch, sid: str, listener: PacketListener) -> None:
        super().__init__(transport, batch)
        self.sid, self.listener = sid, listener
        self.pong_received, self.busy, self.unacked, self.inbox_bytes = True, False, 0, 0
        self.inbox: deque[bytearray] | None = None
        self.registered = True

    # -- packets and the end of the connection ------------------------------------------------------------------

    def on_text(self, message: bytearray) -> None:
        """Handle one Engine.IO packet. Anything else closes the connection."""
        packet_type = message[0] if message else 0
        if packet_type == MESSAGE:
            self.listener.on_packet(self, message)
        elif packet_type == PONG:
            self.pong_received = True
            self.count_overhead()
        elif packet_type == CLOSE:
            self.close_with()
        elif packet_type in PACKET_TYPES:
            self.count_overhead()
            self.listener.on_control(self, message)
        else:
            self.close_with(PROTOCOL_ERROR)

    def on_end(self) -> None:
        """Release the connection, but first handle the packets that came before its close frame.

        A page sends its last packets and closes at once when the user leaves it.
        """
        if not self.inbox and not self.busy:
            self.release()

    def close_with(self, code: int = NORMAL, reason: str = "") -> None:
        """As the base class. Packets that wait are dropped unless the client asked for the close."""
        super().close_with(code, reason)
        if code != NORMAL:
            self.release()

    def reject(self, code: int) -> None:
        """As the base class. Packets that wait are dropped, even after the client's own close."""
        super().reject(code)
        self.release()

    def abort(self) -> None:
        """As the base class. Packets that wait are dropped."""
        super().abort()
        self.release()

    def release(self) -> None:
        """Report the end to the listener. A second call does nothing."""
        if self.registered:
            self.registered, self.inbox = False, None
            self.listener.on_lost(self)

    def enqueue(self, packet: bytearray) -> None:
        """Append a packet to the inbox. A full inbox rejects the client."""
        if self.inbox is None:
            self.inbox = deque()
        self.inbox.append(packet)
        self.inbox_bytes += len(packet)
        if len(self.inbox) > MAX_INBOX or self.inbox_bytes > MAX_INBOX_BYTES:
            self.reject(POLICY)

    def push_packet(self, packet: Packet) -> None:
        """Send a packet that the library made."""
        encoded = packet.encode()
        assert isinstance(encoded, str)
        self.push(encode_frame(encoded.encode()))

    def dequeue(self) -> bytearray | None:
        """The oldest packet of the inbox, or None."""
        packet = self.inbox.popleft() if self.inbox else None
        self.inbox_bytes -= len(packet or b"")
        return packet

    # -- the interface of a python-engineio socket ---------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return not self.is_open

    async def send(self, packet: Packet) -> None:
        """Send a packet of the library's; our own code calls `push`."""
        self.push_packet(packet)

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Close the connection; called by the library."""
        self.close_with()

"""WebSocket frames (RFC 6455) in an asyncio protocol, without a task, queue or future for each message."""

import asyncio
import logging
import time

# aiohttp's internal function, in C where aiohttp was built so. If a version moves it, this import fails.
from aiohttp._websocket.helpers import websocket_mask

# The largest message a client may send, in bytes.
MAX_MESSAGE = 65_536
# How many bytes may wait for a client that does not read, besides its largest single write.
MAX_UNSENT = 1 << 20
CLOSE_TIMEOUT_S = 2.0
# How many frames that bring no message (pings, fragments, packets other than messages) a client may send
# in OVERHEAD_WINDOW_S. The largest message fits into a hundred fragments; of the others a client needs two a minute.
MAX_OVERHEAD_FRAMES, OVERHEAD_WINDOW_S = 1_000, 10.0

# The first byte of a frame: the FIN bit and the opcode (section 5.2).
TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
CONTINUATION, CONTINUATION_END, TEXT_START, BINARY_START = 0x00, 0x80, 0x01, 0x02
# Status codes of a close frame (section 7.4.1 and the IANA registry).
NORMAL, PROTOCOL_ERROR, UNSUPPORTED, POLICY, TOO_BIG = 1000, 1002, 1003, 1008, 1009
RESTART, TRY_AGAIN_LATER = 1012, 1013
# The codes that a close frame may have. The others are reserved, or say what no frame can.
CLOSE_CODES = (range(1000, 1004), range(1007, 1015), range(3000, 5000))
BINARY_NOT_SUPPORTED = "binary packets are not supported"

log = logging.getLogger(__name__)


def encode_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One frame as a server sends it: unmasked."""
    length = len(payload)
    if length < 126:
        return b"%c%c%b" % (opcode, length, payload)
    if length < 65_536:
        return b"%c\x7e%b%b" % (opcode, length.to_bytes(2, "big"), payload)
    return b"%c\x7f%b%b" % (opcode, length.to_bytes(8, "big"), payload)


class WriteBatch:
    """Collects the frames of one turn of the event loop and writes them at its end, once for each connection.

    A write is a system call, and one commit may send an agent ten events. `rejected` are the rejected connections that
    are not closed yet.
    """

    def __init__(self) -> None:
        self.rejected: set[WebSocketProtocol] = set()
        self._connections: list[WebSocketProtocol] = []

    def add(self, connection: "WebSocketProtocol") -> None:
        if not self._connections:
            asyncio.get_running_loop().call_soon(self._flush)
        self._connections.append(connection)

    def _flush(self) -> None:
        connections, self._connections = self._connections, []
        for connection in connections:
            try:
                connection.flush()
            except Exception:
                log.exception("writing to a connection failed")
                connection.abort()


class WebSocketProtocol(asyncio.Protocol):
    """The server side of one WebSocket. Subclasses override `on_text` and `on_end`."""

    __slots__ = (
        *("_batch", "_closed", "_ended", "_fragments", "_outgoing", "_overhead", "_overhead_since", "_unparsed"),
        "transport",
    )

    def __init__(self, transport: asyncio.Transport, batch: WriteBatch) -> None:
        self.transport = transport
        self._batch = batch
        self._outgoing: list[bytes] | None = None
        self._unparsed = b""
        self._fragments: bytearray | None = None
        self._ended = False
        self._overhead, self._overhead_since = 0, 0.0
        self._closed: asyncio.Future[None] | None = None
        # asyncio calls pause_writing at this limit, which spares a look at the buffer's size on every write.
        transport.set_write_buffer_limits(high=MAX_UNSENT)

    def on_text(self, message: bytearray) -> None:
        """Handle a whole text message. It may be invalid UTF-8."""

    def on_end(self) -> None:
        """Called once when the connection ends, by either side and for any reason: nothing is read or sent any more."""

    @property
    def is_open(self) -> bool:
        return not self._ended

    # -- sending and closing -----------------------------------------------------------------------------------

    def push(self, frame: bytes) -> None:
        """Send an encoded frame at the end of this turn of the event loop."""
        if self._outgoing is not None:
            self._outgoing.append(frame)
        elif not self._ended:
            self._outgoing = [frame]
            self._batch.add(self)

    def flush(self) -> None:
        """Write the pushed frames now."""
        if frames := self._outgoing:
            self._outgoing = None
            data = frames[0] if len(frames) == 1 else b"".join(frames)
            if len(data) > MAX_UNSENT // 4:
                # A client that asks for a long conversation may get more at once than MAX_UNSENT.
                self.transport.set_write_buffer_limits(high=MAX_UNSENT + len(data))
            self.transport.write(data)

    def close_with(self, code: int = NORMAL, reason: str = "") -> None:
        """Send a close frame. The transport closes on the client's close frame, or after CLOSE_TIMEOUT_S."""
        if not self._ended:
            self._send_close(code.to_bytes(2, "big") + reason.encode())

    def reject(self, code: int) -> None:
        """Close a flooding client: send the close frame and stop reading, so TCP back-pressure stops it.

        The transport is aborted after CLOSE_TIMEOUT_S; the client's own close frame is not read.
        """
        if not self._ended:
            self.close_with(code)
            if not self.transport.is_closing():
                self._batch.rejected.add(self)
                self.transport.pause_reading()

    def _send_close(self, body: bytes) -> None:
        self.push(encode_frame(body, CLOSE))
        self.flush()
        # transport.close() waits until everything is sent, which may be for ever.
        asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self.transport.abort)
        self._end()

    async def wait_closed(self) -> None:
        """Wait until the transport is closed: after `close_with` at most CLOSE_TIMEOUT_S."""
        if not self.transport.is_closing():
            self._closed = self._closed or asyncio.get_running_loop().create_future()
            await self._closed

    def pause_writing(self) -> None:
        """Abort: more than MAX_UNSENT bytes wait, so this client does not read."""
        self.abort()

    def abort(self) -> None:
        """Close the transport now; unsent data is lost."""
        self.transport.abort()
        self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended, self._unparsed, self._fragments, self._outgoing = True, b"", None, None
            self.on_end()

    # -- receiving ---------------------------------------------------------------------------------------------

    def connection_lost(self, _: Exception | None) -> None:
        self._batch.rejected.discard(self)
        self._end()
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Parse the whole frames and keep the rest. The common frame, a short masked text, is checked first."""
        if self._unparsed:
            data = self._unparsed + data
        start, end = 0, len(data)
        while end - start >= 2:
            opcode, length, mask_start = data[start], data[start + 1] - 128, start + 2
            if length < 0:  # not masked (section 5.1)
                self._protocol_error(PROTOCOL_ERROR)
                return
            if length == 126:
                if end - start < 4:
                    break
                length, mask_start = data[start + 2] << 8 | data[start + 3], start + 4
            elif length == 127:
                if end - start < 10:
                    break
                length, mask_start = int.from_bytes(data[start + 2 : start + 10], "big"), start + 10
                if length > MAX_MESSAGE:
                    self._protocol_error(TOO_BIG)
                    return
            payload_start = mask_start + 4
            if end < payload_start + length:
                break
            start = payload_start + length
            payload = bytearray(data[payload_start:start])
            websocket_mask(data[mask_start:payload_start], payload)
            if opcode == TEXT and self._fragments is None and not self._ended:
                self.on_text(payload)
            elif self in self._batch.rejected:
                return
            else:
                self.count_overhead()
                self._on_other_frame(opcode, payload)
                if self.transport.is_closing():
                    return
        self._unparsed = data[start:] if start < end else b""

    def _on_other_frame(self, opcode: int, payload: bytearray) -> None:
        if self._ended:
            if opcode == CLOSE:
                self.transport.close()  # the answer to our close frame
        elif opcode in (CLOSE, PING, PONG) and len(payload) < 126:
            self._on_control_frame(opcode, payload)
        elif opcode in (BINARY, BINARY_START):
            self._protocol_error(UNSUPPORTED, BINARY_NOT_SUPPORTED)
        elif opcode == TEXT_START and self._fragments is None:
            self._fragments = payload
        elif opcode in (CONTINUATION, CONTINUATION_END) and self._fragments is not None:
            self._append_fragment(self._fragments, payload, opcode == CONTINUATION_END)
        else:
            self._protocol_error(PROTOCOL_ERROR)

    def count_overhead(self) -> None:
        """Count a frame that brings no message. Too many of them would keep the event loop busy, so the client is
        rejected, or cut off if it has been sent a close frame already."""
        self._overhead += 1
        if self._overhead > MAX_OVERHEAD_FRAMES:
            since, self._overhead, self._overhead_since = self._overhead_since, 0, time.monotonic()
            if self._overhead_since - since < OVERHEAD_WINDOW_S:
                self.abort() if self._ended else self.reject(POLICY)

    def _on_control_frame(self, opcode: int, payload: bytearray) -> None:
        if opcode == PING:
            self.push(encode_frame(bytes(payload), PONG))
        elif is_close_payload(payload):
            self._send_close(bytes(payload[:2]))
            self.transport.close()
        else:
            self._protocol_error(PROTOCOL_ERROR)

    def _append_fragment(self, message: bytearray, payload: bytearray, is_final: bool) -> None:
        message += payload
        if len(message) > MAX_MESSAGE:
            self._protocol_error(TOO_BIG)
        elif is_final:
            self._fragments = None
            self.on_text(message)

    def _protocol_error(self, code: int, reason: str = "") -> None:
        # Nothing after the error can be parsed (section 7.1.7), so do not wait for the client's close frame.
        self.close_with(code, reason)
        self.transport.close()


def is_close_payload(payload: bytearray) -> bool:
    """Whether a client's close frame has nothing, or a possible code and a reason in UTF-8 (sections 5.5.1 and 7.4)."""
    code = int.from_bytes(payload[:2], "big")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        return False
    return not payload or (len(payload) > 1 and any(code in codes for codes in CLOSE_CODES))

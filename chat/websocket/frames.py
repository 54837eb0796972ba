"""Frames: a WebSocket (RFC 6455) as an asyncio protocol, without a task, a queue or a future for what passes."""

import asyncio
import logging

# The library's own, in C where it is built so; tests/lane/test_leaning.py notices when it moves.
from aiohttp._websocket.helpers import websocket_mask

# Larger messages are refused (PROTOCOL: 64 kB), so the 64-bit length never has to be read.
MAX_MESSAGE = 65_536
# What may wait for a client that does not read, beside its largest single message.
MAX_UNSENT = 1 << 20
CLOSING_S = 2.0

TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
CONTINUATION, FINAL_CONTINUATION, FIRST_TEXT, FIRST_BINARY = 0x00, 0x80, 0x01, 0x02
NORMAL, PROTOCOL_ERROR, POLICY, TOO_BIG, RESTART, TRY_AGAIN_LATER = 1000, 1002, 1008, 1009, 1012, 1013

log = logging.getLogger(__name__)


def frame(payload: bytes, first: int = TEXT) -> bytes:
    """One whole frame as a server sends it, unmasked."""
    length = len(payload)
    if length < 126:
        return b"%c%c%b" % (first, length, payload)
    if length < 65_536:
        return b"%c\x7e%b%b" % (first, length.to_bytes(2, "big"), payload)
    return b"%c\x7f%b%b" % (first, length.to_bytes(8, "big"), payload)


class WriteBatch:
    """What is pushed in one turn of the loop leaves at its end, in one write for each line: a write is a system call,
    and after a commit an agent may be told ten things at once. `away` are the lines that were turned away and are not
    gone yet."""

    def __init__(self) -> None:
        self.rejected: set[WebSocketProtocol] = set()
        self._connections: list[WebSocketProtocol] = []

    def add(self, line: "WebSocketProtocol") -> None:
        if not self._connections:
            asyncio.get_running_loop().call_soon(self._flush)
        self._connections.append(line)

    def _flush(self) -> None:
        pushed, self._connections = self._connections, []
        for line in pushed:
            try:
                line.flush()
            except Exception:
                log.exception("a line could not be written to")
                line.abort()


class WebSocketProtocol(asyncio.Protocol):
    """One client. `text` gets each message, `ended` is called once, by whichever side and for whatever reason."""

    __slots__ = ("_batch", "_ended", "_fragments", "_gone", "_pushed", "_rest", "transport")

    def __init__(self, transport: asyncio.Transport, turn: WriteBatch) -> None:
        self.transport = transport
        self._batch = turn
        self._pushed: list[bytes] | None = None
        self._rest = b""
        self._fragments: tuple[int, bytearray] | None = None
        self._ended = False
        self._gone: asyncio.Future[None] | None = None
        # Who never reads is cut by pause_writing, so that nobody has to ask for the buffer's size at each write.
        transport.set_write_buffer_limits(high=MAX_UNSENT)

    def on_text(self, message: bytearray) -> None:
        """A whole text message, not yet known to be UTF-8."""

    def on_end(self) -> None:
        """Nothing more is heard, and nothing more will be sent."""

    @property
    def is_open(self) -> bool:
        return not self._ended

    # -- out ---------------------------------------------------------------------------------------------------

    def push(self, framed: bytes) -> None:
        """Send what `frame` made, at the end of this turn of the loop."""
        if self._pushed is not None:
            self._pushed.append(framed)
        elif not self._ended:
            self._pushed = [framed]
            self._batch.add(self)

    def flush(self) -> None:
        """Send now what was pushed."""
        if pushed := self._pushed:
            self._pushed = None
            together = pushed[0] if len(pushed) == 1 else b"".join(pushed)
            if len(together) > MAX_UNSENT // 4:
                # A thread of long messages may be larger than all that may wait; who asked for it gets it.
                self.transport.set_write_buffer_limits(high=MAX_UNSENT + len(together))
            self.transport.write(together)

    def close_with(self, code: int = NORMAL) -> None:
        """Say goodbye; the connection is gone once the client has answered, after CLOSING_S in any case."""
        if not self._ended:
            self._send_close(code.to_bytes(2, "big"))

    def reject(self, code: int) -> None:
        """As hang_up, for who says more than anybody can hear: it is not listened to any more, not even for its
        goodbye, so that it has to stop, and is rid of this line only after CLOSING_S."""
        if not self._ended:
            self.close_with(code)
            if not self.transport.is_closing():
                self._batch.rejected.add(self)
                self.transport.pause_reading()

    def _send_close(self, words: bytes) -> None:
        self.push(frame(words, CLOSE))
        self.flush()
        # Closing gently waits for what is unsent, and that may be for ever.
        asyncio.get_running_loop().call_later(CLOSING_S, self.transport.abort)
        self._end()

    async def wait_closed(self) -> None:
        """Until the connection is lost: after hang_up that is CLOSING_S away at most."""
        if not self.transport.is_closing():
            self._gone = self._gone or asyncio.get_running_loop().create_future()
            await self._gone

    def pause_writing(self) -> None:
        """More waits than may: this client does not read."""
        self.abort()

    def abort(self) -> None:
        """End it at once; what is unsent is lost."""
        self.transport.abort()
        self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended, self._rest, self._fragments, self._pushed = True, b"", None, None
            self.on_end()

    # -- in ----------------------------------------------------------------------------------------------------

    def connection_lost(self, _: Exception | None) -> None:
        self._batch.rejected.discard(self)
        self._end()
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Take whole frames off the front and keep the rest. The common one, a short masked text, comes first."""
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        while end - at >= 2:
            first, length, key = data[at], data[at + 1] - 128, at + 2
            if length < 0 or length == 127:  # clients must mask, and may not send that much
                self._protocol_error(PROTOCOL_ERROR if length < 0 else TOO_BIG)
                return
            if length == 126:
                if end - at < 4:
                    break
                length, key = data[at + 2] << 8 | data[at + 3], at + 4
            begins = key + 4
            if end < begins + length:
                break
            at = begins + length
            payload = bytearray(data[begins:at])
            websocket_mask(data[key:begins], payload)
            if first == TEXT and self._fragments is None and not self._ended:
                self.on_text(payload)
            elif self in self._batch.rejected:
                return
            else:
                self._on_other_frame(first, payload)
        self._rest = data[at:] if at < end else b""

    def _on_other_frame(self, first: int, payload: bytearray) -> None:
        if self._ended:
            if first == CLOSE:
                self.transport.close()  # the answer to our goodbye
        elif first in (CLOSE, PING, PONG) and len(payload) < 126:
            self._on_control_frame(first, payload)
        elif first in (FIRST_TEXT, FIRST_BINARY) and self._fragments is None:
            self._fragments = (first, payload)
        elif first in (CONTINUATION, FINAL_CONTINUATION) and self._fragments is not None:
            self._append_fragment(*self._fragments, payload, first == FINAL_CONTINUATION)
        elif first != BINARY or self._fragments is not None:  # binary messages are passed over: we speak none
            self._protocol_error(PROTOCOL_ERROR)

    def _on_control_frame(self, first: int, payload: bytearray) -> None:
        if first == PING:
            self.push(frame(bytes(payload), PONG))
        elif first == CLOSE:
            self._send_close(bytes(payload[:2]))
            self.transport.close()

    def _append_fragment(self, kind: int, begun: bytearray, payload: bytearray, last: bool) -> None:
        begun += payload
        if len(begun) > MAX_MESSAGE:
            self._protocol_error(TOO_BIG)
        elif last:
            self._fragments = None
            if kind == FIRST_TEXT:
                self.on_text(begun)

    def _protocol_error(self, code: int) -> None:
        # Nothing that follows could be read, so its goodbye is not waited for either.
        self.close_with(code)
        self.transport.close()

"""Admission control: limits of connections, a deadline for their first request, 503 for handshakes that come late."""

import asyncio
import socket
import struct
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from aiohttp import web
from prometheus_client import Counter as Metric

# A connection that waited longer would miss its client's timeout, and serving it would delay the rest: after a restart
# thousands connect at once. A 503 costs a few microseconds, and clients retry with backoff, each at another moment.
MAX_WAIT_MS = 500
# Browsers may open a connection before they need it. It may not stay silent for longer than this.
FIRST_BYTES_TIMEOUT_S = 60.0
# From its first byte, the head of the first request may take so long. MAX_HEAD is more than aiohttp accepts.
HEAD_TIMEOUT_S = 10.0
# The same beyond ConnectionLimits.unfinished_per_key: thousands may connect in one moment, and their heads still be in
# the kernel.
CROWD_TIMEOUT_S = 1.0
HEAD_END, MAX_HEAD = b"\r\n\r\n", 65_536
# With more keys than these, those without a connection are dropped.
MAX_KEYS = 10_000
HANDSHAKE_PREFIX = b"GET /socket.io/?"
RETRY_LATER_RESPONSE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
# The byte offset of tcpi_last_data_recv (milliseconds since the last data came) in Linux' struct tcp_info.
TCPI_LAST_DATA_RECV = 52

REJECTED_HANDSHAKES = Metric("guichet_rejected_handshakes", "Handshakes answered 503 because too many came at once")
REJECTED_CONNECTIONS = Metric("guichet_rejected_connections", "Connections answered 503 because of the limits")


def counted_by_address(address: str) -> str | None:
    """The key under which a connection counts."""
    return address


@dataclass(frozen=True)
class ConnectionLimits:
    """How many connections may be open at once: in all, by key, and by key without the whole head of a request.

    `key_of` gives an address its key; None for one that speaks for many, such as a proxy's.
    """

    total: int = 1_000_000
    per_key: int = 1_000
    unfinished_per_key: int = 100
    key_of: Callable[[str], str | None] = counted_by_address


class OpenTransports:
    """The transports that were added and are not closed. It looks which are closed only when it must know."""

    def __init__(self) -> None:
        self._transports: list[asyncio.Transport] = []
        self._look_at = 64

    def add(self, transport: asyncio.Transport) -> None:
        self._transports.append(transport)

    def reaches(self, limit: int) -> bool:
        """Whether at least `limit` are open."""
        if len(self._transports) >= min(limit, self._look_at):
            self._transports = [one for one in self._transports if not one.is_closing()]
            self._look_at = 2 * len(self._transports) + 64
        return len(self._transports) >= limit


class AdmissionControl:
    """The protocol factory of a listening socket, in front of aiohttp's."""

    def __init__(self, new_handler: Callable[[], web.RequestHandler], limits: ConnectionLimits | None = None) -> None:
        self.new_handler = new_handler
        self.limits = limits or ConnectionLimits()
        # The connections whose first request is not whole yet, with their keys.
        self.waiting: dict[asyncio.Transport, str | None] = {}
        self._unfinished = Counter[str | None]()
        self._open = OpenTransports()
        self._open_by_key: dict[str, OpenTransports] = {}

    def __call__(self) -> "PendingConnection":
        return PendingConnection(self)

    def admit(self, transport: asyncio.Transport) -> bool:
        """Whether there is room for one more connection of this address; if so, it counts from now on."""
        address = str((transport.get_extra_info("peername") or ("",))[0])
        key = self.limits.key_of(address)
        if self._open.reaches(self.limits.total) or (key is not None and self._is_full(key)):
            return False
        self._open.add(transport)
        if key is not None:
            self._open_by_key.setdefault(key, OpenTransports()).add(transport)
        self.waiting[transport] = key
        self._unfinished[key] += 1
        return True

    def _is_full(self, key: str) -> bool:
        if len(self._open_by_key) > MAX_KEYS:
            self._open_by_key = {key: found for key, found in self._open_by_key.items() if found.reaches(1)}
        found = self._open_by_key.get(key)
        return found is not None and found.reaches(self.limits.per_key)

    def may_wait(self, transport: asyncio.Transport) -> bool:
        """Whether the connection may take its time with its first request: its address has not too many that do."""
        key = self.waiting[transport]
        return key is None or self._unfinished[key] <= self.limits.unfinished_per_key

    def stop_waiting(self, transport: asyncio.Transport) -> None:
        """The connection's first request is whole, or the connection has ended."""
        if transport in self.waiting:
            key = self.waiting.pop(transport)
            self._unfinished[key] -= 1
            if not self._unfinished[key]:
                del self._unfinished[key]

    def close(self) -> None:
        """Abort the connections that have sent no request yet. aiohttp closes the others."""
        for transport in list(self.waiting):
            transport.abort()


class PendingConnection(asyncio.Protocol):
    """A connection until the head of its first request is whole; then aiohttp takes it over.

    Only handshakes, and connections beyond the limits, are ever answered 503. Pages, forms and later requests of an
    accepted connection wait as long as it takes.
    """

    __slots__ = ("_admission", "_head", "_timeout", "_transport")

    def __init__(self, admission: AdmissionControl) -> None:
        self._admission = admission
        self._head = b""
        self._timeout: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._admission.admit(self._transport):
            may_wait = self._admission.may_wait(self._transport)
            self._abort_after(FIRST_BYTES_TIMEOUT_S if may_wait else CROWD_TIMEOUT_S)
        else:
            REJECTED_CONNECTIONS.inc()
            self._reject()

    def connection_lost(self, _: Exception | None) -> None:
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        if not self._head and self._admission.may_wait(self._transport):
            self._abort_after(HEAD_TIMEOUT_S)
        self._head += data
        # What is no HTTP, such as the first bytes of TLS, is aiohttp's to refuse at once.
        if HEAD_END in self._head or len(self._head) > MAX_HEAD or not self._head[:1].isalpha():
            self._stop_waiting()
            self._hand_over(self._head)

    def _hand_over(self, head: bytes) -> None:
        if is_handshake_request(head) and waited_ms(self._transport) > MAX_WAIT_MS:
            REJECTED_HANDSHAKES.inc()
            self._reject()
            return
        handler = self._admission.new_handler()
        self._transport.set_protocol(handler)
        handler.connection_made(self._transport)
        handler.data_received(head)

    def _reject(self) -> None:
        self._transport.write(RETRY_LATER_RESPONSE)
        self._transport.close()

    def _abort_after(self, seconds: float) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
        self._timeout = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def _stop_waiting(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
        self._admission.stop_waiting(self._transport)


def is_handshake_request(request: bytes) -> bool:
    """Whether the request opens an Engine.IO connection, by WebSocket or by polling."""
    return request.startswith(HANDSHAKE_PREFIX) and b"sid=" not in request.partition(b"\r\n")[0]


def waited_ms(transport: asyncio.BaseTransport) -> int:
    """How long the last data lay in the kernel before the event loop read it. Only the kernel knows.

    0 where the kernel does not report it: on Unix sockets and on systems other than Linux.
    """
    sock = transport.get_extra_info("socket")
    if sys.platform != "linux" or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return 0
    tcp_info: bytes = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCPI_LAST_DATA_RECV + 4)
    return int(struct.unpack_from("=I", tcp_info, TCPI_LAST_DATA_RECV)[0])

"""Admission control: answer 503 to a handshake that has waited too long for the event loop."""

import asyncio
import socket
import struct
import sys
from typing import cast

from aiohttp import web
from prometheus_client import Counter

# A connection that waited longer would miss its client's timeout, and serving it would delay the rest: after a restart
# thousands connect at once. A 503 costs a few microseconds, and clients retry with backoff, each at another moment.
MAX_WAIT_MS = 500
# Browsers may open a connection before they need it. It may not stay silent for longer than this.
FIRST_BYTES_TIMEOUT_S = 60.0
HANDSHAKE_PREFIX = b"GET /socket.io/?"
RETRY_LATER_RESPONSE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
# The byte offset of tcpi_last_data_recv (milliseconds since the last data came) in Linux' struct tcp_info.
TCPI_LAST_DATA_RECV = 52

REJECTED_HANDSHAKES = Counter("guichet_rejected_handshakes", "Handshakes answered 503 because too many came at once")


class AdmissionControl:
    """The protocol factory of a listening socket, in front of aiohttp's."""

    def __init__(self, server: web.Server) -> None:
        self.server = server
        self.waiting: set[asyncio.Transport] = set()

    def __call__(self) -> "PendingConnection":
        return PendingConnection(self)

    def close(self) -> None:
        """Abort the connections that have sent nothing yet. aiohttp closes the others."""
        for transport in list(self.waiting):
            transport.abort()


class PendingConnection(asyncio.Protocol):
    """A connection until its first bytes; then aiohttp takes it over.

    Only handshakes are ever answered 503. Pages, forms and later requests of an accepted connection wait as long as
    it takes.
    """

    __slots__ = ("_admission", "_timeout", "_transport")

    def __init__(self, admission: AdmissionControl) -> None:
        self._admission = admission

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._timeout = asyncio.get_running_loop().call_later(FIRST_BYTES_TIMEOUT_S, self._transport.abort)
        self._admission.waiting.add(self._transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        self._stop_waiting()
        if is_handshake_request(data) and waited_ms(self._transport) > MAX_WAIT_MS:
            REJECTED_HANDSHAKES.inc()
            self._transport.write(RETRY_LATER_RESPONSE)
            self._transport.close()
            return
        handler = self._admission.server()
        self._transport.set_protocol(handler)
        handler.connection_made(self._transport)
        handler.data_received(data)

    def _stop_waiting(self) -> None:
        self._timeout.cancel()
        self._admission.waiting.discard(self._transport)


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

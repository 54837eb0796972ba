"""The porch: where connections wait until their first words come, and whoever has waited too long is sent away."""

import asyncio
import socket
import struct
import sys
from typing import cast

from aiohttp import web
from prometheus_client import Counter

# Who has stood in line for so long would be late, and so would all behind it: after a restart thousands come at once.
# Sent away in a few microseconds they come again by their own backoff, each at another moment.
MAX_WAIT_MS = 500
# A browser may open a connection before it knows what for, but not keep one for that.
FIRST_BYTES_S = 60.0
SOCKET_REQUEST = b"GET /socket.io/?"
RETRY_LATER_RESPONSE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
# In Linux' struct tcp_info, in bytes from its beginning: milliseconds since anything came.
LAST_DATA_RECV = 52

SENT_AWAY = Counter("guichet_sent_away", "Handshakes answered 503, for too many came at once")


class AdmissionControl:
    """In front of aiohttp: the protocol factory of a listening socket."""

    def __init__(self, house: web.Server) -> None:
        self.server = house
        self.waiting: set[asyncio.Transport] = set()

    def __call__(self) -> "PendingConnection":
        return PendingConnection(self)

    def close(self) -> None:
        """Who has said nothing yet is sent home; those inside are the house's."""
        for transport in list(self.waiting):
            transport.abort()


class PendingConnection(asyncio.Protocol):
    """One connection until its first bytes, then aiohttp's. Only those who would open a socket are ever sent away:
    pages, forms, and the requests of a connection that has been let in wait for as long as it takes."""

    __slots__ = ("_admission", "_timeout", "_transport")

    def __init__(self, porch: AdmissionControl) -> None:
        self._admission = porch

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._timeout = asyncio.get_running_loop().call_later(FIRST_BYTES_S, self._transport.abort)
        self._admission.waiting.add(self._transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        self._stop_waiting()
        if opens_connection(data) and waited_ms(self._transport) > MAX_WAIT_MS:
            SENT_AWAY.inc()
            self._transport.write(RETRY_LATER_RESPONSE)
            self._transport.close()
            return
        inside = self._admission.server()
        self._transport.set_protocol(inside)
        inside.connection_made(self._transport)
        inside.data_received(data)

    def _stop_waiting(self) -> None:
        self._timeout.cancel()
        self._admission.waiting.discard(self._transport)


def opens_connection(request: bytes) -> bool:
    """Whether this is how a connection begins, by WebSocket or by polling."""
    return request.startswith(SOCKET_REQUEST) and b"sid=" not in request.partition(b"\r\n")[0]


def waited_ms(transport: asyncio.BaseTransport) -> int:
    """How long its last words lay in the kernel before we came to look: nobody else knows how late we are. 0 where the
    kernel does not tell: on a unix socket, and elsewhere than on Linux."""
    connection = transport.get_extra_info("socket")
    if sys.platform != "linux" or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return 0
    told: bytes = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_DATA_RECV + 4)
    return int(struct.unpack_from("=I", told, LAST_DATA_RECV)[0])

"""Take-over: after the upgrade a WebSocket's socket passes from aiohttp's request handling to a line of ours."""

import base64
import binascii
import hashlib
import socket

from aiohttp import web
from aiohttp.hdrs import SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE

from chat.websocket.connection import WebSocketConnection

SWITCHING_PROTOCOLS = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)
KERNEL_SEND_BUFFER = 128 * 1024
WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class UpgradedResponse(web.StreamResponse):
    """What aiohttp gets for a request whose socket is no longer its own: an answer that writes nothing."""

    def __init__(self) -> None:
        super().__init__(status=101)

    async def prepare(self, _: web.BaseRequest) -> None:
        return None

    async def write_eof(self, _: bytes = b"") -> None:
        return None


def is_handshake(request: web.Request) -> bool:
    """RFC 6455, section 4.2.1. No extension is ever accepted: browsers offer compression, and it costs 100 kB a
    connection."""
    headers = request.headers
    asked = (request.method, headers.get(UPGRADE, "").lower(), headers.get(SEC_WEBSOCKET_VERSION))
    return asked == ("GET", "websocket", "13") and len(_decoded(headers.get(SEC_WEBSOCKET_KEY, ""))) == 16


def _decoded(key: str) -> bytes:
    try:
        return base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return b""


def upgrade(request: web.Request, line: WebSocketConnection, first: bytes) -> UpgradedResponse:
    """From now on `line` has the socket. `first` is sent before anything that has come already is heard.

    aiohttp is told that the connection is lost and lets go of its parser, its task and its entry in the list of
    connections: 10,000 of those are 100 MB.
    """
    before, transport = request.protocol, line.transport
    # The kernel would keep 4 MB for a client that does not read, before a byte of it waits where it is counted.
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_SEND_BUFFER)
    made = hashlib.sha1(request.headers[SEC_WEBSOCKET_KEY].encode() + WEBSOCKET_GUID, usedforsecurity=False)
    transport.write(SWITCHING_PROTOCOLS % base64.b64encode(made.digest()) + first)
    # The protocol first: what comes from here on is the line's. Before, aiohttp has kept it in its tail.
    transport.set_protocol(line)
    tail, before.transport = before._message_tail, None
    before.connection_lost(None)
    if tail:
        line.data_received(tail)
    return UpgradedResponse()

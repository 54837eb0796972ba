"""The WebSocket upgrade: hand a socket over from aiohttp to our own protocol."""

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
    """A response that writes nothing, for a request whose socket aiohttp no longer owns."""

    def __init__(self) -> None:
        super().__init__(status=101)

    async def prepare(self, _: web.BaseRequest) -> None:
        return None

    async def write_eof(self, _: bytes = b"") -> None:
        return None


def is_handshake(request: web.Request) -> bool:
    """Whether the request is an opening handshake by RFC 6455, section 4.2.1.

    Extensions are ignored. Browsers offer compression, which would cost 100 kB a connection.
    """
    headers = request.headers
    upgrade_request = (request.method, headers.get(UPGRADE, "").lower(), headers.get(SEC_WEBSOCKET_VERSION))
    return upgrade_request == ("GET", "websocket", "13") and len(_decoded(headers.get(SEC_WEBSOCKET_KEY, ""))) == 16


def _decoded(key: str) -> bytes:
    try:
        return base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return b""


def upgrade(request: web.Request, connection: WebSocketConnection, first_frame: bytes) -> UpgradedResponse:
    """Answer 101, send `first_frame` and give the socket to `connection`, with the bytes aiohttp has read too far.

    aiohttp is told that the connection is lost. It then frees its parser, its task and its entry in the list of
    connections; 10,000 of those are 100 MB.
    """
    aiohttp_protocol, transport = request.protocol, connection.transport
    # The kernel would buffer 4 MB for a client that does not read, before a byte waits in the buffer that we bound.
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_SEND_BUFFER)
    accept = hashlib.sha1(request.headers[SEC_WEBSOCKET_KEY].encode() + WEBSOCKET_GUID, usedforsecurity=False)
    transport.write(SWITCHING_PROTOCOLS % base64.b64encode(accept.digest()) + first_frame)
    # Set the protocol first: data that comes from here on goes to it. Earlier data is in aiohttp's message tail.
    transport.set_protocol(connection)
    tail, aiohttp_protocol.transport = aiohttp_protocol._message_tail, None
    aiohttp_protocol.connection_lost(None)
    if tail:
        connection.data_received(tail)
    return UpgradedResponse()

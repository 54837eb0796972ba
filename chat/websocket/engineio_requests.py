"""Requests to /socket.io/: which are refused, in the words of Socket.IO's reference server, and the body of a POST."""

import asyncio
from collections.abc import Callable, Iterable

import aiohttp
import orjson
from aiohttp import web

from chat.websocket.frames import BINARY_NOT_SUPPORTED, MAX_MESSAGE
from chat.websocket.packets import is_binary

# The error codes of Socket.IO's reference server, and its message for each.
UNKNOWN_TRANSPORT, UNKNOWN_SESSION, BAD_METHOD, BAD_REQUEST, FORBIDDEN, UNKNOWN_VERSION = range(6)
MESSAGES = (
    "Transport unknown",
    "Session ID unknown",
    "Bad handshake method",
    "Bad request",
    "Forbidden",
    "Unsupported protocol version",
)
TRANSPORTS = ("polling", "websocket")
# How long a client may take to send the body of a poll.
BODY_TIMEOUT_S = 10.0
# The library's own limit is 16. The length of a body is bounded anyway.
MAX_PACKETS = 4_096
SEPARATOR = "\x1e"
# Close, pong, message. Swift's client also sends a noop before it changes to WebSocket.
CLIENT_PACKETS, NOOP = ("1", "3", "4"), "6"


class RefusedRequest(Exception):
    """A request to /socket.io/ that is answered 400 with `{"code", "message"}`."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.message = f"{MESSAGES[code]}: {reason}" if reason else MESSAGES[code]

    def response(self) -> web.Response:
        body = orjson.dumps({"code": self.code, "message": self.message})
        return web.Response(body=body, status=400, content_type="application/json")


def check_request(request: web.Request, is_allowed_origin: Callable[[str], bool]) -> None:
    """Raise RefusedRequest unless the request is one that may open a session, or names one.

    Browsers apply no same-origin policy to WebSockets, so the origin is checked here. Other clients send none.
    """
    query, origin = request.query, request.headers.get("Origin")
    if query.get("transport") not in TRANSPORTS:
        raise RefusedRequest(UNKNOWN_TRANSPORT)
    if "j" in query:
        raise RefusedRequest(BAD_REQUEST, "JSONP is not supported")
    if origin is not None and not is_allowed_origin(origin):
        raise RefusedRequest(FORBIDDEN, "the origin is not allowed")
    if not query.get("sid"):
        if query.get("EIO") != "4":
            raise RefusedRequest(UNKNOWN_VERSION, "only Engine.IO 4")
        if request.method == "POST":
            raise RefusedRequest(BAD_METHOD)


class BufferedBody:
    """A request body that was read and checked before the library reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def read(self, _: int) -> bytes:
        return self._content


async def read_packets(request: web.Request, *, accepts_noop: bool) -> bytes:
    """The body of a POST with the packets for the library; raises RefusedRequest.

    The library may get nothing else: it never answers a ping, nor a body that is too long, and drops a body of too many
    packets with status 200.
    """
    packets = _split(await _read_body(request))
    if accepts_noop:
        packets = [packet for packet in packets if packet != NOOP]
    if any(packet[:1] == "b" or (packet[:1] == "4" and is_binary(packet[1:])) for packet in packets):
        raise RefusedRequest(BAD_REQUEST, BINARY_NOT_SUPPORTED)
    if not _are_from_client(packets):
        raise RefusedRequest(BAD_REQUEST, "not the Engine.IO packets of a client")
    return SEPARATOR.join(packets).encode()


async def _read_body(request: web.Request) -> bytes:
    """The body, also a chunked or compressed one, up to MAX_MESSAGE bytes."""
    try:
        if (request.content_length or 0) <= MAX_MESSAGE:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                await request.content.readexactly(MAX_MESSAGE + 1)
    except asyncio.IncompleteReadError as whole:
        return whole.partial
    except TimeoutError:
        raise RefusedRequest(BAD_REQUEST, f"the body took longer than {BODY_TIMEOUT_S:g} s") from None
    except (aiohttp.ClientPayloadError, web.RequestPayloadError, aiohttp.http.HttpProcessingError):
        raise RefusedRequest(BAD_REQUEST, "the body can not be read") from None
    raise RefusedRequest(BAD_REQUEST, f"the body is longer than {MAX_MESSAGE} bytes")


def _split(body: bytes) -> list[str]:
    try:
        packets = body.decode().split(SEPARATOR)
    except UnicodeDecodeError:
        raise RefusedRequest(BAD_REQUEST, "the body is not UTF-8") from None
    if len(packets) > MAX_PACKETS:
        raise RefusedRequest(BAD_REQUEST, f"more than {MAX_PACKETS} packets")
    return packets


def _are_from_client(packets: Iterable[str]) -> bool:
    return all(packet[:1] in CLIENT_PACKETS for packet in packets)

"""Requests that are no valid HTTP: the log has an entry, no traceback, and none of the secrets in them."""

import asyncio
import re
import signal
from urllib.parse import urlsplit

from tests.cli.cli_client import Server

SECRET = "t_the.secret-of-a-link"
GZIP = (b"Content-Type: application/json", b"Content-Encoding: gzip", b"Content-Length: 4")
INVALID_REQUESTS = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    f"GET /t/{SECRET}\x01 HTTP/1.1\r\n\r\n".encode(),
    f"GET /t/{SECRET} HTTP/1.1\r\nHost: localhost\r\nno header\r\n\r\n".encode(),
    f"GET /t/{SECRET} HTTP/9.9\r\n\r\n".encode(),
    b"\r\n".join((b"POST /api/session HTTP/1.1", b"Host: localhost", *GZIP, b"", b"abcd")),
)


async def send_bytes(server: Server, sent: bytes) -> bytes:
    """Send bytes and return the answer, once the server has closed the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.url).port)
    writer.write(sent)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


async def test_invalid_http_is_logged_without_traceback_or_secret(server: Server) -> None:
    for sent in INVALID_REQUESTS:
        assert b" 400 " in (await send_bytes(server, sent)).partition(b"\r\n")[0]
    await server.signal_and_wait(signal.SIGTERM)
    log = "\n".join(server.lines)
    assert "aiohttp.server" in log
    assert "Traceback" not in log
    assert SECRET not in log


OTHER_REQUESTS = (
    f"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: {SECRET}\r\nConnection: close\r\n\r\n".encode(),
    f"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {SECRET * 1_000}\r\n\r\n".encode(),
    f"GET /{SECRET * 1_000} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
    f"{SECRET} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode(),
    f"GET /socket.io/?EIO={SECRET} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode(),
    f"POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SECRET}\r\n\r\n".encode(),
)


async def test_answer_to_invalid_http_tells_no_version_and_quotes_nothing(server: Server) -> None:
    for sent in INVALID_REQUESTS + OTHER_REQUESTS:
        answer = await send_bytes(server, sent)
        assert re.match(rb"HTTP/1.[01] 4\d\d ", answer), (sent, answer)
        assert b"\r\nServer: Guichet\r\n" in answer
        assert b"\r\nX-Content-Type-Options: nosniff\r\n" in answer
        assert not re.search(rb"aiohttp|Python|no header", answer), (sent, answer)
        assert SECRET.encode() not in answer, (sent, answer)

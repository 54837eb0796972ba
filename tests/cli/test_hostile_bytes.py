"""Requests that are no valid HTTP: the log has an entry, no traceback, and none of the secrets in them."""

import asyncio
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

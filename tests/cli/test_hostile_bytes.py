"""Bytes that are no HTTP: the log has a line of them, no traceback, and nothing that they named."""

import asyncio
import signal
from urllib.parse import urlsplit

from tests.cli.cli_client import Server

SECRET = "t_the.secret-of-a-link"
GZIP = (b"Content-Type: application/json", b"Content-Encoding: gzip", b"Content-Length: 4")
NO_HTTP = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    f"GET /t/{SECRET}\x01 HTTP/1.1\r\n\r\n".encode(),
    f"GET /t/{SECRET} HTTP/1.1\r\nHost: localhost\r\nno header\r\n\r\n".encode(),
    f"GET /t/{SECRET} HTTP/9.9\r\n\r\n".encode(),
    b"\r\n".join((b"POST /api/session HTTP/1.1", b"Host: localhost", *GZIP, b"", b"abcd")),
)


async def says(server: Server, sent: bytes) -> bytes:
    """What is answered, until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.url).port)
    writer.write(sent)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


async def test_what_is_no_http_leaves_a_line_and_no_more(server: Server) -> None:
    for sent in NO_HTTP:
        assert b" 400 " in (await says(server, sent)).partition(b"\r\n")[0]
    await server.ends(signal.SIGTERM)
    log = "\n".join(server.lines)
    assert "aiohttp.server" in log
    assert "Traceback" not in log
    assert SECRET not in log

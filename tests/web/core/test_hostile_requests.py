"""Requests that no browser makes: answered in words or refused, never with an error of ours in the log."""

import asyncio
import logging

import pytest
from structlog.testing import capture_logs

from chat import presenters
from chat.domain.queries.visitors import visitor_by_token
from chat.domain.tickets.lifecycle import set_status
from chat.vocabulary import Status
from chat.web.auth.tokens import hash_token
from chat.web.core import requests
from tests.web.conftest import PORT, WebServer

LINE_END = b"\r\n"


async def send_raw(method: str, path: str, *lines: bytes, body: bytes = b"") -> int:
    """The status of the answer to exactly these bytes."""
    head = [f"{method} {path} HTTP/1.1".encode(), *lines, b"Connection: close", LINE_END]
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(LINE_END.join(head) + body)
    status = (await asyncio.wait_for(reader.readline(), 5)).split()[1]
    writer.close()
    return int(status)


def warnings_of_ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Ours: what the library says of bytes that are no HTTP is another story (tests/cli)."""
    loud = (record for record in caplog.records if record.levelno >= logging.WARNING)
    return [record.getMessage() for record in loud if record.name != "aiohttp.server"]


@pytest.mark.parametrize("host", ["a:b:c", "localhost:99999999", "localhost:abc", "xn--", "", "[::1", "user@localhost"])
async def test_a_host_that_is_none_is_another_place(
    server: WebServer, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/console", await server.create_owner_link()):
        assert await send_raw("GET", path, f"Host: {host}".encode()) == 403
    assert not warnings_of_ours(caplog)


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xed\xa0\x80", b'"', b"\xc3\xa9"])
async def test_a_cookie_that_is_no_text_is_nobodys(
    server: WebServer, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert await send_raw("GET", "/api/session", b"Host: localhost", b"Cookie: guichet=" + value) == 401
    assert not warnings_of_ours(caplog)


async def test_a_body_that_is_not_what_it_says_is_refused(server: WebServer, caplog: pytest.LogCaptureFixture) -> None:
    what = (b"Host: localhost", b"Content-Type: application/json", b"Content-Encoding: gzip", b"Content-Length: 4")
    assert await send_raw("POST", "/api/session", *what, body=b"abcd") == 400
    assert not warnings_of_ours(caplog)


@pytest.mark.parametrize(
    "path", ["/t/{}", "//t/{}", "/x/../t/{}", "/T/{}", "/t/%0A{}", "/console//setup/{}", "/password/{}/"]
)
async def test_no_log_has_what_opens_something(server: WebServer, path: str) -> None:
    with capture_logs() as body:
        await send_raw("GET", path.format("the-secret-of-a-link"), b"Host: localhost")
    assert [line["method"] for line in body if line["event"] == "request"] == ["GET"]
    assert "the-secret" not in str(body)


async def test_what_a_page_is_called_is_kept_without_who_asked_and_for_what(server: WebServer) -> None:
    page = {"url": "https://vic:secret@shop.example:8443/cart?secret=1#secret", "title": "Cart"}
    form = {"site": "demo", "client_id": "c" * 20, "email": "vic@example.com", "text": "Hello", "page": page}
    response = await server.client.post("/api/tickets", json=form)
    assert response.status == 201
    kept = await server.context.store.read(visitor_by_token, hash_token((await response.json())["token"]))
    assert kept is not None
    assert kept.page == {"url": "https://shop.example:8443/cart", "title": "Cart", "referrer": ""}


async def test_a_body_that_never_comes_is_not_waited_for(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BODY_TIMEOUT_S", 0.1)
    what = (b"Host: localhost", b"Content-Type: application/json", b"Content-Length: 200")
    assert await send_raw("POST", "/api/session", *what, body=b"{") == 408


@pytest.mark.parametrize("status", ["pending", "solved", "closed"])
async def test_what_is_not_ours_to_answer_promises_nothing(server: WebServer, status: Status) -> None:
    ada = await server.add_agent()
    form = {"site": "demo", "client_id": "c" * 20, "email": "vic@example.com", "text": "Hello"}
    done = await (await server.client.post("/api/tickets", json=form)).json()
    assert done["ticket"]["promise"]
    row = await server.context.store.write(set_status, ada.id, done["ticket"]["id"], status, server.clock())
    assert presenters.ticket(row).promise is None
    assert presenters.card(row).due is None

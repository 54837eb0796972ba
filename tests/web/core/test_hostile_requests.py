"""Malformed and hostile requests: refused with a 4xx and without a warning in the log."""

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


async def send_raw(method: str, path: str, *headers: bytes, body: bytes = b"") -> int:
    """Send exactly these bytes; returns the status of the response."""
    head = [f"{method} {path} HTTP/1.1".encode(), *headers, b"Connection: close", LINE_END]
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(LINE_END.join(head) + body)
    status = (await asyncio.wait_for(reader.readline(), 5)).split()[1]
    writer.close()
    return int(status)


def warnings_of_ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings that Guichet logged; tests/cli covers those of aiohttp about bytes that are no HTTP."""
    warnings = (record for record in caplog.records if record.levelno >= logging.WARNING)
    return [record.getMessage() for record in warnings if record.name != "aiohttp.server"]


@pytest.mark.parametrize("host", ["a:b:c", "localhost:99999999", "localhost:abc", "xn--", "", "[::1", "user@localhost"])
async def test_malformed_host_is_refused_as_another_address(
    server: WebServer, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/console", await server.create_owner_link()):
        assert await send_raw("GET", path, f"Host: {host}".encode()) == 403
    assert not warnings_of_ours(caplog)


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xed\xa0\x80", b'"', b"\xc3\xa9"])
async def test_cookie_with_bytes_that_are_no_text_is_no_session(
    server: WebServer, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert await send_raw("GET", "/api/session", b"Host: localhost", b"Cookie: guichet=" + value) == 401
    assert not warnings_of_ours(caplog)


async def test_body_with_a_wrong_encoding_is_a_bad_request(server: WebServer, caplog: pytest.LogCaptureFixture) -> None:
    headers = (b"Host: localhost", b"Content-Type: application/json", b"Content-Encoding: gzip", b"Content-Length: 4")
    assert await send_raw("POST", "/api/session", *headers, body=b"abcd") == 400
    assert not warnings_of_ours(caplog)


@pytest.mark.parametrize(
    "path", ["/t/{}", "//t/{}", "/x/../t/{}", "/T/{}", "/t/%0A{}", "/console//setup/{}", "/password/{}/"]
)
async def test_no_log_has_a_secret_link(server: WebServer, path: str) -> None:
    with capture_logs() as entries:
        await send_raw("GET", path.format("the-secret-of-a-link"), b"Host: localhost")
    assert [entry["method"] for entry in entries if entry["event"] == "request"] == ["GET"]
    assert "the-secret" not in str(entries)


async def test_page_url_is_stored_without_user_query_and_fragment(server: WebServer) -> None:
    page = {"url": "https://vic:secret@shop.example:8443/cart?secret=1#secret", "title": "Cart"}
    form = {"site": "demo", "client_id": "c" * 20, "email": "vic@example.com", "text": "Hello", "page": page}
    response = await server.client.post("/api/tickets", json=form)
    assert response.status == 201
    visitor = await server.context.store.read(visitor_by_token, hash_token((await response.json())["token"]))
    assert visitor is not None
    assert visitor.page == {"url": "https://shop.example:8443/cart", "title": "Cart", "referrer": ""}


async def test_body_that_does_not_arrive_in_time_is_408(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BODY_TIMEOUT_S", 0.1)
    headers = (b"Host: localhost", b"Content-Type: application/json", b"Content-Length: 200")
    assert await send_raw("POST", "/api/session", *headers, body=b"{") == 408


@pytest.mark.parametrize(("status", "owed"), [("pending", True), ("solved", False), ("closed", False)])
async def test_only_the_end_of_a_ticket_ends_its_promise_without_an_answer(
    server: WebServer, status: Status, owed: bool
) -> None:
    ada = await server.add_agent()
    form = {"site": "demo", "client_id": "c" * 20, "email": "vic@example.com", "text": "Hello"}
    done = await (await server.client.post("/api/tickets", json=form)).json()
    assert done["ticket"]["promise"]
    row = await server.context.store.write(set_status, ada.id, done["ticket"]["id"], status, server.clock())
    assert (presenters.ticket(row).promise is not None) is owed
    assert (presenters.card(row).due is not None) is owed

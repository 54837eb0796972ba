"""Hostile texts in every field of the form: stored as they are and shown as text, without a server error."""

import re
from html import escape, unescape
from urllib.parse import urlsplit

import pytest

from tests.web.conftest import WebServer
from tests.web.pages.test_contact_form import open_form, stamp_in, submit_form

HOSTILE_TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7 * 7 }} {% raw %} {count} {0.__class__} %s %n",
    "'; DROP TABLE tickets; --",
    "\u202egnirts desrever\u202c \u200b\ufeff",
    "a\r\nSet-Cookie: guichet=x",
    "🦔👩‍👩‍👧 Z̷̧͎a̸l̷g̴o",
)
UNSAFE = re.compile(r"<script(?![^>]*\bsrc=\"/)|<img|\son\w+=|</textarea>\s*<script|\{\{|Set-Cookie", re.IGNORECASE)


def without_hostile_texts(page: str) -> str:
    """The page without the escaped hostile texts."""
    for text in HOSTILE_TEXTS:
        for variant in (text, text.replace("\r\n", "\n"), text.strip()):
            page = page.replace(str(escape(variant)).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"), "")
    return page


def test_pattern_finds_unsafe_markup() -> None:
    assert all(UNSAFE.search(text) for text in HOSTILE_TEXTS[:3])


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
async def test_hostile_text_is_shown_as_text_on_the_tickets_page(server: WebServer, text: str) -> None:
    stamp = stamp_in(await open_form(server))
    response = await submit_form(server, stamp, text=text, name=text[:100])
    assert response.status == 303
    target = urlsplit(response.headers["Location"])
    page = await (await server.client.get(target.path)).text()
    assert text.strip().replace("\r\n", "\n") in unescape(page).replace("\r\n", "\n")
    assert not UNSAFE.search(without_hostile_texts(page))


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
async def test_hostile_text_is_shown_as_text_in_the_form(server: WebServer, text: str) -> None:
    response = await submit_form(
        server, stamp_in(await open_form(server)), text=text, email=text, name=text, category=text
    )
    assert response.status == 422
    assert not UNSAFE.search(without_hostile_texts(await response.text()))
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("field", ["text", "email", "name", "category", "form", "website"])
async def test_nul_and_bytes_that_are_no_text_are_refused(server: WebServer, field: str) -> None:
    form = {"text": "Hello", "email": "zoe@example.com", "form": stamp_in(await open_form(server))}
    server.clock.advance(seconds=20)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for raw in ("%00", "%ff%fe", "%ed%a0%80", "é"):
        pairs = form | {field: "X"}
        body = "&".join(f"{name}={value}" for name, value in pairs.items()).replace(f"{field}=X", f"{field}={raw}")
        response = await server.client.post("/contact?site=demo", data=body.encode(), headers=headers)
        assert response.status in (400, 422), (field, raw)


@pytest.mark.parametrize(
    "path",
    [
        "/t/%00",
        "/t/" + "x" * 4_000,
        "/t/é.é",
        "/setup/%00",
        "/password/%ff",
        "/widget.js?site=%00",
        "/widget/frame?site=%ff",
        "/contact?site=demo&lang=%00",
        "/api/service?site=demo&category=%00",
        "/api/service?site=demo&at=%00",
        "/static/..%2f..%2fsettings.py",
        "/static/%00",
    ],
)
async def test_hostile_urls_get_no_server_error(server: WebServer, path: str) -> None:
    response = await server.client.get(path)
    assert response.status < 500

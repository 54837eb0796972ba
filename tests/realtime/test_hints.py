"""What a browser says beside a visitor's words is cut or dropped, and the visitor is let in."""

import json
from typing import Any

import aiohttp
import pytest

from chat.protocol import VisitorAuth
from chat.protocol.hints import convert_with_hints
from tests.realtime.conftest import ConnectAgent
from tests.realtime.node import Node
from tests.realtime.socket_clients import Visitor, new_id

URL = "https://shop.example/cart"
PAGES: list[tuple[object, tuple[str, str] | None]] = [
    ({"url": URL, "title": "Cart"}, (URL, "Cart")),
    ({"url": URL, "title": "T" * 1_200}, (URL, "T" * 1_000)),
    ({"url": URL + "p" * 4_200}, ((URL + "p" * 4_200)[:4_096], "")),
    ({"url": URL, "title": 5, "extra": 1}, (URL, "")),
    ({"url": 5}, None),
    ({}, None),
    ("a page", None),
]
LOCALES = {
    "fr": "fr",
    "en_GB": "en_GB",
    "en-US@posix": "en-US",
    "de-DE-u-co-phonebk-nu-latn": "de-DE",
    "zh-Hans-CN": "zh-Hans-CN",
    "ca-ES-valencia-u-nu-latn-x-a": "ca-ES-valencia",
    "": None,
    "français": "fra",
    7: None,
}


@pytest.mark.parametrize(("page", "kept"), PAGES)
def test_page_is_cut_or_dropped(page: object, kept: tuple[str, str] | None) -> None:
    found = convert_with_hints({"site": "demo", "page": page}, VisitorAuth).page
    assert (found and (found.url, found.title)) == kept


@pytest.mark.parametrize(("tag", "kept"), LOCALES.items())
def test_language_tag_is_cut_or_dropped(tag: object, kept: str | None) -> None:
    # What fits already is left alone; an unknown field makes nothing else fit.
    page = {"url": URL, "extra": 1}
    assert convert_with_hints({"site": "demo", "locale": tag, "page": page}, VisitorAuth).locale == kept


@pytest.mark.parametrize(
    "auth",
    [
        {"token": "x" * 21},
        {"token": 5},
        {"timezone": "Z" * 61, "identity": "i" * 5_000},
        {"locale": "en-US@posix", "page": {"url": 5}},
        {"page": {"url": URL, "title": "half an emoji \ud83d"}},
    ],
)
async def test_visitor_with_odd_hints_is_let_in(node: Node, agent: ConnectAgent, auth: dict[str, Any]) -> None:
    await agent(node, "Ada")
    vic = Visitor()
    await vic.connect_and_hello(node, **auth)
    await vic.wait_for_chat_mode()
    assert (await vic.start_chat("Hello"))["number"] > 0
    await vic.disconnect()


async def test_form_from_a_page_with_a_long_title_is_stored(node: Node) -> None:
    form = {"site": "demo", "client_id": new_id(), "email": "vic@example.com", "text": "My parcel is late"}
    page = {"url": URL, "title": "T" * 1_200 + "\ud83d", "extra": 1}
    text = json.dumps(form | {"page": page, "locale": "en-US@posix"})
    assert "\\ud83d" in text
    headers = {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{node.url}/api/tickets", data=text, headers=headers) as response,
    ):
        assert response.status == 201

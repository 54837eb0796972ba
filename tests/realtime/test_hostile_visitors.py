"""Visitors with odd browsers or bad intentions: what they send is kept, bounded or refused, and harms nobody."""

import asyncio

import pytest

from tests.realtime.conftest import Arrive, ShowUp
from tests.realtime.node import Node
from tests.realtime.socket_clients import Visitor, new_id
from tests.realtime.test_messages import chat

ODD = [
    {"timezone": "Europe/\0Paris"},
    {"locale": "ca-ES-valencia"},
    {"locale": "abc-12345678-12345678-12345678"},
    {"page": {"url": "https://vic:secret@shop.example/a\0b?c=d#e", "title": "a\0b", "referrer": "javascript:x"}},
    {"timezone": "x" * 60, "page": {"url": "https://[", "title": "", "referrer": "http://a:b"}},
]


@pytest.mark.parametrize("auth", ODD)
async def test_whatever_the_browser_says_of_itself_vic_can_write(
    nodes: tuple[Node, Node], auth: dict[str, object], visitor: Arrive, agent: ShowUp
) -> None:
    ada = await agent(nodes[0], "Ada")
    vic = await visitor(nodes[0], **auth)
    await vic.can_chat()
    ticket = await vic.starts("Hello")
    shown = (await ada.does("open_ticket", ticket=ticket["id"]))["visitor"]
    assert "secret" not in str(shown)
    await vic.does("set_locale", locale="sr-Latn-RS-ekavsk")
    await vic.does("set_page", url="https://shop.example/\0", title="\0")


async def test_vic_can_not_count_the_notes(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    before = (await vic.does("catch_up", ticket=ticket, after=0))["ticket"]
    for text in ("He is the one who", "never pays"):
        await ada.does("add_note", ticket=ticket, client_id=new_id(), text=text)
    assert (await ada.does("open_ticket", ticket=ticket))["notes_head"] == 2
    assert (await vic.does("catch_up", ticket=ticket, after=0))["ticket"] == before
    other = await visitor(node, token=vic.token)
    assert (await other.does("hello"))["ticket"] == before


async def test_fifty_tabs_make_one_ticket(nodes: tuple[Node, Node], visitor: Arrive, agent: ShowUp) -> None:
    await agent(nodes[0], "Ada")
    first = await visitor(nodes[0])
    await first.can_chat()
    tabs: list[Visitor] = [await visitor(nodes[number % 2], token=first.token) for number in range(20)]
    answers = await asyncio.gather(
        *(tab.asks("start_chat", client_id=new_id(), text=f"tab {number}") for number, tab in enumerate(tabs))
    )
    done = [answer for answer in answers if answer["ok"]]
    assert len({answer["ticket"]["id"] for answer in done}) == 1
    assert sorted(answer["message"]["seq"] for answer in done) == list(range(1, len(done) + 1))
    assert {answer["error"]["code"] for answer in answers if not answer["ok"]} <= {"too_many"}

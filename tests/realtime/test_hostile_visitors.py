"""What odd browsers and hostile visitors send is stored, limited or refused, and affects nobody else."""

import asyncio

import pytest

from tests.realtime.conftest import ConnectAgent, ConnectVisitor
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
async def test_odd_browser_data_do_not_stop_a_visitor_from_writing(
    nodes: tuple[Node, Node], auth: dict[str, object], visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada = await agent(nodes[0], "Ada")
    vic = await visitor(nodes[0], **auth)
    await vic.wait_for_chat_mode()
    ticket = await vic.start_chat("Hello")
    shown = (await ada.run("open_ticket", ticket=ticket["id"]))["visitor"]
    assert "secret" not in str(shown)
    await vic.run("set_locale", locale="sr-Latn-RS-ekavsk")
    await vic.run("set_page", url="https://shop.example/\0", title="\0")


async def test_visitor_cannot_count_the_notes(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    before = (await vic.run("catch_up", ticket=ticket, after=0))["ticket"]
    for text in ("He is the one who", "never pays"):
        await ada.run("add_note", ticket=ticket, client_id=new_id(), text=text)
    assert (await ada.run("open_ticket", ticket=ticket))["notes_head"] == 2
    assert (await vic.run("catch_up", ticket=ticket, after=0))["ticket"] == before
    other = await visitor(node, token=vic.token)
    assert (await other.run("hello"))["ticket"] == before


async def test_fifty_tabs_make_one_ticket(
    nodes: tuple[Node, Node], visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    await agent(nodes[0], "Ada")
    first = await visitor(nodes[0])
    await first.wait_for_chat_mode()
    tabs: list[Visitor] = [await visitor(nodes[number % 2], token=first.token) for number in range(20)]
    answers = await asyncio.gather(
        *(tab.call("start_chat", client_id=new_id(), text=f"tab {number}") for number, tab in enumerate(tabs))
    )
    done = [answer for answer in answers if answer["ok"]]
    assert len({answer["ticket"]["id"] for answer in done}) == 1
    assert sorted(answer["message"]["seq"] for answer in done) == list(range(1, len(done) + 1))
    assert {answer["error"]["code"] for answer in answers if not answer["ok"]} <= {"too_many"}

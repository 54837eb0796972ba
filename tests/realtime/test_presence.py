"""Presence: who is here, what that changes for everybody else, and nobody who is lost with it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chat import jobs
from chat.domain.people import agents, sessions
from chat.settings import Settings
from chat.store.migrations import migrate
from chat.web.auth.tokens import hash_token
from tests.realtime.conftest import Arrive, ShowUp
from tests.realtime.node import Node, running
from tests.realtime.socket_clients import Payload
from tests.realtime.test_messages import chat


async def test_a_crash_of_ada_brings_her_four_chats_back_to_their_places(
    node: Node, visitor: Arrive, agent: ShowUp
) -> None:
    ada = await agent(node, "Ada")
    four = [await visitor(node) for _ in range(4)]
    chats = [await chat(ada, one, f"chat {number}") for number, one in enumerate(four)]
    ben = await agent(node, "Ben", available=False)
    await ada.leave()
    for place, (one, ticket) in enumerate(zip(four, chats, strict=True), 1):
        told = await one.hears("ticket", lambda row: row["agent"] is None and row["queue"] is not None)
        assert told["id"] == ticket
        gone = await one.hears("message", lambda message: message["kind"] == "event" and "gone" in str(message))
        assert gone["event"] == {"name": "agent_gone", "args": {"agent": "Ada"}}
        await one.hears("ticket", is_at(place))
    waiting = await ben.does("list", view="waiting")
    assert [card["ticket"] for card in waiting["cards"]] == chats
    await ben.does("set_presence", state="available")
    async with asyncio.timeout(10):
        while len(ben.told("offer")) < 4:
            await ben.news()
    assert [offer["card"]["ticket"] for offer in ben.told("offer")] == chats


def is_at(place: int) -> Callable[[Payload], bool]:
    return lambda ticket: (ticket["queue"] or {}).get("position") == place


async def test_hello_says_how_long_an_offer_rings(settings: Settings, agent: ShowUp) -> None:
    migrate(settings.database_url)
    async with running(replace(settings, offer_ring_s=21)) as node:
        ada = await agent(node, "Ada")
        assert (await ada.does("hello"))["ring_s"] == 21
        await ada.leave()


async def test_ada_comes_back_within_her_grace_and_nothing_has_happened(
    node: Node, visitor: Arrive, agent: ShowUp
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.leave()
    again = type(ada)()
    hello = await again.open(node, ada.cookie)
    assert (hello["presence"], hello["agent"]["state"]) == ("available", "available")
    assert [card["ticket"] for card in hello["cards"]["mine"]] == [ticket]
    # Without opening it anew: an owner hears of what is theirs.
    await vic.says(ticket, "Still there?")
    assert (await again.hears("message"))["text"] == "Still there?"
    await again.leave()


async def test_the_chat_closes_and_opens_with_the_last_agent(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    vic = await visitor(node)
    assert (await vic.does("hello"))["service"]["mode"] == "form"
    refused = await vic.refused("start_chat", client_id="0123456789abcdef", text="Anybody?")
    assert (refused["code"], refused["service"]["mode"]) == ("form_instead", "form")
    ada = await agent(node, "Ada")
    await vic.hears("service", lambda service: service["mode"] == "chat")
    await ada.does("set_presence", state="away")
    await vic.hears("service", lambda service: service["mode"] == "form")
    assert [service["mode"] for service in vic.told("service")] == ["chat", "form"]
    assert (await ada.hears("presence", lambda one: one["state"] == "away"))["name"] == "Ada"


async def test_closing_time_is_told_when_it_comes(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    node.clock.turn_to(datetime(2026, 11, 24, 16, 59, 58, tzinfo=UTC))  # two seconds before 18:00 in Paris
    ada, vic = await agent(node, "Ada"), await visitor(node)
    assert (await vic.does("hello"))["service"]["state"] == "open"
    ticket = await chat(ada, vic)
    closed = await vic.hears("service", lambda service: service["state"] == "closed")
    assert (closed["mode"], closed["next_open"]) == ("form", "2026-11-25T09:00:00+01:00")
    # A chat that has an agent goes on.
    await vic.says(ticket, "One more thing")
    await ada.hears("message", lambda message: message["text"] == "One more thing")


async def test_who_is_connected_is_told_to_the_team(node: Node, agent: ShowUp) -> None:
    ada = await agent(node, "Ada")
    ben = await agent(node, "Ben")
    assert (await ada.hears("presence", is_now("Ben", "available")))["chats"] == 0
    await ben.leave()
    ada.heard.clear()
    await ada.hears("presence", is_now("Ben", "offline"))


def is_now(name: str, state: str) -> Callable[[Payload], bool]:
    return lambda agent: (agent["name"], agent["state"]) == (name, state)


async def test_places_in_the_queue_move_up(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada = await agent(node, "Ada")
    vic, zoe = await visitor(node), await visitor(node)
    first, second = await vic.starts("first"), await zoe.starts("second")
    assert second["queue"]["position"] == 2
    await ada.does("claim", ticket=first["id"])
    moved = await zoe.hears("ticket", lambda row: row["queue"]["position"] == 1)
    assert (moved["id"], moved["rev"]) == (second["id"], second["rev"])


async def test_ada_sees_where_vic_is(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await vic.does("set_page", url="https://me:secret@shop.example/cart?card=4242#pay", title="Cart")
    moved = await ada.hears("visitor", lambda visitor: visitor["page"] is not None)
    assert moved == {
        "ticket": ticket,
        "state": "here",
        "page": {"url": "https://shop.example/cart", "title": "Cart", "referrer": ""},
    }
    await vic.does("set_visible", on=False)
    await ada.hears("visitor", lambda visitor: visitor["state"] == "hidden")
    tab = await visitor(node, token=vic.token)
    await ada.hears("card", lambda card: card["visitor"] == "here")
    await vic.leave()
    await tab.leave()
    await ada.hears("visitor", lambda visitor: visitor["state"] == "gone")
    await visitor(node, token=vic.token)
    assert [visitor["state"] for visitor in ada.told("visitor")][-2:] == ["gone", "here"]


async def test_two_tabs_of_which_one_closes_are_not_gone(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    await chat(ada, vic)
    tab = await visitor(node, token=vic.token)
    zoe = await visitor(node)
    other = await chat(ada, zoe)
    await tab.leave()
    await zoe.leave()
    # Zoe is noticed, so Vic's not being so means something.
    await ada.hears("visitor", lambda visitor: visitor["ticket"] == other and visitor["state"] == "gone")
    assert [visitor for visitor in ada.told("visitor") if visitor["ticket"] != other] == []


async def test_who_leaves_after_the_end_is_gone_too(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.does("end_chat", ticket=ticket)
    await vic.leave()
    gone = await ada.hears("visitor", lambda visitor: visitor["state"] == "gone")
    assert gone["ticket"] == ticket


async def test_an_ended_session_is_cut(node: Node, agent: ShowUp) -> None:
    ada, ben = await agent(node, "Ada"), await agent(node, "Ben")
    await node.store.write(agents.remove_agent, "ada@desk.example", node.clock())
    await ada.is_cut()
    assert not ben.gone.is_set()
    session = ben.cookie.partition("=")[2]
    await node.store.write(sessions.close_session, hash_token(session))
    await ben.is_cut()


async def test_an_ended_session_may_not_even_look(
    settings: Settings, agent: ShowUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SESSIONS_S", 3600.0)  # the socket itself stays, as it does for a moment in life
    migrate(settings.database_url)
    async with running(settings) as node:
        ada = await agent(node, "Ada")
        assert (await ada.does("list", view="all"))["cards"] == []
        await node.store.write(sessions.close_session, hash_token(ada.cookie.partition("=")[2]))
        assert (await ada.refused("list", view="all"))["code"] == "not_allowed"


async def test_an_agents_tickets_and_offers_greet_them(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await vic.starts("Bonjour")
    await ada.hears("offer")
    tab = type(ada)()
    hello = await tab.open(node, ada.cookie)
    assert [offer["card"]["ticket"] for offer in hello["offers"]] == [ticket["id"]]
    assert hello["counts"] == {"mine": 0, "waiting": 1, "open": 0}
    assert [one["name"] for one in hello["team"]] == ["Ada"]
    await ada.does("claim", ticket=ticket["id"])
    assert (await tab.hears("offer_ended"))["reason"] == "taken"
    await vic.says(ticket["id"], "Thanks")
    assert (await tab.hears("message", lambda message: message["kind"] == "text"))["text"] == "Thanks"
    await tab.leave()

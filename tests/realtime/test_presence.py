"""Presence of agents and visitors: what it changes for others, and no chat is lost with it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from chat import jobs
from chat.domain.calendar.actions import open_for_an_hour
from chat.domain.people import agents, sessions
from chat.settings import Settings
from chat.store.migrations import migrate
from chat.store.transaction import Transaction
from chat.web.auth.tokens import hash_token
from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node, running_node
from tests.realtime.socket_clients import Payload
from tests.realtime.test_messages import chat


async def test_chats_of_a_crashed_agent_return_to_their_queue_positions(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada = await agent(node, "Ada")
    four = [await visitor(node) for _ in range(4)]
    chats = [await chat(ada, one, f"chat {number}") for number, one in enumerate(four)]
    ben = await agent(node, "Ben", available=False)
    await ada.disconnect()
    for place, (one, ticket) in enumerate(zip(four, chats, strict=True), 1):
        ticket_event = await one.receive("ticket", lambda row: row["agent"] is None and row["queue"] is not None)
        assert ticket_event["id"] == ticket
        gone = await one.receive("message", lambda message: message["kind"] == "event" and "gone" in str(message))
        assert gone["event"] == {"name": "agent_gone", "args": {"agent": "Ada"}}
        await one.receive("ticket", is_at(place))
    waiting = await ben.run("list", view="waiting")
    assert [card["ticket"] for card in waiting["cards"]] == chats
    await ben.run("set_presence", state="available")
    async with asyncio.timeout(10):
        while len(ben.events("offer")) < 4:
            await ben.next_event()
    assert [offer["card"]["ticket"] for offer in ben.events("offer")] == chats


async def test_chats_of_a_lost_agent_are_released_while_offers_fail(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent, caplog: pytest.LogCaptureFixture
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    await chat(ada, vic)
    await agent(node, "Ben")
    await node.store.write(refuse_decisions)
    await (await visitor(node)).start_chat("Anybody?")
    await ada.disconnect()
    await vic.receive("ticket", lambda row: row["agent"] is None and row["queue"] is not None)
    failed = next(record for record in caplog.records if record.getMessage().startswith("'do due work' failed"))
    assert "no decisions today" in caplog.handler.format(failed)


def refuse_decisions(tx: Transaction) -> None:
    """From now on the database refuses to store a routing decision, so every offer fails."""
    tx.sql.execute(
        text("CREATE TRIGGER refuse BEFORE INSERT ON decisions BEGIN SELECT RAISE(ABORT, 'no decisions today'); END")
    )


def is_at(place: int) -> Callable[[Payload], bool]:
    return lambda ticket: (ticket["queue"] or {}).get("position") == place


async def test_hello_says_how_long_an_offer_rings(settings: Settings, agent: ConnectAgent) -> None:
    migrate(settings.database_url)
    async with running_node(replace(settings, offer_ring_s=21)) as node:
        ada = await agent(node, "Ada")
        assert (await ada.run("hello"))["ring_s"] == 21
        await ada.disconnect()


async def test_agent_who_returns_within_grace_keeps_her_chats(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.disconnect()
    returned = type(ada)()
    hello = await returned.connect_and_hello(node, ada.cookie)
    assert (hello["presence"], hello["agent"]["state"]) == ("available", "available")
    assert [card["ticket"] for card in hello["cards"]["mine"]] == [ticket]
    # Without open_ticket: the assignee's room gets the events of their tickets.
    await vic.send(ticket, "Still there?")
    assert (await returned.receive("message"))["text"] == "Still there?"
    await returned.disconnect()


async def test_chat_mode_follows_the_last_available_agent(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    vic = await visitor(node)
    assert (await vic.run("hello"))["service"]["mode"] == "form"
    refused = await vic.refusal_of("start_chat", client_id="0123456789abcdef", text="Anybody?")
    assert (refused["code"], refused["service"]["mode"]) == ("form_instead", "form")
    ada = await agent(node, "Ada")
    await vic.receive("service", lambda service: service["mode"] == "chat")
    await ada.run("set_presence", state="away")
    await vic.receive("service", lambda service: service["mode"] == "form")
    assert [service["mode"] for service in vic.events("service")] == ["chat", "form"]
    assert (await ada.receive("presence", lambda one: one["state"] == "away"))["name"] == "Ada"


async def test_hello_is_no_older_than_the_last_acknowledged_presence(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada", available=False), await visitor(node)
    modes = []
    for state in ["available", "away"] * 3:
        await ada.run("set_presence", state=state)
        modes += [(await person.run("hello"))["service"]["mode"] for person in (vic, ada)]
    assert modes == ["chat", "chat", "form", "form"] * 3


async def test_hello_of_an_available_agent_opens_the_chat_for_the_next_visitor(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ben = await node.add_agent("Ben")
    await node.store.write(agents.set_presence, ben.id, "available", node.clock())
    vic, console = await visitor(node), await agent(node, "Ada", available=False)
    assert (await vic.run("hello"))["service"]["mode"] == "form"
    returned = type(console)()
    await returned.connect_and_hello(node, await node.sign_in(ben))
    assert (await vic.run("hello"))["service"]["mode"] == "chat"
    await returned.disconnect()


async def test_hour_that_an_administrator_opens_is_announced_and_ends_by_itself(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    node.clock.turn_to(datetime(2026, 11, 28, 21, 28, tzinfo=UTC))  # a Saturday night
    ada, vic = await agent(node, "Ada"), await visitor(node)
    assert (await vic.run("hello"))["service"]["mode"] == "form"
    await node.store.write(open_for_an_hour, node.clock())
    assert (await vic.run("hello"))["service"]["mode"] == "chat", "no older than the opening"
    for person in (vic, ada):
        opened = await person.receive("service", lambda service: service["state"] == "open")
        assert (opened["mode"], opened["extra_hours"]) == ("chat", True)
    node.clock.turn_to(datetime(2026, 11, 28, 22, 28, tzinfo=UTC))
    for person in (vic, ada):
        closed = await person.receive("service", lambda service: service["state"] == "closed")
        assert (closed["mode"], "extra_hours" in closed) == ("form", False)


async def test_closing_time_is_announced_when_it_comes(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    node.clock.turn_to(datetime(2026, 11, 24, 16, 59, 58, tzinfo=UTC))  # two seconds before 18:00 in Paris
    ada, vic = await agent(node, "Ada"), await visitor(node)
    assert (await vic.run("hello"))["service"]["state"] == "open"
    ticket = await chat(ada, vic)
    closed = await vic.receive("service", lambda service: service["state"] == "closed")
    assert (closed["mode"], closed["next_open"]) == ("form", "2026-11-25T09:00:00+01:00")
    # A chat that has an agent goes on.
    await vic.send(ticket, "One more thing")
    await ada.receive("message", lambda message: message["text"] == "One more thing")


async def test_agents_presence_is_announced_to_the_team(node: Node, agent: ConnectAgent) -> None:
    ada = await agent(node, "Ada")
    ben = await agent(node, "Ben")
    assert (await ada.receive("presence", is_now("Ben", "available")))["chats"] == 0
    await ben.disconnect()
    ada.received.clear()
    await ada.receive("presence", is_now("Ben", "offline"))


def is_now(name: str, state: str) -> Callable[[Payload], bool]:
    return lambda agent: (agent["name"], agent["state"]) == (name, state)


async def test_queue_positions_move_up(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada = await agent(node, "Ada")
    vic, zoe = await visitor(node), await visitor(node)
    first, second = await vic.start_chat("first"), await zoe.start_chat("second")
    assert second["queue"]["position"] == 2
    await ada.run("claim", ticket=first["id"])
    moved = await zoe.receive("ticket", lambda row: row["queue"]["position"] == 1)
    assert (moved["id"], moved["rev"]) == (second["id"], second["rev"])


async def test_agent_sees_the_visitors_page_and_presence(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await vic.run("set_page", url="https://me:secret@shop.example/cart?card=4242#pay", title="Cart")
    moved = await ada.receive("visitor", lambda visitor: visitor["page"] is not None)
    assert moved == {
        "ticket": ticket,
        "state": "here",
        "page": {"url": "https://shop.example/cart", "title": "Cart", "referrer": ""},
    }
    await vic.run("set_visible", on=False)
    await ada.receive("visitor", lambda visitor: visitor["state"] == "hidden")
    tab = await visitor(node, token=vic.token)
    await ada.receive("card", lambda card: card["visitor"] == "here")
    await vic.disconnect()
    await tab.disconnect()
    await ada.receive("visitor", lambda visitor: visitor["state"] == "gone")
    await visitor(node, token=vic.token)
    assert [visitor["state"] for visitor in ada.events("visitor")][-2:] == ["gone", "here"]


async def test_visitor_with_another_open_tab_is_not_gone(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    await chat(ada, vic)
    tab = await visitor(node, token=vic.token)
    zoe = await visitor(node)
    other = await chat(ada, zoe)
    await tab.disconnect()
    await zoe.disconnect()
    # Zoe is marked gone, so that Vic's not being so means something.
    await ada.receive("visitor", lambda visitor: visitor["ticket"] == other and visitor["state"] == "gone")
    assert [visitor for visitor in ada.events("visitor") if visitor["ticket"] != other] == []


async def test_visitor_who_leaves_after_the_end_is_marked_gone(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.run("end_chat", ticket=ticket)
    await vic.disconnect()
    gone = await ada.receive("visitor", lambda visitor: visitor["state"] == "gone")
    assert gone["ticket"] == ticket


async def test_socket_of_an_ended_session_is_disconnected(node: Node, agent: ConnectAgent) -> None:
    ada, ben = await agent(node, "Ada"), await agent(node, "Ben")
    await node.store.write(agents.remove_agent, "ada@desk.example", node.clock())
    await ada.wait_until_disconnected()
    assert not ben.disconnected.is_set()
    session = ben.cookie.partition("=")[2]
    await node.store.write(sessions.close_session, hash_token(session))
    await ben.wait_until_disconnected()


async def test_connected_console_uses_its_session(
    settings: Settings, agent: ConnectAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "USED_SESSIONS_S", 0.01)
    migrate(settings.database_url)
    async with running_node(settings) as node:
        ada, ben = await agent(node, "Ada"), await agent(node, "Ben")
        await ben.disconnect()
        of_ada, of_ben = (hash_token(console.cookie.partition("=")[2]) for console in (ada, ben))
        later = node.clock() + timedelta(hours=11)
        node.clock.turn_to(later)
        valid = {of_ada, of_ben}
        async with asyncio.timeout(10):
            while valid != {of_ada}:
                valid = await node.store.read(sessions.valid_sessions, [of_ada, of_ben], later + timedelta(hours=2))


async def test_commands_of_an_ended_session_are_refused_at_once(
    settings: Settings, agent: ConnectAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SESSIONS_S", 3600.0)  # the socket stays, as it does for a moment in production
    migrate(settings.database_url)
    async with running_node(settings) as node:
        ada = await agent(node, "Ada")
        assert (await ada.run("list", view="all"))["cards"] == []
        await node.store.write(sessions.close_session, hash_token(ada.cookie.partition("=")[2]))
        assert (await ada.refusal_of("list", view="all"))["code"] == "not_allowed"


async def test_agents_hello_has_their_tickets_and_offers(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await vic.start_chat("Bonjour")
    await ada.receive("offer")
    tab = type(ada)()
    hello = await tab.connect_and_hello(node, ada.cookie)
    assert [offer["card"]["ticket"] for offer in hello["offers"]] == [ticket["id"]]
    assert hello["counts"] == {"mine": 0, "waiting": 1, "open": 0}
    assert [one["name"] for one in hello["team"]] == ["Ada"]
    await ada.run("claim", ticket=ticket["id"])
    assert (await tab.receive("offer_ended"))["reason"] == "taken"
    await vic.send(ticket["id"], "Thanks")
    assert (await tab.receive("message", lambda message: message["kind"] == "text"))["text"] == "Thanks"
    await tab.disconnect()

"""Two nodes with one PostgreSQL and one Redis: events by bus or by reconciliation, and one winner."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from redis.asyncio import Redis

from chat.domain.queries import node_sync
from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node
from tests.realtime.socket_clients import Payload, Visitor, new_id
from tests.realtime.test_messages import chat

Nodes = tuple[Node, Node]


async def block_bus(node: Node) -> None:
    """Forbid publish and subscribe in Redis; presence and rate limits go on."""
    assert node.settings.redis_url is not None
    async with Redis.from_url(node.settings.redis_url) as client:
        await client.acl_setuser("default", enabled=True, nopass=True, reset_channels=True)
        await client.client_kill_filter(_type="pubsub")


async def test_bus_delivers_all_events(nodes: Nodes, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    here, there = nodes
    ada, vic = await agent(here, "Ada"), await visitor(there)
    await vic.wait_for_chat_mode()
    ticket = await vic.start_chat("From the other node", name="Vic")
    await ada.receive("offer", lambda offer: offer["card"]["ticket"] == ticket["id"])
    await ada.run("claim", ticket=ticket["id"])
    tab = await visitor(here, token=vic.token)
    await vic.run("typing", ticket=ticket["id"], on=True)
    assert (await ada.receive("typing"))["name"] == "Vic"
    await ada.send(ticket["id"], "Bonjour")
    for person in (vic, tab):
        await person.receive("message", lambda message: message["text"] == "Bonjour")
    await vic.run("mark_read", ticket=ticket["id"], seq=3)
    assert (await ada.receive("read", lambda read: read["seq"] == 3))["by"] == "visitor"
    await vic.send(ticket["id"], "Merci")
    for listener in (ada, tab):
        await listener.receive("message", lambda message: message["text"] == "Merci")
    assert vic.texts() == ["Bonjour"]
    assert ada.texts() == ["Merci"]


async def test_other_tab_on_another_node_gets_the_new_chat(
    nodes: Nodes, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    here, there = nodes
    await agent(here, "Ada")
    first = await visitor(here)
    second = await visitor(there, token=first.token)
    ticket = await first.start_chat("Bonjour")
    assert (await second.receive("message"))["text"] == "Bonjour"
    await second.send(ticket["id"], "From the second tab")
    await first.receive("message", lambda message: message["text"] == "From the second tab")


async def test_reconciliation_delivers_what_a_blocked_bus_does_not(
    nodes: Nodes, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    here, there = nodes
    ada, vic = await agent(here, "Ada"), await visitor(there)
    ben = await agent(there, "Ben", available=False)
    await vic.wait_for_chat_mode()
    await block_bus(here)
    # The second node's worker offers it to Ada on the first: only reconciliation can deliver that.
    ticket = await vic.start_chat("Is this line dead?")
    offer = await ada.receive("offer", lambda offer: offer["card"]["ticket"] == ticket["id"])
    assert offer["why"]
    claimed = await ada.run("claim", ticket=ticket["id"])
    assert claimed["ticket"]["agent"]["name"] == "Ada"
    await vic.receive("ticket", lambda row: row["agent"] is not None)
    await ben.run("open_ticket", ticket=ticket["id"])
    for line in ("one", "two", "three"):
        await ada.send(ticket["id"], line)
    await ada.run("add_note", ticket=ticket["id"], client_id=new_id(), text="between us")
    await vic.receive("message", lambda message: message["text"] == "three")
    assert vic.texts() == ["one", "two", "three"]
    assert [message["seq"] for message in vic.events("message")] == [2, 3, 4, 5]
    assert (await ben.receive("note"))["text"] == "between us"
    await vic.send(ticket["id"], "heard you")
    await ada.receive("message", lambda message: message["text"] == "heard you")
    await ada.run("end_chat", ticket=ticket["id"])
    assert (await vic.receive("ticket", lambda row: row["status"] == "solved"))["id"] == ticket["id"]
    await ben.receive("gone", lambda gone: gone["ticket"] == ticket["id"])
    assert "between us" not in str(vic.received)


def with_text(text: str) -> Callable[[Payload], bool]:
    return lambda message: message["text"] == text


async def test_reconciliation_repeats_nothing_while_the_bus_works(
    nodes: Nodes, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    here, there = nodes
    ada, vic = await agent(here, "Ada"), await visitor(there)
    await vic.wait_for_chat_mode()
    ticket = await chat(ada, vic)
    for number in range(20):
        await ada.send(ticket, f"a{number}")
        await vic.receive("message", with_text(f"a{number}"))
        await vic.send(ticket, f"v{number}")
    # After at least two checks: a queue position has moved up by then.
    first, second = await visitor(there), await visitor(there)
    begun = await first.start_chat("first")
    await second.start_chat("second")
    await ada.run("claim", ticket=begun["id"])
    await second.receive("ticket", lambda row: row["queue"] is not None and row["queue"]["position"] == 1)
    assert vic.texts() == [f"a{number}" for number in range(20)]
    # Ada's own messages came in her acks and never again.
    said = [text for text in ada.texts() if text.startswith(("a", "v"))]
    assert said == [f"v{number}" for number in range(20)]


async def test_reconciliation_repeats_no_card_of_a_chat_that_is_not_open_here(
    nodes: Nodes, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    here, there = nodes
    ada = await agent(here, "Ada", available=False)
    ben, vic = await agent(there, "Ben"), await visitor(there)
    await vic.wait_for_chat_mode()
    ticket = await chat(ben, vic)
    # The bus brings this node no messages of it, and a check must not count them as missing.
    for number in range(2):
        await vic.send(ticket, f"v{number}")
        first, second = await visitor(here), await visitor(here)
        begun = await first.start_chat("first")
        await second.start_chat("second")
        await ben.run("claim", ticket=begun["id"])
        await second.receive("ticket", lambda row: row["queue"] is not None and row["queue"]["position"] == 1)
        await second.run("end_chat", ticket=(await second.run("hello"))["ticket"]["id"])
    await ada.receive("card", lambda card: card["preview"] == "v1")
    cards = [(card["preview"], card["rev"]) for card in ada.events("card") if card["ticket"] == ticket]
    said = [card for card in cards if card[0].startswith("v")]
    assert {preview for preview, _ in said} == {"v0", "v1"}
    # A check may send a card that is on its way, and consoles drop it by its rev; no later check sends it again.
    assert max(Counter(said).values()) <= 2
    assert not [message for message in ada.events("message") if message["ticket"] == ticket]


def having(**fields: object) -> Callable[[Payload], bool]:
    return lambda payload: all(payload[name] == value for name, value in fields.items())


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconciliation reads two rows a page."""
    monkeypatch.setattr(node_sync, "SYNC_PAGE_SIZE", 2)
    for query in ("_NEXT_UNFINISHED", "_NEXT_MARKED_PRESENT"):
        monkeypatch.setattr(node_sync, query, getattr(node_sync, query).limit(2))


@pytest.mark.usefixtures("small_pages")
async def test_missed_changes_that_leave_updated_at_alone_are_found_page_by_page(
    nodes: Nodes, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    here, there = nodes
    ada = await agent(here, "Ada")
    visitors = [await visitor(there) for _ in range(5)]
    await visitors[-1].wait_for_chat_mode()
    tickets = [(await one.start_chat("Bonjour"))["id"] for one in visitors]
    for ticket in tickets:
        await ada.receive("card", having(ticket=ticket))
    await block_bus(here)
    for one in visitors:
        await one.run("set_visible", on=False)
    for ticket in tickets:
        await ada.receive("card", having(ticket=ticket, visitor="hidden"))
    for one, ticket in zip(visitors, tickets, strict=True):
        await one.run("end_chat", ticket=ticket)
        await ada.receive("gone", having(ticket=ticket))


@pytest.mark.usefixtures("small_pages")
async def test_tickets_from_before_an_agents_hello_are_not_announced_again(
    nodes: Nodes, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    here, there = nodes
    ada = await agent(there, "Ada")
    visitors = [await visitor(there) for _ in range(5)]
    await visitors[-1].wait_for_chat_mode()
    tickets = [(await one.start_chat("Bonjour"))["id"] for one in visitors]
    for ticket in tickets:
        await ada.receive("card", having(ticket=ticket))
    ben = await agent(here, "Ben", available=False)
    for _ in range(5):  # as many checks as there are pages, and two more
        await asyncio.sleep(here.settings.reconcile_s)
    assert not ben.events("card")
    await visitors[0].send(tickets[0], "Encore moi")
    await ben.receive("card", having(ticket=tickets[0]))


async def test_a_thousand_claims_have_one_winner(nodes: Nodes, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    team = [await agent(nodes[number % 2], f"agent-{number}") for number in range(10)]
    for one in team:
        one.timeout_s = 60
    vic = await visitor(nodes[0])
    await vic.wait_for_chat_mode()
    ticket = await vic.start_chat("Who takes me?")
    acks = await asyncio.gather(
        *(one.call("claim", ticket=ticket["id"], over=True) for _ in range(100) for one in team)
    )
    assert len(acks) == 1_000
    winners = {ack["ticket"]["agent"]["name"] for ack in acks if ack["ok"]}
    assert len(winners) == 1
    outcomes = Counter(ack["error"]["code"] if not ack["ok"] else "won" for ack in acks)
    assert outcomes == {"won": 100, "conflict": 900}
    assert {ack["error"]["by"]["name"] for ack in acks if not ack["ok"]} == winners
    joined = [message for message in await whole_thread(vic, ticket["id"]) if message["kind"] == "event"]
    assert [message["event"]["args"]["agent"] for message in joined] == list(winners)


async def whole_thread(vic: Visitor, ticket: str) -> list[Payload]:
    caught = await vic.run("catch_up", ticket=ticket, after=0)
    return list(caught["messages"])

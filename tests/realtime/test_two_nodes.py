"""Two nodes over one PostgreSQL and one Redis: told by the bus, by the net when the bus is deaf, claimed once."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from redis.asyncio import Redis

from chat.domain.queries import node_sync
from tests.realtime.conftest import Arrive, ShowUp
from tests.realtime.node import Node
from tests.realtime.socket_clients import Payload, Visitor, new_id
from tests.realtime.test_messages import chat

Nodes = tuple[Node, Node]


async def silence(node: Node) -> None:
    """Nobody may publish or subscribe any more; presence and limits go on."""
    assert node.settings.redis_url is not None
    async with Redis.from_url(node.settings.redis_url) as client:
        await client.acl_setuser("default", enabled=True, nopass=True, reset_channels=True)
        await client.client_kill_filter(_type="pubsub")


async def test_the_bus_brings_everything(nodes: Nodes, visitor: Arrive, agent: ShowUp) -> None:
    here, there = nodes
    ada, vic = await agent(here, "Ada"), await visitor(there)
    await vic.can_chat()
    ticket = await vic.starts("From the other node", name="Vic")
    await ada.hears("offer", lambda offer: offer["card"]["ticket"] == ticket["id"])
    await ada.does("claim", ticket=ticket["id"])
    tab = await visitor(here, token=vic.token)
    await vic.does("typing", ticket=ticket["id"], on=True)
    assert (await ada.hears("typing"))["name"] == "Vic"
    await ada.says(ticket["id"], "Bonjour")
    for person in (vic, tab):
        await person.hears("message", lambda message: message["text"] == "Bonjour")
    await vic.does("mark_read", ticket=ticket["id"], seq=3)
    assert (await ada.hears("read", lambda read: read["seq"] == 3))["by"] == "visitor"
    await vic.says(ticket["id"], "Merci")
    for listener in (ada, tab):
        await listener.hears("message", lambda message: message["text"] == "Merci")
    assert vic.texts() == ["Bonjour"]
    assert ada.texts() == ["Merci"]


async def test_another_tab_on_another_node_hears_the_chat_begin(nodes: Nodes, visitor: Arrive, agent: ShowUp) -> None:
    here, there = nodes
    await agent(here, "Ada")
    first = await visitor(here)
    second = await visitor(there, token=first.token)
    ticket = await first.starts("Bonjour")
    assert (await second.hears("message"))["text"] == "Bonjour"
    await second.says(ticket["id"], "From the second tab")
    await first.hears("message", lambda message: message["text"] == "From the second tab")


async def test_the_net_brings_what_a_deaf_bus_does_not(nodes: Nodes, visitor: Arrive, agent: ShowUp) -> None:
    here, there = nodes
    ada, vic = await agent(here, "Ada"), await visitor(there)
    ben = await agent(there, "Ben", available=False)
    await vic.can_chat()
    await silence(here)
    # The second node's worker rings Ada on the first: only the net can tell her.
    ticket = await vic.starts("Is this line dead?")
    offer = await ada.hears("offer", lambda offer: offer["card"]["ticket"] == ticket["id"])
    assert offer["why"]
    claimed = await ada.does("claim", ticket=ticket["id"])
    assert claimed["ticket"]["agent"]["name"] == "Ada"
    await vic.hears("ticket", lambda row: row["agent"] is not None)
    await ben.does("open_ticket", ticket=ticket["id"])
    for line in ("one", "two", "three"):
        await ada.says(ticket["id"], line)
    await ada.does("add_note", ticket=ticket["id"], client_id=new_id(), text="between us")
    await vic.hears("message", lambda message: message["text"] == "three")
    assert vic.texts() == ["one", "two", "three"]
    assert [message["seq"] for message in vic.told("message")] == [2, 3, 4, 5]
    assert (await ben.hears("note"))["text"] == "between us"
    await vic.says(ticket["id"], "heard you")
    await ada.hears("message", lambda message: message["text"] == "heard you")
    await ada.does("end_chat", ticket=ticket["id"])
    assert (await vic.hears("ticket", lambda row: row["status"] == "solved"))["id"] == ticket["id"]
    await ben.hears("gone", lambda gone: gone["ticket"] == ticket["id"])
    assert "between us" not in str(vic.heard)


def saying(text: str) -> Callable[[Payload], bool]:
    return lambda message: message["text"] == text


async def test_the_net_says_nothing_twice_while_the_bus_works(nodes: Nodes, visitor: Arrive, agent: ShowUp) -> None:
    here, there = nodes
    ada, vic = await agent(here, "Ada"), await visitor(there)
    await vic.can_chat()
    ticket = await chat(ada, vic)
    for number in range(20):
        await ada.says(ticket, f"a{number}")
        await vic.hears("message", saying(f"a{number}"))
        await vic.says(ticket, f"v{number}")
    # Two looks of the net later, by its own sign of life: a place in the queue that moves up.
    first, second = await visitor(there), await visitor(there)
    begun = await first.starts("first")
    await second.starts("second")
    await ada.does("claim", ticket=begun["id"])
    await second.hears("ticket", lambda row: row["queue"] is not None and row["queue"]["position"] == 1)
    assert vic.texts() == [f"a{number}" for number in range(20)]
    # What is ours came in our acks and never once more.
    said = [text for text in ada.texts() if text.startswith(("a", "v"))]
    assert said == [f"v{number}" for number in range(20)]


async def test_of_a_chat_that_nobody_has_open_here_each_card_comes_once(
    nodes: Nodes, visitor: Arrive, agent: ShowUp
) -> None:
    here, there = nodes
    ada = await agent(here, "Ada", available=False)
    ben, vic = await agent(there, "Ben"), await visitor(there)
    await vic.can_chat()
    ticket = await chat(ben, vic)
    # The bus brings this node no lines of it, and a look of the net must not miss them.
    for number in range(2):
        await vic.says(ticket, f"v{number}")
        first, second = await visitor(here), await visitor(here)
        begun = await first.starts("first")
        await second.starts("second")
        await ben.does("claim", ticket=begun["id"])
        await second.hears("ticket", lambda row: row["queue"] is not None and row["queue"]["position"] == 1)
        await second.does("end_chat", ticket=(await second.does("hello"))["ticket"]["id"])
    await ada.hears("card", lambda card: card["preview"] == "v1")
    cards = [(card["preview"], card["rev"]) for card in ada.told("card") if card["ticket"] == ticket]
    said = [card for card in cards if card[0].startswith("v")]
    assert {preview for preview, _ in said} == {"v0", "v1"}
    # A look may bring a card that is on its way already, and consoles drop it by its rev; no look brings it again.
    assert max(Counter(said).values()) <= 2
    assert not [message for message in ada.told("message") if message["ticket"] == ticket]


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
    nodes: Nodes, visitor: Arrive, agent: ShowUp
) -> None:
    here, there = nodes
    ada = await agent(here, "Ada")
    visitors = [await visitor(there) for _ in range(5)]
    await visitors[-1].can_chat()
    tickets = [(await one.starts("Bonjour"))["id"] for one in visitors]
    for ticket in tickets:
        await ada.hears("card", having(ticket=ticket))
    await silence(here)
    for one in visitors:
        await one.does("set_visible", on=False)
    for ticket in tickets:
        await ada.hears("card", having(ticket=ticket, visitor="hidden"))
    for one, ticket in zip(visitors, tickets, strict=True):
        await one.does("end_chat", ticket=ticket)
        await ada.hears("gone", having(ticket=ticket))


@pytest.mark.usefixtures("small_pages")
async def test_tickets_from_before_an_agents_hello_are_not_announced_again(
    nodes: Nodes, visitor: Arrive, agent: ShowUp
) -> None:
    here, there = nodes
    ada = await agent(there, "Ada")
    visitors = [await visitor(there) for _ in range(5)]
    await visitors[-1].can_chat()
    tickets = [(await one.starts("Bonjour"))["id"] for one in visitors]
    for ticket in tickets:
        await ada.hears("card", having(ticket=ticket))
    ben = await agent(here, "Ben", available=False)
    for _ in range(5):  # as many checks as there are pages, and two more
        await asyncio.sleep(here.settings.reconcile_s)
    assert not ben.told("card")
    await visitors[0].says(tickets[0], "Encore moi")
    await ben.hears("card", having(ticket=tickets[0]))


async def test_a_thousand_claims_have_one_winner(nodes: Nodes, visitor: Arrive, agent: ShowUp) -> None:
    team = [await agent(nodes[number % 2], f"agent-{number}") for number in range(10)]
    for one in team:
        one.patience_s = 60
    vic = await visitor(nodes[0])
    await vic.can_chat()
    ticket = await vic.starts("Who takes me?")
    acks = await asyncio.gather(
        *(one.asks("claim", ticket=ticket["id"], over=True) for _ in range(100) for one in team)
    )
    assert len(acks) == 1_000
    winners = {ack["ticket"]["agent"]["name"] for ack in acks if ack["ok"]}
    assert len(winners) == 1
    outcomes = Counter(ack["error"]["code"] if not ack["ok"] else "won" for ack in acks)
    assert outcomes == {"won": 100, "conflict": 900}
    assert {ack["error"]["by"]["name"] for ack in acks if not ack["ok"]} == winners
    joined = [message for message in await thread(vic, ticket["id"]) if message["kind"] == "event"]
    assert [message["event"]["args"]["agent"] for message in joined] == list(winners)


async def thread(vic: Visitor, ticket: str) -> list[Payload]:
    caught = await vic.does("catch_up", ticket=ticket, after=0)
    return list(caught["messages"])

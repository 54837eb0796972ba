"""Permissions: another visitor's ticket looks as if it did not exist."""

from chat.domain.people import sites
from chat.domain.people.sites import SiteEdit
from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node
from tests.realtime.socket_clients import Payload, Visitor, new_id
from tests.realtime.test_messages import chat
from tests.realtime.test_refusals import GOOD


def aimed(namespace: str, ticket: str) -> list[tuple[str, Payload]]:
    """Every command with a ticket, for this ticket."""
    return [
        (command, good | {"ticket": ticket} | ({"client_id": new_id()} if "client_id" in good else {}))
        for command, good in GOOD[namespace].items()
        if "ticket" in good
    ]


async def test_visitor_cannot_act_on_another_visitors_ticket(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    before = await vic.run("catch_up", ticket=ticket, after=0)
    stranger, zoe = await visitor(node), await visitor(node)
    await chat(ada, zoe)
    ada.received.clear()
    for command, payload in aimed("/visitor", ticket):
        for person in (zoe, stranger):
            error = await person.refusal_of(command, **payload)
            assert error["code"] == "not_found", (command, error)
            nowhere = await person.refusal_of(command, **payload | {"ticket": "t_that_never_was"})
            assert nowhere == error, command
    assert await vic.run("catch_up", ticket=ticket, after=0) == before
    assert ticket not in str(ada.received)
    assert ticket not in str(zoe.received)


async def test_unknown_ticket_is_not_found_for_agents(node: Node, agent: ConnectAgent) -> None:
    sam = await agent(node, "Sam", "supervisor")
    for command, payload in aimed("/agent", "t_that_never_was"):
        assert (await sam.refusal_of(command, **payload))["code"] == "not_found", command


async def test_agent_cannot_act_on_another_agents_ticket_but_supervisor_may_take_it_over(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, ben, sam = await agent(node, "Ada"), await agent(node, "Ben"), await agent(node, "Sam", "supervisor")
    vic = await visitor(node)
    ticket = await chat(ada, vic)
    own = {"client_id": new_id(), "text": "mine now"}
    spared = {"explain", "open_ticket", "catch_up", "typing", "mark_read", "add_note", "decline", "take_over"}
    for command, payload in aimed("/agent", ticket):
        if command not in spared:
            error = await ben.refusal_of(command, **payload)
            assert (error["code"], error["by"]["name"]) == ("conflict", "Ada"), (command, error)
    assert (await ben.refusal_of("take_over", ticket=ticket))["code"] == "not_allowed"
    taken = await sam.run("take_over", ticket=ticket)
    assert taken["ticket"]["agent"]["name"] == "Sam"
    event = await ada.receive("ticket", lambda row: row["agent"] is not None and row["agent"]["name"] == "Sam")
    assert event["id"] == ticket
    assert (await ada.refusal_of("send_message", ticket=ticket, **own))["by"]["name"] == "Sam"


async def test_each_side_has_its_own_commands(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    for command, payload in aimed("/agent", ticket):
        if command not in GOOD["/visitor"]:
            error = await vic.refusal_of(command, **payload)
            assert (error["code"], error["field"]) == ("bad_request", "event")
    assert (await ada.refusal_of("give_contact", ticket=ticket, email="a@b.example", wait=True))["field"] == "event"


async def test_token_of_another_site_gets_a_new_token(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await node.store.write(sites.set_site, "other", SiteEdit("Other", ["https://other.example"]), node.clock())
    elsewhere = Visitor()
    hello = await elsewhere.connect_and_hello(node, site="other", token=vic.token)
    assert hello["ticket"] is None
    assert hello["token"] != vic.token
    assert (await elsewhere.refusal_of("catch_up", ticket=ticket, after=0))["code"] == "not_found"
    begun = await elsewhere.start_chat("Hello from elsewhere")
    assert begun["id"] != ticket
    assert (await vic.run("hello"))["ticket"]["id"] == ticket
    await elsewhere.disconnect()


async def test_unknown_token_is_accepted_and_becomes_a_visitor(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    await agent(node, "Ada")
    vic = Visitor()
    hello = await vic.connect_and_hello(node, token="a-token-from-before-a-restored-backup")
    assert "token" not in hello
    assert "token" not in await vic.run("hello")
    ticket = await vic.start_chat("Bonjour")
    await vic.disconnect()
    back = await visitor(node, token="a-token-from-before-a-restored-backup")
    assert (await back.run("hello"))["ticket"]["id"] == ticket["id"]


async def test_second_hello_returns_the_same_token(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    await agent(node, "Ada")
    vic = await visitor(node)
    assert (await vic.run("hello"))["token"] == vic.token
    ticket = await vic.start_chat("Bonjour")
    second = await vic.run("hello")
    assert (second["token"], second["ticket"]["id"]) == (vic.token, ticket["id"])

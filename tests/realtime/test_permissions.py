"""Who may do what to whose: what is somebody else's looks as if it were not there."""

from chat.domain.people import sites
from chat.domain.people.sites import SiteEdit
from tests.realtime.conftest import Arrive, ShowUp
from tests.realtime.node import Node
from tests.realtime.socket_clients import Payload, Visitor, new_id
from tests.realtime.test_messages import chat
from tests.realtime.test_refusals import GOOD


def aimed(namespace: str, ticket: str) -> list[tuple[str, Payload]]:
    """Every command that names a ticket, at this one."""
    return [
        (command, good | {"ticket": ticket} | ({"client_id": new_id()} if "client_id" in good else {}))
        for command, good in GOOD[namespace].items()
        if "ticket" in good
    ]


async def test_zoe_can_do_nothing_to_vics_ticket(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    before = await vic.does("catch_up", ticket=ticket, after=0)
    stranger, zoe = await visitor(node), await visitor(node)
    await chat(ada, zoe)
    ada.heard.clear()
    for command, payload in aimed("/visitor", ticket):
        for person in (zoe, stranger):
            error = await person.refused(command, **payload)
            assert error["code"] == "not_found", (command, error)
            nowhere = await person.refused(command, **payload | {"ticket": "t_that_never_was"})
            assert nowhere == error, command
    assert await vic.does("catch_up", ticket=ticket, after=0) == before
    assert ticket not in str(ada.heard)
    assert ticket not in str(zoe.heard)


async def test_an_agent_is_told_of_a_ticket_that_never_was(node: Node, agent: ShowUp) -> None:
    sam = await agent(node, "Sam", "supervisor")
    for command, payload in aimed("/agent", "t_that_never_was"):
        assert (await sam.refused(command, **payload))["code"] == "not_found", command


async def test_ben_can_not_act_on_adas_ticket_but_sam_may_take_it_over(
    node: Node, visitor: Arrive, agent: ShowUp
) -> None:
    ada, ben, sam = await agent(node, "Ada"), await agent(node, "Ben"), await agent(node, "Sam", "supervisor")
    vic = await visitor(node)
    ticket = await chat(ada, vic)
    own = {"client_id": new_id(), "text": "mine now"}
    spared = {"explain", "open_ticket", "catch_up", "typing", "mark_read", "add_note", "decline", "take_over"}
    for command, payload in aimed("/agent", ticket):
        if command not in spared:
            error = await ben.refused(command, **payload)
            assert (error["code"], error["by"]["name"]) == ("conflict", "Ada"), (command, error)
    assert (await ben.refused("take_over", ticket=ticket))["code"] == "not_allowed"
    taken = await sam.does("take_over", ticket=ticket)
    assert taken["ticket"]["agent"]["name"] == "Sam"
    told = await ada.hears("ticket", lambda row: row["agent"] is not None and row["agent"]["name"] == "Sam")
    assert told["id"] == ticket
    assert (await ada.refused("send_message", ticket=ticket, **own))["by"]["name"] == "Sam"


async def test_each_side_has_its_own_commands(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    for command, payload in aimed("/agent", ticket):
        if command not in GOOD["/visitor"]:
            error = await vic.refused(command, **payload)
            assert (error["code"], error["field"]) == ("bad_request", "event")
    assert (await ada.refused("give_contact", ticket=ticket, email="a@b.example", wait=True))["field"] == "event"


async def test_a_token_of_another_site_starts_afresh(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await node.store.write(sites.set_site, "other", SiteEdit("Other", ["https://other.example"]), node.clock())
    elsewhere = Visitor()
    hello = await elsewhere.open(node, site="other", token=vic.token)
    assert hello["ticket"] is None
    assert hello["token"] != vic.token
    assert (await elsewhere.refused("catch_up", ticket=ticket, after=0))["code"] == "not_found"
    begun = await elsewhere.starts("Hello from elsewhere")
    assert begun["id"] != ticket
    assert (await vic.does("hello"))["ticket"]["id"] == ticket
    await elsewhere.leave()


async def test_an_unknown_token_is_kept_and_becomes_a_visitor(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    await agent(node, "Ada")
    vic = Visitor()
    hello = await vic.open(node, token="a-token-from-before-a-restored-backup")
    assert "token" not in hello
    assert "token" not in await vic.does("hello")
    ticket = await vic.starts("Bonjour")
    await vic.leave()
    back = await visitor(node, token="a-token-from-before-a-restored-backup")
    assert (await back.does("hello"))["ticket"]["id"] == ticket["id"]


async def test_a_second_hello_tells_the_same_token(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    await agent(node, "Ada")
    vic = await visitor(node)
    assert (await vic.does("hello"))["token"] == vic.token
    ticket = await vic.starts("Bonjour")
    again = await vic.does("hello")
    assert (again["token"], again["ticket"]["id"]) == (vic.token, ticket["id"])

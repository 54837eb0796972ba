"""Races: the same thing asked at once, on two nodes."""

import asyncio
from collections.abc import Sequence
from functools import partial

from tests.faults.history import Said
from tests.faults.page import answer_to
from tests.faults.recovering_client import Fields, Person
from tests.faults.scenario_run import Scene, can_chat, heard, until
from tests.faults.scenarios import fault
from tests.faults.users import Visitor


async def second_tab(scene: Scene, first: Visitor, who: str) -> Visitor:
    """The same visitor on the other node: one token, two tabs."""
    two = scene.place.nodes[1]
    url, history = await scene.history(who, "visitor", two, person=first.history.who)
    tab = Visitor(url, history)
    tab.token = first.token
    scene.visitors.append(tab)
    await tab.arrive()
    return tab


async def two_tabs(scene: Scene) -> tuple[Visitor, Visitor]:
    first = await scene.visitor("zoe", scene.place.nodes[0])
    return first, await second_tab(scene, first, "zoe-b")


def note_acks(scene: Scene, tabs: Sequence[Visitor], asked: Fields, acks: Sequence[Fields]) -> None:
    for tab, ack in zip(tabs, acks, strict=True):
        scene.demand(ack["ok"], f"refused: {ack}")
        if ack["ok"]:
            tab.history.note(answer_to(asked, ack))


@fault("town", quick=True)
async def five_parallel_sends(scene: Scene) -> None:
    """one text sent five times at once under one id, on two nodes"""
    await scene.agent("Ada")
    first = await scene.visitor("zoe", scene.place.nodes[0])
    ticket = await scene.begins(first)
    second = await second_tab(scene, first, "zoe-b")
    text = scene.words("zoe")
    first.history.note(Said(text))
    asked = {"ticket": ticket, "client_id": first.new_id(), "text": text}
    tabs = [first, second, first, second, first]
    acks = await asyncio.gather(*(tab.asks("send_message", **asked) for tab in tabs))
    note_acks(scene, tabs, asked, acks)
    scene.demand(len({str(ack) for ack in acks}) == 1, f"five different answers: {acks}")
    await see_all(scene, (first, second), ticket)


@fault("town", quick=True)
async def two_first_messages(scene: Scene) -> None:
    """one visitor's two tabs begin a chat at once, on two nodes"""
    await scene.agent("Ada")
    tabs = await two_tabs(scene)
    for tab in tabs:
        await until(partial(can_chat, tab))
    texts = [scene.words(tab.history.who) for tab in tabs]
    for tab, text in zip(tabs, texts, strict=True):
        tab.say(text, "")
    await until(lambda: not any(tab.unsent for tab in tabs))
    tickets = {tab.ticket for tab in tabs}
    scene.demand(len(tickets) == 1, f"two tickets: {tickets}")
    await see_all(scene, tabs, tabs[0].ticket)


@fault("town", quick=True)
async def two_claims(scene: Scene) -> None:
    """two agents take one chat at once, on two nodes"""
    one, two = scene.place.nodes
    agents = [await scene.agent("Ada", one), await scene.agent("Ben", two)]
    zoe = await scene.visitor("zoe", one)
    ticket = await scene.begins(zoe)
    acks = await asyncio.gather(*(agent.takes(ticket) for agent in agents))
    won = [agent for agent, ack in zip(agents, acks, strict=True) if ack["ok"]]
    scene.demand(len(won) == 1, f"{len(won)} owners")
    lost: Fields = next((ack["error"] for ack in acks if not ack["ok"]), {})
    scene.demand(lost.get("code") == "conflict" and bool(lost.get("by")), f"the other was told {lost}")
    for agent in won:
        agent.say(scene.words(agent.history.who), ticket)
    scene.speaks(zoe)
    await scene.settles()


async def see_all(scene: Scene, tabs: Sequence[Person], ticket: str) -> None:
    """Each tab asks for all of the ticket, as one does that has just come back."""
    for tab in tabs:
        await tab.follow(ticket)
    await scene.settles()


@fault("town", quick=True)
async def curious_visitor(scene: Scene) -> None:
    """a visitor asks for another one's ticket by its id, in every way there is"""
    await scene.agent("Ada")
    zoe, eve = await scene.visitor("zoe"), await scene.visitor("eve")
    ticket = await scene.begins(zoe)
    await scene.agents[0].takes(ticket)
    scene.agents[0].say(scene.words("NOTE of Ada"), ticket, private=True)
    scene.agents[0].say(scene.words("Ada"), ticket)
    ways: dict[str, Fields] = {
        "catch_up": {"after": 0},
        "send_message": {"client_id": eve.new_id(), "text": "let me in"},
        "mark_read": {"seq": 1},
        "typing": {"on": True},
        "end_chat": {},
    }
    for command, fields in ways.items():
        ack = await eve.asks(command, ticket=ticket, **fields)
        scene.demand(not ack["ok"] and ack["error"]["code"] == "not_found", f"{command}: {ack}")
    await scene.settles()
    scene.demand(not heard(eve.history, "event:message"), "she heard something")

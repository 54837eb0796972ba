"""Races: concurrent commands on two nodes, and access to a foreign ticket."""

import asyncio
from collections.abc import Sequence
from functools import partial

from tests.faults.history import Submitted
from tests.faults.page import send_result
from tests.faults.recovering_client import Fields, RecoveringClient
from tests.faults.scenario_run import ScenarioRun, can_chat, received, wait_until
from tests.faults.scenarios import scenario
from tests.faults.users import Visitor


async def second_tab(run: ScenarioRun, first: Visitor, name: str) -> Visitor:
    """A second tab of the same visitor (same token), on the other node."""
    node = run.topology.nodes[1]
    url, history = await run.add_history(name, "visitor", node, user=first.history.name)
    tab = Visitor(url, history)
    tab.token = first.token
    run.visitors.append(tab)
    await tab.start()
    return tab


async def two_tabs(run: ScenarioRun) -> tuple[Visitor, Visitor]:
    first = await run.add_visitor("zoe", run.topology.nodes[0])
    return first, await second_tab(run, first, "zoe-b")


def record_acks(run: ScenarioRun, tabs: Sequence[Visitor], payload: Fields, acks: Sequence[Fields]) -> None:
    for tab, ack in zip(tabs, acks, strict=True):
        run.require(ack["ok"], f"refused: {ack}")
        if ack["ok"]:
            tab.history.record(send_result(payload, ack))


@scenario("cluster", quick=True)
async def five_parallel_sends(run: ScenarioRun) -> None:
    """the same text is sent five times in parallel under one client_id, on two nodes"""
    await run.add_agent("Ada")
    first = await run.add_visitor("zoe", run.topology.nodes[0])
    ticket = await run.start_chat(first)
    second = await second_tab(run, first, "zoe-b")
    text = run.unique_text("zoe")
    first.history.record(Submitted(text))
    payload = {"ticket": ticket, "client_id": first.new_id(), "text": text}
    tabs = [first, second, first, second, first]
    acks = await asyncio.gather(*(tab.call("send_message", **payload) for tab in tabs))
    record_acks(run, tabs, payload, acks)
    run.require(len({str(ack) for ack in acks}) == 1, f"five different answers: {acks}")
    await open_in_all_tabs(run, (first, second), ticket)


@scenario("cluster", quick=True)
async def two_first_messages(run: ScenarioRun) -> None:
    """two tabs of one visitor start a chat at once, on two nodes"""
    await run.add_agent("Ada")
    tabs = await two_tabs(run)
    for tab in tabs:
        await wait_until(partial(can_chat, tab))
    texts = [run.unique_text(tab.history.name) for tab in tabs]
    for tab, text in zip(tabs, texts, strict=True):
        tab.send(text, "")
    await wait_until(lambda: not any(tab.outbox for tab in tabs))
    tickets = {tab.ticket for tab in tabs}
    run.require(len(tickets) == 1, f"two tickets: {tickets}")
    await open_in_all_tabs(run, tabs, tabs[0].ticket)


@scenario("cluster", quick=True)
async def two_claims(run: ScenarioRun) -> None:
    """two agents claim one chat at once, on two nodes"""
    one, two = run.topology.nodes
    agents = [await run.add_agent("Ada", one), await run.add_agent("Ben", two)]
    zoe = await run.add_visitor("zoe", one)
    ticket = await run.start_chat(zoe)
    acks = await asyncio.gather(*(agent.claim(ticket) for agent in agents))
    won = [agent for agent, ack in zip(agents, acks, strict=True) if ack["ok"]]
    run.require(len(won) == 1, f"{len(won)} owners")
    error: Fields = next((ack["error"] for ack in acks if not ack["ok"]), {})
    run.require(error.get("code") == "conflict" and bool(error.get("by")), f"the other agent got {error}")
    for agent in won:
        agent.send(run.unique_text(agent.history.name), ticket)
    run.send_text(zoe)
    await run.wait_for_convergence()


async def open_in_all_tabs(run: ScenarioRun, tabs: Sequence[RecoveringClient], ticket: str) -> None:
    """Each tab fetches the whole ticket, as after a reconnect."""
    for tab in tabs:
        await tab.open_ticket(ticket)
    await run.wait_for_convergence()


@scenario("cluster", quick=True)
async def foreign_ticket_access(run: ScenarioRun) -> None:
    """a visitor uses another visitor's ticket id in every command"""
    await run.add_agent("Ada")
    zoe, eve = await run.add_visitor("zoe"), await run.add_visitor("eve")
    ticket = await run.start_chat(zoe)
    await run.agents[0].claim(ticket)
    run.agents[0].send(run.unique_text("NOTE of Ada"), ticket, private=True)
    run.agents[0].send(run.unique_text("Ada"), ticket)
    commands: dict[str, Fields] = {
        "catch_up": {"after": 0},
        "send_message": {"client_id": eve.new_id(), "text": "let me in"},
        "mark_read": {"seq": 1},
        "typing": {"on": True},
        "end_chat": {},
    }
    for command, fields in commands.items():
        ack = await eve.call(command, ticket=ticket, **fields)
        run.require(not ack["ok"] and ack["error"]["code"] == "not_found", f"{command}: {ack}")
    await run.wait_for_convergence()
    run.require(not received(eve.history, "event:message"), "she received a message")

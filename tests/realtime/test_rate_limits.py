"""Rate limits: how many commands are allowed, what counts apart, and whom they do not affect."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from chat.realtime.namespace import MAX_REFUSALS
from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node
from tests.realtime.raw_client import raw_connection
from tests.realtime.socket_clients import Visitor, new_id
from tests.realtime.test_messages import chat


async def test_visitor_may_send_sixty_commands_and_typing_counts_apart(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    acks = await asyncio.gather(*(vic.call("set_visible", on=True) for _ in range(60)))
    assert [ack["ok"] for ack in acks] == [True] * 59 + [False]
    error = acks[-1]["error"]
    assert error["code"] == "too_many"
    assert 1 <= error["retry_after"] <= 10
    await vic.run("typing", ticket=ticket, on=True)
    tab = Visitor()
    with pytest.raises(AssertionError, match="too_many"):
        await tab.connect_and_hello(node, token=vic.token)
    await tab.disconnect()
    # It does not affect another visitor with the same address.
    await (await visitor(node)).run("hello")


async def test_client_is_disconnected_after_five_hundred_refusals(node: Node) -> None:
    async with raw_connection(node) as raw:
        await raw.connect_namespace()
        for number in range(60 + MAX_REFUSALS):
            await raw.send(f'42/visitor,{number}["set_visible",{{"on":true}}]')
        await raw.receive(f"43/visitor,{59 + MAX_REFUSALS}")
        await raw.send('42/visitor,9["set_visible",{"on":true}]')
        with pytest.raises(EOFError):
            await raw.receive("43/visitor,8")
        assert raw.socket.close_code == 1008


async def test_visitor_may_start_five_chats_a_minute(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    await agent(node, "Ada")
    vic = await visitor(node)
    for _ in range(5):
        await vic.run("start_chat", client_id=new_id(), text="Bonjour")
    error = await vic.refusal_of("start_chat", client_id=new_id(), text="Bonjour")
    assert error["code"] == "too_many"
    assert 1 <= error["retry_after"] <= 60


async def test_agent_may_send_two_hundred_commands(node: Node, agent: ConnectAgent) -> None:
    ada = await agent(node, "Ada")
    acks = await asyncio.gather(*(ada.call("list", view="mine") for _ in range(200)))
    codes = [ack.get("error", {}).get("code") for ack in acks]
    assert codes == [None] * 198 + ["too_many"] * 2


async def test_twelve_waiting_chats_of_one_address_leave_the_chat_to_others(
    node: Node, people: AsyncExitStack, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    await agent(node, "Ada")
    for _ in range(12):
        stranger = Visitor()
        people.push_async_callback(stranger.disconnect)
        await stranger.connect(node.url, {"site": "demo"}, **{"X-Forwarded-For": "203.0.113.7"})
        await stranger.run("hello")
        await stranger.run("start_chat", client_id=new_id(), text="Bonjour")
    await (await visitor(node)).run("start_chat", client_id=new_id(), text="Bonjour")

"""Limits: how often somebody may ask, what is counted apart, and who is not held up by it."""

import asyncio

import pytest

from chat.realtime.namespace import MAX_REFUSALS
from tests.realtime.conftest import Arrive, ShowUp
from tests.realtime.node import Node
from tests.realtime.raw_client import line
from tests.realtime.socket_clients import Visitor, new_id
from tests.realtime.test_messages import chat


async def test_sixty_commands_then_too_many_and_typing_apart(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    acks = await asyncio.gather(*(vic.asks("set_visible", on=True) for _ in range(60)))
    assert [ack["ok"] for ack in acks] == [True] * 59 + [False]
    error = acks[-1]["error"]
    assert error["code"] == "too_many"
    assert 1 <= error["retry_after"] <= 10
    await vic.does("typing", ticket=ticket, on=True)
    tab = Visitor()
    with pytest.raises(AssertionError, match="too_many"):
        await tab.open(node, token=vic.token)
    await tab.leave()
    # Somebody else in the same office is not held up by it.
    await (await visitor(node)).does("hello")


async def test_who_goes_on_after_five_hundred_refusals_is_cut(node: Node) -> None:
    async with line(node) as raw:
        await raw.arrives()
        for number in range(60 + MAX_REFUSALS):
            await raw.says(f'42/visitor,{number}["set_visible",{{"on":true}}]')
        await raw.hears(f"43/visitor,{59 + MAX_REFUSALS}")
        await raw.says('42/visitor,9["set_visible",{"on":true}]')
        with pytest.raises(EOFError):
            await raw.hears("43/visitor,8")
        assert raw.socket.close_code == 1008


async def test_five_chats_a_minute(node: Node, visitor: Arrive, agent: ShowUp) -> None:
    await agent(node, "Ada")
    vic = await visitor(node)
    for _ in range(5):
        await vic.does("start_chat", client_id=new_id(), text="Bonjour")
    error = await vic.refused("start_chat", client_id=new_id(), text="Bonjour")
    assert error["code"] == "too_many"
    assert 1 <= error["retry_after"] <= 60


async def test_two_hundred_commands_of_an_agent(node: Node, agent: ShowUp) -> None:
    ada = await agent(node, "Ada")
    acks = await asyncio.gather(*(ada.asks("list", view="mine") for _ in range(200)))
    codes = [ack.get("error", {}).get("code") for ack in acks]
    assert codes == [None] * 198 + ["too_many"] * 2

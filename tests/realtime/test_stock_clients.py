"""Clients of others with their defaults begin by polling, end on WebSocket, and lose nothing on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from chat.settings import Settings
from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node
from tests.realtime.socket_clients import Agent, Visitor
from tests.realtime.stock_clients import (
    NodeAgent,
    NodeClient,
    NodeVisitor,
    PythonAgent,
    PythonVisitor,
    SlowWebSocketProxy,
    slow_websockets,
)
from tests.realtime.test_messages import chat

MESSAGES = 10


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, visitor_commands=1_000)


@pytest.fixture
async def proxy(node: Node) -> AsyncIterator[SlowWebSocketProxy]:
    async with slow_websockets(node.url) as slow:
        yield slow


async def arrive(people: AsyncExitStack, visitor: Visitor, url: str) -> Visitor:
    people.push_async_callback(visitor.disconnect)
    await visitor.connect(url, {"site": "demo"})
    visitor.mode = (await visitor.run("hello"))["service"]["mode"]
    return visitor


async def show_up(people: AsyncExitStack, agent: Agent, node: Node, url: str) -> Agent:
    people.push_async_callback(agent.disconnect)
    await agent.connect(url, Cookie=await node.sign_in(await node.add_agent("Ada")))
    await agent.run("hello")
    await agent.run("set_presence", state="available")
    return agent


async def test_python_clients_change_to_websocket(node: Node, people: AsyncExitStack) -> None:
    ada = await show_up(people, PythonAgent(), node, node.url)
    vic = await arrive(people, PythonVisitor(), node.url)
    assert (ada.client.transport(), vic.client.transport()) == ("websocket", "websocket")
    upgraded = asyncio.Event()
    upgraded.set()
    await talk_until(upgraded, ada, vic, await chat(ada, vic))


async def test_visitor_in_node_changes_to_websocket_while_messages_flow(
    node: Node, proxy: SlowWebSocketProxy, people: AsyncExitStack, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), NodeVisitor()
    await arrive(people, vic, proxy.url)
    await talk_during_the_change(proxy, vic, ada, vic)


async def test_agent_in_node_changes_to_websocket_while_messages_flow(
    node: Node, proxy: SlowWebSocketProxy, people: AsyncExitStack, visitor: ConnectVisitor
) -> None:
    ada = NodeAgent()
    await show_up(people, ada, node, proxy.url)
    await talk_during_the_change(proxy, ada, ada, await visitor(node))


async def talk_during_the_change(proxy: SlowWebSocketProxy, changing: NodeClient, ada: Agent, vic: Visitor) -> None:
    """Both send messages before, during and after the change of one of them."""
    assert await changing.connected == "polling"
    talking = asyncio.create_task(talk_until(changing.upgraded, ada, vic, await chat(ada, vic)))
    await changing.receive("message", lambda message: message["text"] in ("a5", "v5"))
    assert not changing.upgraded.is_set()
    proxy.release()
    await talking


async def talk_until(upgraded: asyncio.Event, ada: Agent, vic: Visitor, ticket: str) -> None:
    """Both send until some time after `upgraded`, and receive every message of the other once, in order."""
    said_by_ada, said_by_vic = await asyncio.gather(
        send_until(upgraded, ada, ticket, "a"), send_until(upgraded, vic, ticket, "v")
    )
    for receiver, said in ((ada, said_by_vic), (vic, said_by_ada)):
        await receiver.receive_text(said[-1])
        assert [text for text in receiver.texts() if text[1:].isdigit()] == said


async def send_until(upgraded: asyncio.Event, person: Agent | Visitor, ticket: str, name: str) -> list[str]:
    said: list[str] = []
    after = 0
    while after < MESSAGES:
        after += upgraded.is_set()
        said.append(f"{name}{len(said)}")
        await person.send(ticket, said[-1])
    return said

"""Redis flushed, killed or hung during a chat: nothing is lost, and no present agent loses a chat."""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from chat.cluster.embedded_valkey import EmbeddedValkey
from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node
from tests.realtime.test_messages import chat

Fault = Callable[[EmbeddedValkey, str], Awaitable[None]]


@pytest.fixture
async def memory() -> AsyncIterator[tuple[EmbeddedValkey, str]]:
    """A Valkey whose process these tests may stop or kill."""
    server = EmbeddedValkey()
    url = await server.start()
    yield server, url
    await server.stop()


@pytest.fixture
def redis_timeout_s() -> float:
    """As in production."""
    return 1.0


@pytest.fixture
def valkey(memory: tuple[EmbeddedValkey, str]) -> str:
    return memory[1]


async def flush(_: EmbeddedValkey, url: str) -> None:
    async with Redis.from_url(url) as client:
        await client.flushall()


async def kill(server: EmbeddedValkey, _: str) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)


async def hang(server: EmbeddedValkey, _: str) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)


async def wake(server: EmbeddedValkey, _: str) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGCONT)


@pytest.mark.parametrize("fault", [flush, kill])
async def test_chats_go_on_without_redis_and_only_absent_agents_lose_theirs(
    fault: Fault, memory: tuple[EmbeddedValkey, str], node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.run("set_presence", state="away")
    ben, zoe = await agent(node, "Ben"), await visitor(node)
    other = await chat(ben, zoe)
    await fault(*memory)
    await vic.send(ticket, "Are you there?")
    await ada.receive("message", lambda message: message["text"] == "Are you there?")
    await ada.send(ticket, "I am.")
    await vic.receive("message", lambda message: message["text"] == "I am.")
    await ben.disconnect()
    # Ben's chat goes back once Redis has been reliable for long enough; by then Ada's would have, too.
    event = await zoe.receive("ticket", lambda row: row["agent"] is None)
    assert event["id"] == other
    shown = (await vic.run("catch_up", ticket=ticket, after=0))["ticket"]
    assert (shown["status"], shown["agent"]["name"]) == ("live", "Ada")


async def test_new_visitors_get_the_form_and_chats_go_on_during_redis_hang(
    memory: tuple[EmbeddedValkey, str], node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    zoe = await visitor(node)
    waiting = await zoe.start_chat("I wait")
    await hang(*memory)
    await vic.send(ticket, "Hello?")
    await ada.receive("message", lambda message: message["text"] == "Hello?")
    await vic.receive("service", lambda service: service["mode"] == "form")
    late = await visitor(node)
    refused = await late.refusal_of("start_chat", client_id="0123456789abcdef", text="Me too")
    assert (refused["code"], refused["service"]["mode"]) == ("form_instead", "form")
    # A waiting chat stays in the queue and can be claimed.
    assert (await zoe.run("hello"))["ticket"]["status"] == "live"
    await ada.run("claim", ticket=waiting["id"])
    await zoe.receive("ticket", lambda row: row["agent"] is not None)
    vic.received.clear()
    await wake(*memory)
    await vic.receive("service", lambda service: service["mode"] == "chat")
    begun = await late.start_chat("Me too")
    assert begun["status"] == "live"
    assert (await vic.run("catch_up", ticket=ticket, after=0))["ticket"]["agent"]["name"] == "Ada"

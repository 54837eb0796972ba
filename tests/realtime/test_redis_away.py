"""Redis flushed, killed or hung mid-chat: nothing is lost, nobody is released who is there."""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from chat.cluster.embedded_valkey import EmbeddedValkey
from tests.realtime.conftest import Arrive, ShowUp
from tests.realtime.node import Node
from tests.realtime.test_messages import chat

Fault = Callable[[EmbeddedValkey, str], Awaitable[None]]


@pytest.fixture
async def memory() -> AsyncIterator[tuple[EmbeddedValkey, str]]:
    """A Valkey whose process these tests may hurt."""
    server = EmbeddedValkey()
    url = await server.start()
    yield server, url
    await server.stop()


@pytest.fixture
def redis_timeout_s() -> float:
    """As in life."""
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
async def test_a_chat_goes_on_and_only_who_has_gone_is_released(
    fault: Fault, memory: tuple[EmbeddedValkey, str], node: Node, visitor: Arrive, agent: ShowUp
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    await ada.does("set_presence", state="away")
    ben, zoe = await agent(node, "Ben"), await visitor(node)
    other = await chat(ben, zoe)
    await fault(*memory)
    await vic.says(ticket, "Are you there?")
    await ada.hears("message", lambda message: message["text"] == "Are you there?")
    await ada.says(ticket, "I am.")
    await vic.hears("message", lambda message: message["text"] == "I am.")
    await ben.leave()
    # Ben's chat goes back once Redis has been steady for long enough; by then Ada's would have gone too.
    told = await zoe.hears("ticket", lambda row: row["agent"] is None)
    assert told["id"] == other
    shown = (await vic.does("catch_up", ticket=ticket, after=0))["ticket"]
    assert (shown["status"], shown["agent"]["name"]) == ("live", "Ada")


async def test_while_redis_hangs_newcomers_get_the_form_and_chats_go_on(
    memory: tuple[EmbeddedValkey, str], node: Node, visitor: Arrive, agent: ShowUp
) -> None:
    ada, vic = await agent(node, "Ada"), await visitor(node)
    ticket = await chat(ada, vic)
    zoe = await visitor(node)
    waiting = await zoe.starts("I wait")
    await hang(*memory)
    await vic.says(ticket, "Hello?")
    await ada.hears("message", lambda message: message["text"] == "Hello?")
    await vic.hears("service", lambda service: service["mode"] == "form")
    late = await visitor(node)
    refused = await late.refused("start_chat", client_id="0123456789abcdef", text="Me too")
    assert (refused["code"], refused["service"]["mode"]) == ("form_instead", "form")
    # A waiting chat stays where it is, and can be taken.
    assert (await zoe.does("hello"))["ticket"]["status"] == "live"
    await ada.does("claim", ticket=waiting["id"])
    await zoe.hears("ticket", lambda row: row["agent"] is not None)
    vic.heard.clear()
    await wake(*memory)
    await vic.hears("service", lambda service: service["mode"] == "chat")
    begun = await late.starts("Me too")
    assert begun["status"] == "live"
    assert (await vic.does("catch_up", ticket=ticket, after=0))["ticket"]["agent"]["name"] == "Ada"

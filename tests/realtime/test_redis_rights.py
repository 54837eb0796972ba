"""A Redis user with the rights that docs/operating.md names is enough, and a missing right is reported."""

import re
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import pytest
from redis.asyncio import Redis

from chat.settings import Settings
from chat.store.migrations import migrate
from tests.cluster.servers import until
from tests.cluster.test_redis_client import execute
from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node, running_node
from tooling.steps import ROOT

DOCUMENTED = re.search(r"ACL SETUSER (guichet .*)", (ROOT / "docs/operating.md").read_text())


async def settings_with_user(settings: Settings, rights: Callable[[str], str]) -> Settings:
    assert settings.redis_url is not None and DOCUMENTED
    migrate(settings.database_url)
    async with Redis.from_url(settings.redis_url) as client:
        await execute(client, "ACL", "SETUSER", *rights(DOCUMENTED[1]).split())
    return replace(settings, redis_url=settings.redis_url.replace("unix://", "unix://guichet:PASSWORD@"))


async def readiness(node: Node) -> object:
    async with aiohttp.ClientSession() as client, client.get(f"{node.url}/readyz") as response:
        return (await response.json())["redis"]


async def test_documented_rights_are_enough(
    settings: Settings, visitor: ConnectVisitor, agent: ConnectAgent, caplog: pytest.LogCaptureFixture
) -> None:
    settings = await settings_with_user(settings, lambda rights: rights)
    async with running_node(settings) as here, running_node(settings) as there:
        ada, vic = await agent(here, "Ada"), await visitor(there)
        await vic.wait_for_chat_mode()
        ticket = await vic.start_chat("Hello")
        await ada.run("claim", ticket=ticket["id"])
        await ada.send(ticket["id"], "Good morning")
        await vic.receive("message", lambda message: message["text"] == "Good morning")
        assert await readiness(here) == "ok"
    assert [record.message for record in caplog.records if "redis" in record.message] == []


async def test_missing_right_is_reported(
    settings: Settings, agent: ConnectAgent, caplog: pytest.LogCaptureFixture
) -> None:
    settings = await settings_with_user(settings, lambda rights: rights.replace("+zadd", ""))
    async with running_node(settings) as node:
        await agent(node, "Ada", available=False)

        async def is_reported() -> bool:
            return await readiness(node) == "refuses"

        await until(is_reported)
    assert len([record for record in caplog.records if record.message.startswith("redis refuses commands")]) == 1

"""Faults of Redis: killed, flushed, hung, full, half open, and cut off from one node."""

import asyncio
import time

from tests.faults.history import Heard
from tests.faults.scenario_run import Scene, heard, percentile, until
from tests.faults.scenarios import fault
from tests.faults.users import Agent

GOAL_MS = 300


async def talk_for(scene: Scene, seconds: float) -> None:
    """Measures how long acks take meanwhile."""
    for person in scene.people:
        person.waits_s.clear()
    await asyncio.sleep(seconds)
    p99 = percentile(scene.waits_ms, 0.99)
    scene.measure("send to ack, p99", f"{p99:.0f} ms of {len(scene.waits_ms)}", f"<= {GOAL_MS} ms", p99 <= GOAL_MS)


@fault("town")
async def redis_killed(scene: Scene) -> None:
    """Redis killed, and back empty"""
    await scene.cast(pages=1, visitors=1, agents=2)
    async with scene.chatter():
        await scene.town.valkey.kill()
        await talk_for(scene, scene.span(30, 2))
        await scene.town.valkey.start()
        await asyncio.sleep(scene.span(10, 1))
    await scene.settles()


@fault("town")
async def redis_flushed(scene: Scene) -> None:
    """Redis loses all it knows, twice"""
    await scene.cast(pages=1, visitors=1, agents=2)
    async with scene.chatter():
        for _ in range(2):
            async with scene.town.redis() as client:
                await client.flushall()
            await talk_for(scene, scene.span(15, 1))
    await scene.settles()


@fault("town")
async def redis_hung(scene: Scene) -> None:
    """Redis hangs without a word"""
    await scene.cast(pages=1, visitors=1, agents=2)
    async with scene.chatter():
        scene.town.valkey.hang()
        try:
            await talk_for(scene, scene.span(60, 4))
        finally:
            scene.town.valkey.go_on()
        await asyncio.sleep(1)
    await scene.settles()


@fault("town")
async def redis_full(scene: Scene) -> None:
    """Redis refuses every write for want of memory"""
    await scene.cast(pages=1, visitors=1, agents=2)
    async with scene.town.redis() as client, scene.chatter():
        await client.config_set("maxmemory-policy", "noeviction")
        await client.config_set("maxmemory", 1)
        try:
            await talk_for(scene, scene.span(30, 2))
        finally:
            await client.config_set("maxmemory", 128_000_000)
            await client.config_set("maxmemory-policy", "volatile-ttl")
    await scene.settles()


@fault("town")
async def node_cut_from_redis(scene: Scene) -> None:
    """one node can't reach Redis, the other one can"""
    await scene.cast(pages=1, visitors=1, agents=2)
    async with scene.chatter():
        scene.town.redis_lines["one"].refuse()
        await talk_for(scene, scene.span(120, 3))
        scene.town.redis_lines["one"].flow()
        await asyncio.sleep(1)
    await scene.settles()


@fault("town")
async def redis_half_open(scene: Scene) -> None:
    """a node's lines to Redis are dead and nobody says so"""
    one, two = scene.place.nodes
    ada, zoe = await scene.agent("Ada", two), await scene.visitor("zoe0", one)
    ticket = await scene.begins(zoe)
    await ada.takes(ticket)
    # Typing goes by the bus alone, so it tells when that hears again.
    await until(lambda: typed(scene, ada, ticket), patience_s=20)
    began = time.monotonic()
    scene.town.redis_lines["one"].deafen("down")
    async with scene.chatter(per_s=3):
        zoe.history.entries = [entry for entry in zoe.history.entries if not is_typing(entry[1])]
        await until(lambda: typed(scene, ada, ticket), patience_s=60)
    deaf = time.monotonic() - began
    await scene.settles()
    scene.measure("deaf for", f"{deaf:.0f} s", "<= 15 s", deaf <= 15.5)


async def typed(scene: Scene, agent: Agent, ticket: str) -> bool:
    """The agent types once more; whether the visitor has heard of it by now."""
    await agent.surely("typing", ticket=ticket, on=True)
    await asyncio.sleep(0.2)
    return bool(heard(scene.visitors[0].history, "event:typing"))


def is_typing(entry: object) -> bool:
    return isinstance(entry, Heard) and entry.what == "event:typing"

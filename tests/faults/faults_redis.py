"""Faults of Redis: killed, flushed, hung, out of memory, half open, and unreachable from one node."""

import asyncio
import time

from tests.faults.history import Received
from tests.faults.scenario_run import ScenarioRun, percentile, received, wait_until
from tests.faults.scenarios import scenario
from tests.faults.users import Agent

GOAL_MS = 300


async def measure_ack_times(run: ScenarioRun, seconds: float) -> None:
    """Wait, and add a row for the ack times of that time."""
    for client in run.socketio_clients:
        client.ack_times_s.clear()
    await asyncio.sleep(seconds)
    p99 = percentile(run.ack_times_ms, 0.99)
    run.measure("send to ack, p99", f"{p99:.0f} ms of {len(run.ack_times_ms)}", f"<= {GOAL_MS} ms", p99 <= GOAL_MS)


@scenario("cluster")
async def redis_killed(run: ScenarioRun) -> None:
    """Redis is killed and restarts empty"""
    await run.start_chats(pages=1, visitors=1, agents=2)
    async with run.traffic():
        await run.cluster.valkey.kill()
        await measure_ack_times(run, run.duration(30, 2))
        await run.cluster.valkey.start()
        await asyncio.sleep(run.duration(10, 1))
    await run.wait_for_convergence()


@scenario("cluster")
async def redis_flushed(run: ScenarioRun) -> None:
    """Redis loses all its keys, twice"""
    await run.start_chats(pages=1, visitors=1, agents=2)
    async with run.traffic():
        for _ in range(2):
            async with run.cluster.redis() as client:
                await client.flushall()
            await measure_ack_times(run, run.duration(15, 1))
    await run.wait_for_convergence()


@scenario("cluster")
async def redis_hung(run: ScenarioRun) -> None:
    """Redis hangs: it keeps its connections and answers nothing"""
    await run.start_chats(pages=1, visitors=1, agents=2)
    async with run.traffic():
        run.cluster.valkey.pause()
        try:
            await measure_ack_times(run, run.duration(60, 4))
        finally:
            run.cluster.valkey.resume()
        await asyncio.sleep(1)
    await run.wait_for_convergence()


@scenario("cluster")
async def redis_out_of_memory(run: ScenarioRun) -> None:
    """Redis refuses every write because its memory is full"""
    await run.start_chats(pages=1, visitors=1, agents=2)
    async with run.cluster.redis() as client, run.traffic():
        await client.config_set("maxmemory-policy", "noeviction")
        await client.config_set("maxmemory", 1)
        try:
            await measure_ack_times(run, run.duration(30, 2))
        finally:
            await client.config_set("maxmemory", 128_000_000)
            await client.config_set("maxmemory-policy", "volatile-ttl")
    await run.wait_for_convergence()


@scenario("cluster")
async def node_partitioned_from_redis(run: ScenarioRun) -> None:
    """one node cannot reach Redis, the other one can"""
    await run.start_chats(pages=1, visitors=1, agents=2)
    async with run.traffic():
        run.cluster.redis_proxies["one"].refuse()
        await measure_ack_times(run, run.duration(120, 3))
        run.cluster.redis_proxies["one"].restore()
        await asyncio.sleep(1)
    await run.wait_for_convergence()


@scenario("cluster")
async def redis_half_open(run: ScenarioRun) -> None:
    """a node's connections to Redis are half open: nothing arrives from Redis"""
    one, two = run.topology.nodes
    ada, zoe = await run.add_agent("Ada", two), await run.add_visitor("zoe0", one)
    ticket = await run.start_chat(zoe)
    await ada.claim(ticket)
    # Typing events use only the bus, so they show when the node receives from the bus again.
    await wait_until(lambda: typing_arrives(run, ada, ticket), timeout_s=20)
    began = time.monotonic()
    run.cluster.redis_proxies["one"].stall_existing("down")
    async with run.traffic(per_s=3):
        zoe.history.entries = [entry for entry in zoe.history.entries if not is_typing(entry[1])]
        await wait_until(lambda: typing_arrives(run, ada, ticket), timeout_s=60)
    outage = time.monotonic() - began
    await run.wait_for_convergence()
    run.measure("outage", f"{outage:.0f} s", "<= 15 s", outage <= 15.5)


async def typing_arrives(run: ScenarioRun, agent: Agent, ticket: str) -> bool:
    """The agent sends one typing event; returns whether the visitor has received any by now."""
    await agent.call_with_retry("typing", ticket=ticket, on=True)
    await asyncio.sleep(0.2)
    return bool(received(run.visitors[0].history, "event:typing"))


def is_typing(entry: object) -> bool:
    return isinstance(entry, Received) and entry.kind == "event:typing"

"""Faults of the nodes: killed, down, restarted one after the other."""

import asyncio

from tests.faults.history import Screen
from tests.faults.scenario_run import ScenarioRun
from tests.faults.scenarios import scenario


@scenario("cluster")
async def node_killed(run: ScenarioRun) -> None:
    """kill -9 of one node of two under load"""
    await run.start_chats(pages=2, visitors=2, agents=2)
    victim = run.rng.choice(run.topology.nodes)
    async with run.traffic():
        await asyncio.sleep(run.duration(5, 0.5))
        await victim.kill()
        await asyncio.sleep(run.duration(10, 1))
        await run.topology.start(victim)
        await asyncio.sleep(run.duration(5, 0.5))
    await run.wait_for_convergence()


@scenario("single_process")
async def killed_around_commit(run: ScenarioRun) -> None:
    """kill -9 between COMMIT and its acks, and right before COMMIT, ten times"""
    await run.start_chats(pages=1, visitors=1)
    serve = run.topology.nodes[0]
    for attempt in range(10):
        point = ("committed", "before_commit")[attempt % 2]
        await serve.kill()
        await run.topology.start(serve, GUICHET_FAILPOINT=f"{point}:{run.rng.randint(6, 20)}")
        async with run.traffic(per_s=40), asyncio.timeout(30):
            await serve.wait()
    await run.topology.start(serve)
    await run.wait_for_convergence()


@scenario("single_process")
async def service_down(run: ScenarioRun) -> None:
    """the whole service is down while a visitor writes and reloads"""
    await run.start_chats(pages=1, visitors=1)
    serve, page = run.topology.nodes[0], run.pages[0]
    async with run.traffic(per_s=4):
        await serve.kill()
        for _ in range(3):
            await asyncio.sleep(run.duration(20, 1))
            run.send_text(page)
            await page.wait_for_screen(lambda screen: bool(screen["unsent"]))
            await page.reload()
        await run.topology.start(serve)
        await asyncio.sleep(1)
    await run.wait_for_convergence()


@scenario("cluster")
async def rolling_restart(run: ScenarioRun) -> None:
    """both nodes restart in turn under load"""
    await run.start_chats(pages=2, visitors=2, agents=2)
    slowest = 0.0
    async with run.traffic(per_s=run.duration(15, 6)):
        for node in run.topology.nodes:
            await asyncio.sleep(run.duration(5, 0.5))
            slowest = max(slowest, await node.stop())
            await run.topology.start(node)
    await run.wait_for_convergence()
    run.measure("slowest exit", f"{slowest:.1f} s", "<= 10 s", slowest <= 10)
    failed = {
        text
        for history in run.histories
        for screen in history.entries_of(Screen)
        for text, state in screen.unsent
        if state == "failed"
    }
    run.require(not failed, f"shown as not sent: {sorted(failed)[:3]}")

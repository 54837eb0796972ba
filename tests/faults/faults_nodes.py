"""Faults of the servers themselves: killed, away, restarted one after the other."""

import asyncio

from tests.faults.history import Screen
from tests.faults.scenario_run import Scene
from tests.faults.scenarios import fault


@fault("town")
async def node_killed(scene: Scene) -> None:
    """kill -9 of one node of two while everybody talks"""
    await scene.cast(pages=2, visitors=2, agents=2)
    victim = scene.rng.choice(scene.place.nodes)
    async with scene.chatter():
        await asyncio.sleep(scene.span(5, 0.5))
        await victim.kill()
        await asyncio.sleep(scene.span(10, 1))
        await scene.place.start(victim)
        await asyncio.sleep(scene.span(5, 0.5))
    await scene.settles()


@fault("shop")
async def killed_around_commit(scene: Scene) -> None:
    """kill -9 between COMMIT and its acks, and right before COMMIT, ten times"""
    await scene.cast(pages=1, visitors=1)
    serve = scene.place.nodes[0]
    for turn in range(10):
        point = ("committed", "before_commit")[turn % 2]
        await serve.kill()
        await scene.place.start(serve, GUICHET_FAILPOINT=f"{point}:{scene.rng.randint(6, 20)}")
        async with scene.chatter(per_s=40), asyncio.timeout(30):
            await serve.ended()
    await scene.place.start(serve)
    await scene.settles()


@fault("shop")
async def service_away(scene: Scene) -> None:
    """the whole service away, a visitor who writes and reloads meanwhile"""
    await scene.cast(pages=1, visitors=1)
    serve, page = scene.place.nodes[0], scene.pages[0]
    async with scene.chatter(per_s=4):
        await serve.kill()
        for _ in range(3):
            await asyncio.sleep(scene.span(20, 1))
            scene.speaks(page)
            await page.shows(lambda screen: bool(screen["unsent"]))
            await page.reload()
        await scene.place.start(serve)
        await asyncio.sleep(1)
    await scene.settles()


@fault("town")
async def rolling_restart(scene: Scene) -> None:
    """both nodes restarted in turn under load"""
    await scene.cast(pages=2, visitors=2, agents=2)
    slowest = 0.0
    async with scene.chatter(per_s=scene.span(15, 6)):
        for node in scene.place.nodes:
            await asyncio.sleep(scene.span(5, 0.5))
            slowest = max(slowest, await node.stop())
            await scene.place.start(node)
    await scene.settles()
    scene.measure("slowest exit", f"{slowest:.1f} s", "<= 10 s", slowest <= 10)
    failed = {
        text
        for one in scene.histories
        for screen in one.of(Screen)
        for text, state in screen.unsent
        if state == "failed"
    }
    scene.demand(not failed, f"shown as not sent: {sorted(failed)[:3]}")

"""Faults of the network between people and nodes: one-way cuts, resets, and a phone in a train."""

import asyncio
import time

from tests.faults.page import Page
from tests.faults.proxy import BOTH, Proxy, Way
from tests.faults.recovering_client import Person
from tests.faults.scenario_run import Scene, until
from tests.faults.scenarios import fault


@fault("town")
async def one_way_stalls(scene: Scene) -> None:
    """nothing arrives one way for a while, then all of it"""
    await scene.cast(pages=1, visitors=1)
    async with scene.chatter():
        for way in BOTH:
            for door in scene.doors.values():
                door.stall(way)
            await asyncio.sleep(scene.span(10, 1))
            for door in scene.doors.values():
                door.flow()
            await asyncio.sleep(scene.span(5, 0.5))
    await scene.settles()


@fault("town", full_only=True)
async def one_way_cuts_are_found(scene: Scene) -> None:
    """lines that are dead one way for ever, each way"""
    await scene.cast(pages=1, visitors=1)
    for way in BOTH:
        slowest = 0.0
        async with scene.chatter(per_s=2):
            found = [found_dead(scene, who, way) for who in ("vic0", "zoe0", "Ada")]
            slowest = max(await asyncio.gather(*found))
        await scene.settles(20)
        scene.measure(f"dead {way}, found after", f"{slowest:.0f} s", "<= 45 s", slowest <= 46)


async def found_dead(scene: Scene, who: str, way: Way) -> float:
    """How long a client takes to find out that its line has died."""
    everybody: list[Page | Person] = [*scene.pages, *scene.people]
    one = next(one for one in everybody if one.history.who.startswith(who))
    # Who is still on the way back has no line that could die, though their screen may be true already.
    await until(lambda: is_up(one) and scene.doors[who].standing > 0)
    began, before = time.monotonic(), one.times_down
    scene.doors[who].deafen(way)
    await until(lambda: one.times_down > before, patience_s=100)
    return time.monotonic() - began


def is_up(one: Page | Person) -> bool:
    return bool(one.state.get("up")) if isinstance(one, Page) else one.up.is_set()


@fault("town")
async def lines_reset(scene: Scene) -> None:
    """every line is reset, again and again"""
    await scene.cast(pages=1, visitors=1)
    async with scene.chatter():
        for _ in range(int(scene.span(20, 4))):
            await asyncio.sleep(0.4)
            for door in scene.doors.values():
                scene.rng.choice((door.reset, door.cut))()
    await scene.settles()


@fault("town")
async def flaky_mobile(scene: Scene) -> None:
    """phones in a train: slow, stalled, cut, reset, put away and offline in turn, each for itself"""
    await scene.cast(pages=2, visitors=1)
    ends = time.monotonic() + scene.span(300, 5)
    async with scene.chatter(per_s=4):
        rides = [train(scene, scene.doors[who], ends) for who in ("vic0", "vic1", "zoe0")]
        await asyncio.gather(*rides, *(pocket(scene, page, ends) for page in scene.pages))
    await scene.settles()


async def train(scene: Scene, door: Proxy, ends: float) -> None:
    rng = scene.rng
    while time.monotonic() < ends:
        match rng.choice(("slow", "stall", "refuse", "reset", "cut", "well")):
            case "slow":
                door.slow(0.2, 0.3)
            case "stall":
                door.stall(*rng.choice((("up",), ("down",), BOTH)))
            case "refuse":
                door.refuse()
            case "reset":
                door.reset()
            case "cut":
                door.cut()
        await asyncio.sleep(rng.uniform(0.2, 1.5))
        door.flow()


async def pocket(scene: Scene, page: Page, ends: float) -> None:
    """What a browser tells its page meanwhile."""
    while time.monotonic() < ends:
        away, back = scene.rng.choice((("hide", "show"), ("offline", "show")))
        page.orders(away)
        await asyncio.sleep(scene.rng.uniform(0, 1))
        page.orders(back)
        await asyncio.sleep(scene.rng.uniform(1, 3))


@fault("town")
async def frozen_tab(scene: Scene) -> None:
    """a tab frozen for two hours is caught up before what is typed into it is sent"""
    await scene.cast(pages=1, visitors=1)
    page = scene.pages[0]
    before = page.state["messages"][-1][0]
    page.freeze()
    scene.doors["vic0"].cut()
    agent = scene.agents[0]
    for _ in range(20):
        agent.say(scene.words(agent.history.who), page.ticket)
    await until(lambda: not agent.unsent)
    await asyncio.sleep(scene.span(60, 1))
    page.orders("jump", ms=7_200_000)
    text = scene.words(page.history.who)
    page.say(text)
    page.thaw()
    await scene.settles()
    asked = [one for one in page.asked if one["command"] == "send_message" and one["payload"]["text"] == text]
    scene.demand(bool(asked), "what was typed was never sent")
    scene.demand(bool(asked) and arrived_caught_up(page, text, before + 20), "sent before the tab was caught up")


def arrived_caught_up(page: Page, text: str, head: int) -> bool:
    """What was asked on the dead line never arrived; the last time counts."""
    last = [one for one in page.asked if one["payload"].get("text") == text][-1]
    return bool(last["last"] >= head)

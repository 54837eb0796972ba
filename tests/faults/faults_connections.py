"""Faults of the network between users and nodes: one-way stalls, resets, and an unstable mobile network."""

import asyncio
import time

from tests.faults.page import Page
from tests.faults.proxy import BOTH_DIRECTIONS, Direction, Proxy
from tests.faults.recovering_client import RecoveringClient
from tests.faults.scenario_run import ScenarioRun, wait_until
from tests.faults.scenarios import scenario


@scenario("cluster")
async def one_way_stalls(run: ScenarioRun) -> None:
    """one direction stalls for a while, then delivers everything"""
    await run.start_chats(pages=1, visitors=1)
    async with run.traffic():
        for direction in BOTH_DIRECTIONS:
            for proxy in run.user_proxies.values():
                proxy.stall(direction)
            await asyncio.sleep(run.duration(10, 1))
            for proxy in run.user_proxies.values():
                proxy.restore()
            await asyncio.sleep(run.duration(5, 0.5))
    await run.wait_for_convergence()


@scenario("cluster", full_only=True)
async def half_open_detected(run: ScenarioRun) -> None:
    """connections are half open for good, in each direction; clients detect it"""
    await run.start_chats(pages=1, visitors=1)
    for direction in BOTH_DIRECTIONS:
        slowest = 0.0
        async with run.traffic(per_s=2):
            detections = [time_to_detect(run, name, direction) for name in ("vic0", "zoe0", "Ada")]
            slowest = max(await asyncio.gather(*detections))
        await run.wait_for_convergence()
        run.measure(f"dead {direction}, detected after", f"{slowest:.0f} s", "<= 45 s", slowest <= 46)


async def time_to_detect(run: ScenarioRun, name: str, direction: Direction) -> float:
    """Seconds until a client detects that its connection is dead."""
    clients: list[Page | RecoveringClient] = [*run.pages, *run.socketio_clients]
    client = next(client for client in clients if client.history.name.startswith(name))
    # A client that still reconnects has no connection to break, though its screen may match the database already.
    await wait_until(lambda: is_connected(client) and run.user_proxies[name].connection_count > 0)
    began, before = time.monotonic(), client.disconnect_count
    run.user_proxies[name].stall_existing(direction)
    await wait_until(lambda: client.disconnect_count > before, timeout_s=100)
    return time.monotonic() - began


def is_connected(client: Page | RecoveringClient) -> bool:
    return bool(client.state.get("connected")) if isinstance(client, Page) else client.connected.is_set()


@scenario("cluster")
async def connections_reset(run: ScenarioRun) -> None:
    """every connection is reset or closed, again and again"""
    await run.start_chats(pages=1, visitors=1)
    async with run.traffic():
        for _ in range(int(run.duration(20, 4))):
            await asyncio.sleep(0.4)
            for proxy in run.user_proxies.values():
                run.rng.choice((proxy.reset, proxy.disconnect))()
    await run.wait_for_convergence()


@scenario("cluster")
async def flaky_mobile_network(run: ScenarioRun) -> None:
    """mobile networks that are slow, stalled, closed, reset, or offline in turn, each independently"""
    await run.start_chats(pages=2, visitors=1)
    end = time.monotonic() + run.duration(300, 5)
    async with run.traffic(per_s=4):
        networks = [unstable_network(run, run.user_proxies[name], end) for name in ("vic0", "vic1", "zoe0")]
        await asyncio.gather(*networks, *(background_page(run, page, end) for page in run.pages))
    await run.wait_for_convergence()


async def unstable_network(run: ScenarioRun, proxy: Proxy, end: float) -> None:
    """Changes one user's network at random."""
    rng = run.rng
    while time.monotonic() < end:
        match rng.choice(("delay", "stall", "refuse", "reset", "disconnect", "none")):
            case "delay":
                proxy.delay(0.2, 0.3)
            case "stall":
                proxy.stall(*rng.choice((("up",), ("down",), BOTH_DIRECTIONS)))
            case "refuse":
                proxy.refuse()
            case "reset":
                proxy.reset()
            case "disconnect":
                proxy.disconnect()
        await asyncio.sleep(rng.uniform(0.2, 1.5))
        proxy.restore()


async def background_page(run: ScenarioRun, page: Page, end: float) -> None:
    """Sends the page to the background or offline at random, as a browser does."""
    while time.monotonic() < end:
        leave, come_back = run.rng.choice((("hide", "show"), ("offline", "show")))
        page.execute(leave)
        await asyncio.sleep(run.rng.uniform(0, 1))
        page.execute(come_back)
        await asyncio.sleep(run.rng.uniform(1, 3))


@scenario("cluster")
async def frozen_tab(run: ScenarioRun) -> None:
    """a tab frozen for two hours catches up before it sends what its user types"""
    await run.start_chats(pages=1, visitors=1)
    page = run.pages[0]
    before = page.state["messages"][-1][0]
    page.freeze()
    run.user_proxies["vic0"].disconnect()
    agent = run.agents[0]
    for _ in range(20):
        agent.send(run.unique_text(agent.history.name), page.ticket)
    await wait_until(lambda: not agent.outbox)
    await asyncio.sleep(run.duration(60, 1))
    page.execute("jump", ms=7_200_000)
    text = run.unique_text(page.history.name)
    page.send(text)
    page.thaw()
    await run.wait_for_convergence()
    attempts = [
        request
        for request in page.requests
        if request["command"] == "send_message" and request["payload"]["text"] == text
    ]
    run.require(bool(attempts), "the typed text was never sent")
    run.require(
        bool(attempts) and sent_after_catch_up(page, text, before + 20),
        "sent before the tab had caught up",
    )


def sent_after_catch_up(page: Page, text: str, head: int) -> bool:
    """Whether the last attempt to send the text came after the catch-up; earlier ones used the dead connection."""
    last = [request for request in page.requests if request["payload"].get("text") == text][-1]
    return bool(last["last"] >= head)

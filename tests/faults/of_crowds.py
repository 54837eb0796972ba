"""Crowds: who never reads, who floods, and those who connect and say nothing."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.faults.book import fault
from tests.faults.children import Child
from tests.faults.scene import Scene, percentile, until

UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
).encode()
GOAL_MS = 50


async def others_wait(scene: Scene, seconds: float) -> None:
    """How long the others' acks take meanwhile."""
    for person in scene.people:
        person.waits_s.clear()
    await asyncio.sleep(seconds)
    p99 = percentile(scene.waits_ms, 0.99)
    scene.measure("the others' p99", f"{p99:.0f} ms of {len(scene.waits_ms)}", f"<= {GOAL_MS} ms", p99 <= GOAL_MS)


@asynccontextmanager
async def frames(node: Child) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket that speaks only the frames it is given."""
    address = f"http://127.0.0.1:{node.port}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as line:
        yield line


@fault("town")
async def flooder(scene: Scene) -> None:
    """one visitor sends as fast as the line takes it"""
    await scene.cast(pages=0, visitors=2)
    async with scene.chatter(per_s=10):
        flood = asyncio.create_task(flood_for(scene.place.nodes[0], scene.span(30, 3)))
        await others_wait(scene, scene.span(30, 3))
        sent = await flood
    scene.demand(sent > 200, f"only {sent} frames")
    await scene.settles()


async def flood_for(node: Child, seconds: float) -> int:
    """How many commands were sent; cut, it comes back."""
    ends, sent = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        with contextlib.suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + ends - time.monotonic()):
                async with frames(node) as line:
                    await line.send_str('40/visitor,{"site":"demo"}')
                    while not line.closed:
                        await line.send_str(f'42/visitor,{sent}["hello",{{}}]')
                        sent += 1
                        await asyncio.sleep(0)
    return sent


@fault("town")
async def never_reads(scene: Scene) -> None:
    """a tab whose line takes nothing any more while much is said to it"""
    await scene.cast(pages=0, visitors=2)
    node, agent, zoe = scene.place.nodes[0], scene.agents[0], scene.visitors[0]
    async with frames(node) as line:
        deaf: socket.socket = line.get_extra_info("socket")
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        await line.send_str("40/visitor," + json.dumps({"site": "demo", "token": zoe.token}))
        await line.send_str('42/visitor,0["hello",{}]')
        await asyncio.sleep(0.3)
        transport = line.get_extra_info("sslcontext", None) or line._conn.transport  # type: ignore[union-attr]  # noqa: SLF001 - it must stop reading
        transport.pause_reading()
        held, files = node.weight().memory_kb, node.weight().files
        for _ in range(int(scene.span(1500, 700))):
            agent.say(scene.words(agent.history.who) + " " + "é" * 3_900, zoe.ticket)
        await until(lambda: not agent.unsent, patience_s=120)
        await until_true_or(lambda: node.weight().files < files, scene.span(20, 3))
        scene.demand(node.weight().files < files, "never cut")
        kept = node.weight().memory_kb - held
        scene.measure("memory", f"{kept / 1024:.0f} MB more", "<= 16 MB", kept <= 16_384)
    await scene.settles()


async def until_true_or(true: object, patience_s: float) -> None:
    """Gives up without a word: the row tells."""
    assert callable(true)
    with contextlib.suppress(TimeoutError):
        await until(true, patience_s)


@fault("town")
async def silent_sockets(scene: Scene) -> None:
    """sockets that open and never say hello"""
    await scene.cast(pages=0, visitors=1)
    node = scene.place.nodes[0]
    files, count = node.weight().files, int(scene.span(2_000, 200))
    lines = [await silent(node) for _ in range(count)]
    began = time.monotonic()
    scene.demand(node.weight().files >= files + count, "they were not let in, and the net catches nothing")
    async with scene.chatter():
        await until_true_or(lambda: node.weight().files <= files + 4, 25)
    took, left = time.monotonic() - began, max(0, node.weight().files - files - 4)
    scene.measure("gone after", f"{took:.0f} s, {left} left", "<= 15 s", took <= 15.5)
    scene.demand(left == 0, f"{left} of {count} silent sockets are still there after {took:.0f} s")
    for line in lines:
        line.close()
    await scene.settles()


async def silent(node: Child) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    return writer

"""Crowds: who never reads, who floods, and those who connect and say nothing."""

import asyncio
import contextlib
import json
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable

from tests.faults.flood import UPGRADE, frame
from tests.faults.scenario_run import Scene, percentile, until
from tests.faults.scenarios import fault
from tests.faults.server_process import Child
from tooling.steps import ROOT

GOAL_MS = 50


@fault("town")
async def flooder(scene: Scene) -> None:
    """one visitor sends as fast as the line takes it"""
    await scene.cast(pages=0, visitors=2)
    seconds = scene.span(30, 3)
    command = (sys.executable, "-m", "tests.faults.flood", str(scene.place.nodes[0].port), str(seconds))
    async with scene.chatter(per_s=10):
        flood = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE)
        assert flood.stdout
        await flood.stdout.readline()  # until it begins, the machine is busy with starting it
        for person in scene.people:
            person.waits_s.clear()
        sent, _ = await flood.communicate()
        p99 = percentile(scene.waits_ms, 0.99)
    scene.measure("the others' p99", f"{p99:.0f} ms of {len(scene.waits_ms)}", f"<= {GOAL_MS} ms", p99 <= GOAL_MS)
    scene.demand(int(sent) > 1_000, f"the net catches nothing: only {int(sent)} commands sent")
    await scene.settles()


@fault("town")
async def never_reads(scene: Scene) -> None:
    """a tab whose line takes nothing any more while much is said to it"""
    await scene.cast(pages=0, visitors=2)
    node, agent, zoe = scene.place.nodes[0], scene.agents[0], scene.visitors[0]
    auth = json.dumps({"site": "demo", "token": zoe.token})
    deaf = await raw(node, frame(f"40/visitor,{auth}"), frame('42/visitor,0["hello",{}]'))
    await asyncio.sleep(0.5)
    before = node.weight()
    for _ in range(160):
        agent.say(scene.words(agent.history.who) + " " + "\N{GRINNING FACE}" * 3_900, zoe.ticket)
    while agent.unsent:
        scene.speaks(scene.visitors[1])
        await asyncio.sleep(0.2)
    p99 = percentile(sorted(1000 * wait for wait in scene.visitors[1].waits_s), 0.99)
    scene.measure("the others' p99", f"{p99:.0f} ms", f"<= {GOAL_MS} ms", p99 <= GOAL_MS)
    cut = await comes_true(lambda: node.weight().files < before.files, 60 if not scene.run.short else 3)
    kept = (node.weight().memory_kb - before.memory_kb) / 1024
    scene.demand(cut, f"never cut, {kept:.1f} MB kept")
    scene.measure("memory", f"{kept:.1f} MB more", "<= 8 MB", kept <= 8)
    deaf.close()
    await scene.settles()


@fault("town")
async def silent_sockets(scene: Scene) -> None:
    """sockets that open and never say hello"""
    await scene.cast(pages=0, visitors=1)
    node = scene.place.nodes[0]
    files, count = node.weight().files, int(scene.span(2_000, 200))
    lines = [line for _ in range(count // 50) for line in await asyncio.gather(*(raw(node) for _ in range(50)))]
    began = time.monotonic()
    # On a busy machine the first have been cut before the last are in.
    scene.demand(node.weight().files >= files + count // 4, "the net catches nothing: they were not let in")
    async with scene.chatter():
        gone = await comes_true(lambda: node.weight().files <= files + 4, 30)
    took, left = time.monotonic() - began, max(0, node.weight().files - files - 4)
    scene.measure("gone after", f"{took:.0f} s, {left} left", "<= 15 s", took <= 15.5)
    scene.demand(gone, f"{left} of {count} are still there after {took:.0f} s")
    for line in lines:
        line.close()
    await scene.settles()


async def comes_true(true: Callable[[], bool], patience_s: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await until(true, patience_s)
    return true()


async def raw(node: Child, *sends: bytes) -> asyncio.StreamWriter:
    """A WebSocket whose other end takes in next to nothing, for nobody reads it after the handshake."""
    end = socket.socket()
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    end.setblocking(False)
    await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", node.port))
    reader, writer = await asyncio.open_connection(sock=end, limit=1_024)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    writer.writelines(sends)
    return writer

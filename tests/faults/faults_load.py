"""Faults of load: a client that never reads, a flood of commands, and sockets that send nothing."""

import asyncio
import contextlib
import json
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable

from tests.faults.flood import UPGRADE, frame
from tests.faults.scenario_run import ScenarioRun, percentile, wait_until
from tests.faults.scenarios import scenario
from tests.faults.server_process import ServerProcess
from tooling.steps import ROOT

GOAL_MS = 50


@scenario("cluster")
async def command_flood(run: ScenarioRun) -> None:
    """one visitor sends commands as fast as the connection accepts them"""
    await run.start_chats(pages=0, visitors=2)
    seconds = run.duration(30, 3)
    command = (sys.executable, "-m", "tests.faults.flood", str(run.topology.nodes[0].port), str(seconds))
    async with run.traffic(per_s=10):
        flood = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE)
        assert flood.stdout
        await flood.stdout.readline()  # do not measure while the flood process starts
        for client in run.socketio_clients:
            client.ack_times_s.clear()
        sent, _ = await flood.communicate()
        p99 = percentile(run.ack_times_ms, 0.99)
    run.measure(
        "p99 of the other clients", f"{p99:.0f} ms of {len(run.ack_times_ms)}", f"<= {GOAL_MS} ms", p99 <= GOAL_MS
    )
    run.require(int(sent) > 1_000, f"the fault has no effect: only {int(sent)} commands sent")
    await run.wait_for_convergence()


@scenario("cluster")
async def slow_consumer(run: ScenarioRun) -> None:
    """a tab reads nothing any more while many messages are sent to it"""
    await run.start_chats(pages=0, visitors=2)
    node, agent, zoe = run.topology.nodes[0], run.agents[0], run.visitors[0]
    auth = json.dumps({"site": "demo", "token": zoe.token})
    stalled = await open_unread_websocket(node, frame(f"40/visitor,{auth}"), frame('42/visitor,0["hello",{}]'))
    await asyncio.sleep(0.5)
    before = node.resource_usage()
    for _ in range(160):
        agent.send(run.unique_text(agent.history.name) + " " + "\N{GRINNING FACE}" * 3_900, zoe.ticket)
    while agent.outbox:
        run.send_text(run.visitors[1])
        await asyncio.sleep(0.2)
    p99 = percentile(sorted(1000 * time_s for time_s in run.visitors[1].ack_times_s), 0.99)
    run.measure("p99 of the other clients", f"{p99:.0f} ms", f"<= {GOAL_MS} ms", p99 <= GOAL_MS)
    disconnected = await becomes_true(
        lambda: node.resource_usage().files < before.files, 60 if not run.config.short else 3
    )
    growth_mb = (node.resource_usage().memory_kb - before.memory_kb) / 1024
    run.require(disconnected, f"never disconnected, {growth_mb:.1f} MB more")
    run.measure("memory", f"{growth_mb:.1f} MB more", "<= 8 MB", growth_mb <= 8)
    stalled.close()
    await run.wait_for_convergence()


@scenario("cluster")
async def sockets_without_connect(run: ScenarioRun) -> None:
    """sockets that open and never send a CONNECT packet"""
    await run.start_chats(pages=0, visitors=1)
    node = run.topology.nodes[0]
    files, count = node.resource_usage().files, int(run.duration(2_000, 200))
    connections = [
        connection
        for _ in range(count // 50)
        for connection in await asyncio.gather(*(open_unread_websocket(node) for _ in range(50)))
    ]
    began = time.monotonic()
    # On a busy machine the node may close the first sockets before the last ones are open.
    run.require(
        node.resource_usage().files >= files + count // 4,
        "the fault has no effect: the node did not accept the sockets",
    )
    async with run.traffic():
        gone = await becomes_true(lambda: node.resource_usage().files <= files + 4, 30)
    took, left = time.monotonic() - began, max(0, node.resource_usage().files - files - 4)
    run.measure("closed after", f"{took:.0f} s, {left} left", "<= 15 s", took <= 15.5)
    run.require(gone, f"{left} of {count} sockets are still open after {took:.0f} s")
    for connection in connections:
        connection.close()
    await run.wait_for_convergence()


async def becomes_true(condition: Callable[[], bool], timeout_s: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await wait_until(condition, timeout_s)
    return condition()


async def open_unread_websocket(node: ServerProcess, *sends: bytes) -> asyncio.StreamWriter:
    """A WebSocket with a tiny receive buffer from which the client reads nothing after the handshake."""
    endpoint = socket.socket()
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    endpoint.setblocking(False)
    await asyncio.get_running_loop().sock_connect(endpoint, ("127.0.0.1", node.port))
    reader, writer = await asyncio.open_connection(sock=endpoint, limit=1_024)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    writer.writelines(sends)
    return writer

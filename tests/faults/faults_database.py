"""Faults of the database: hung, slow, locked, connections reset, disk full."""

import asyncio
import contextlib
import resource
import signal
import sqlite3
from contextlib import closing

import psycopg

from tests.faults.history import History, Received
from tests.faults.scenario_run import ScenarioRun, wait_until
from tests.faults.scenarios import scenario
from tests.faults.topologies import SingleProcess, send_signal

DATABASE_ERRORS = (
    r"refused: the server can't take them",
    r"OperationalError|LockNotAvailable|QueryCanceled|DeadlockDetected",
    r"store (can't|is out of)|Unavailable",
)


@scenario("cluster", expected=DATABASE_ERRORS)
async def postgres_hung(run: ScenarioRun) -> None:
    """every process of PostgreSQL hangs"""
    await run.start_chats(pages=1, visitors=1)
    async with run.traffic(per_s=4):
        frozen = run.cluster.freeze_postgres()
        try:
            await asyncio.sleep(run.duration(30, 3))
        finally:
            for pid in frozen:
                with contextlib.suppress(ProcessLookupError):
                    send_signal([pid], signal.SIGCONT)
        await asyncio.sleep(1)
    await run.wait_for_convergence()


@scenario("cluster", expected=DATABASE_ERRORS)
async def postgres_slow(run: ScenarioRun) -> None:
    """PostgreSQL answers late"""
    await run.start_chats(pages=1, visitors=1)
    async with run.traffic(per_s=5):
        for proxy in run.cluster.sql_proxies.values():
            proxy.delay(0.05, 0.15)
        await asyncio.sleep(run.duration(30, 3))
        for proxy in run.cluster.sql_proxies.values():
            proxy.restore()
    await run.wait_for_convergence()


@scenario("cluster", expected=DATABASE_ERRORS)
async def postgres_connections_reset(run: ScenarioRun) -> None:
    """every connection to PostgreSQL is reset, again and again"""
    await run.start_chats(pages=1, visitors=1)
    async with run.traffic():
        for _ in range(int(run.duration(20, 4))):
            await asyncio.sleep(0.5)
            for proxy in run.cluster.sql_proxies.values():
                proxy.reset()
    await run.wait_for_convergence()


@scenario("cluster", expected=DATABASE_ERRORS)
async def postgres_table_locked(run: ScenarioRun) -> None:
    """another session holds an exclusive lock on the messages table"""
    await run.start_chats(pages=1, visitors=1)
    address = run.cluster.database_url
    async with run.traffic(per_s=4):
        async with await psycopg.AsyncConnection.connect(address) as connection:
            await connection.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(run.duration(20, 2))
        await asyncio.sleep(0.5)
    await run.wait_for_convergence()


@scenario("single_process", expected=DATABASE_ERRORS)
async def sqlite_locked(run: ScenarioRun) -> None:
    """another process holds SQLite's write lock"""
    await run.start_chats(pages=1, visitors=1)
    assert isinstance(run.topology, SingleProcess)
    async with run.traffic(per_s=4):
        with closing(sqlite3.connect(run.topology.database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(run.duration(20, 3))
            connection.execute("ROLLBACK")
        await asyncio.sleep(0.5)
    await run.wait_for_convergence()


@scenario("single_process", expected=(*DATABASE_ERRORS, r"disk I/O error|database or disk is full"))
async def disk_full(run: ScenarioRun) -> None:
    """the server cannot write another byte to disk"""
    await run.start_chats(pages=1, visitors=1)
    pid, limit = run.topology.nodes[0].pid, resource.RLIMIT_FSIZE
    async with run.traffic(per_s=6):
        soft, hard = resource.prlimit(pid, limit, (4_096, resource.RLIM_INFINITY))
        try:
            await wait_until(lambda: any(received_unavailable(history) for history in run.histories))
            await asyncio.sleep(run.duration(30, 3))
        finally:
            resource.prlimit(pid, limit, (soft, hard))
    await run.wait_for_convergence()


def received_unavailable(history: History) -> bool:
    """Whether the server answered "unavailable" to this client, which shows that the fault works."""
    acks = (frame.payload for frame in history.entries_of(Received) if frame.kind.startswith("ack:"))
    return any(not ack["ok"] and ack["error"]["code"] == "unavailable" for ack in acks)

"""Faults of the database: stopped, slow, locked, its lines reset, its disk full."""

import asyncio
import contextlib
import resource
import signal
import sqlite3
from contextlib import closing

import psycopg

from tests.faults.history import Heard, History
from tests.faults.scenario_run import Scene, until
from tests.faults.scenarios import fault
from tests.faults.topologies import Shop, signalled

AWAY = (
    r"refused: the server can't take them",
    r"OperationalError|LockNotAvailable|QueryCanceled|DeadlockDetected",
    r"store (can't|is out of)|Unavailable",
)


@fault("town", expected=AWAY)
async def sql_stopped(scene: Scene) -> None:
    """PostgreSQL hangs as a whole"""
    await scene.cast(pages=1, visitors=1)
    async with scene.chatter(per_s=4):
        frozen = scene.town.freeze_sql()
        try:
            await asyncio.sleep(scene.span(30, 3))
        finally:
            for pid in frozen:
                with contextlib.suppress(ProcessLookupError):
                    signalled([pid], signal.SIGCONT)
        await asyncio.sleep(1)
    await scene.settles()


@fault("town", expected=AWAY)
async def sql_slow(scene: Scene) -> None:
    """PostgreSQL answers late"""
    await scene.cast(pages=1, visitors=1)
    async with scene.chatter(per_s=5):
        for line in scene.town.sql_lines.values():
            line.slow(0.05, 0.15)
        await asyncio.sleep(scene.span(30, 3))
        for line in scene.town.sql_lines.values():
            line.flow()
    await scene.settles()


@fault("town", expected=AWAY)
async def sql_lines_reset(scene: Scene) -> None:
    """every connection to PostgreSQL is reset, again and again"""
    await scene.cast(pages=1, visitors=1)
    async with scene.chatter():
        for _ in range(int(scene.span(20, 4))):
            await asyncio.sleep(0.5)
            for line in scene.town.sql_lines.values():
                line.reset()
    await scene.settles()


@fault("town", expected=AWAY)
async def sql_locked(scene: Scene) -> None:
    """somebody holds a lock on all messages"""
    await scene.cast(pages=1, visitors=1)
    address = scene.town.database_url
    async with scene.chatter(per_s=4):
        async with await psycopg.AsyncConnection.connect(address) as other:
            await other.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(scene.span(20, 2))
        await asyncio.sleep(0.5)
    await scene.settles()


@fault("shop", expected=AWAY)
async def sqlite_locked(scene: Scene) -> None:
    """another process holds SQLite's write lock"""
    await scene.cast(pages=1, visitors=1)
    assert isinstance(scene.place, Shop)
    async with scene.chatter(per_s=4):
        with closing(sqlite3.connect(scene.place.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(scene.span(20, 3))
            other.execute("ROLLBACK")
        await asyncio.sleep(0.5)
    await scene.settles()


@fault("shop", expected=(*AWAY, r"disk I/O error|database or disk is full"))
async def disk_full(scene: Scene) -> None:
    """not one byte more can be written"""
    await scene.cast(pages=1, visitors=1)
    pid, limit = scene.place.nodes[0].pid, resource.RLIMIT_FSIZE
    async with scene.chatter(per_s=6):
        soft, hard = resource.prlimit(pid, limit, (4_096, resource.RLIM_INFINITY))
        try:
            await until(lambda: any(was_unavailable(history) for history in scene.histories))
            await asyncio.sleep(scene.span(30, 3))
        finally:
            resource.prlimit(pid, limit, (soft, hard))
    await scene.settles()


def was_unavailable(history: History) -> bool:
    """The net catches: somebody was told to try again later."""
    acks = (heard.payload for heard in history.of(Heard) if heard.what.startswith("ack:"))
    return any(not ack["ok"] and ack["error"]["code"] == "unavailable" for ack in acks)

"""The periodic jobs of a node: they repeat after failures, and run early when woken."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from chat.jobs import Job, JobRunner
from chat.store.transaction import Unavailable


@asynccontextmanager
async def running(*jobs: Job) -> AsyncIterator[None]:
    runner = JobRunner(jobs)
    await runner.start()
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        await runner.close()


def counting(runs: asyncio.Queue[float], *errors: Exception) -> Callable[[], Awaitable[None]]:
    """A job that records when it ran, and raises these errors at its first runs."""
    remaining = list(errors)

    async def run() -> None:
        runs.put_nowait(asyncio.get_running_loop().time())
        if remaining:
            raise remaining.pop(0)

    return run


async def test_failed_job_is_logged_and_repeated(caplog: pytest.LogCaptureFixture) -> None:
    runs: asyncio.Queue[float] = asyncio.Queue()
    both = ExceptionGroup("parts", [ValueError("broken"), Unavailable("away")])
    async with running(Job(0.01, "count", counting(runs, ValueError("broken"), Unavailable("away"), both))):
        for _ in range(4):
            await runs.get()
    ours = [record for record in caplog.records if record.name == "chat.jobs"]
    assert [record.levelno for record in ours] == [logging.ERROR, logging.WARNING, logging.WARNING, logging.ERROR]
    assert all("'count'" in record.getMessage() for record in ours)


async def test_failed_job_does_not_stop_the_others() -> None:
    failing: asyncio.Queue[float] = asyncio.Queue()
    others: asyncio.Queue[float] = asyncio.Queue()
    async with running(Job(60, "fail", counting(failing, ValueError())), Job(0.01, "count", counting(others))):
        for _ in range(3):
            await others.get()
    assert failing.qsize() == 1


async def test_woken_job_runs_before_its_time() -> None:
    runs: asyncio.Queue[float] = asyncio.Queue()
    wake = asyncio.Event()
    async with running(Job(60, "count", counting(runs), wake)):
        await runs.get()
        wake.set()
        await runs.get()
        assert not wake.is_set()


async def test_job_without_a_period_runs_only_when_woken() -> None:
    runs: asyncio.Queue[float] = asyncio.Queue()
    wake = asyncio.Event()
    async with running(Job(None, "count", counting(runs), wake)):
        await asyncio.sleep(0.05)
        assert runs.empty()
        wake.set()
        await runs.get()


async def test_rush_of_wake_ups_makes_one_run() -> None:
    runs: asyncio.Queue[float] = asyncio.Queue()
    wake = asyncio.Event()
    async with running(Job(None, "count", counting(runs), wake, delay_s=0.2)):
        for _ in range(5):
            wake.set()
            await asyncio.sleep(0.01)
        await runs.get()
        await asyncio.sleep(0.3)
    assert runs.empty()

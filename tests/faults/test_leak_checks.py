"""The checks of I8 find what stays behind: open files and a key in Redis, a task, memory and threads."""

import asyncio
from contextvars import Context
from pathlib import Path

import pytest

from tests.faults import runner
from tests.faults.page import build_page_script
from tests.faults.scenario_run import MAX_FILE_GROWTH, RunConfig, ScenarioRun, wait_until
from tests.faults.server_process import ResourceUsage
from tests.faults.topologies import Cluster, is_client_task


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return RunConfig(short=False, folder=tmp_path, script=build_page_script(tmp_path), print_progress=lambda _: None)


async def test_open_connections_and_redis_keys_are_found(config: RunConfig) -> None:
    async with runner.open_topology("cluster", config) as topology:
        assert isinstance(topology, Cluster)
        before, keys = runner.resource_usages(topology), set(await topology.keys_without_ttl())
        run = ScenarioRun("leaking", 1, config, topology)
        port = topology.nodes[0].port
        writers = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(2 * MAX_FILE_GROWTH)]
        async with topology.redis() as redis:
            await redis.set("left", "behind")
        await wait_until(lambda: bool(runner.excess_growth(before, runner.resource_usages(topology))))
        await runner.check_for_leaks(run, before, keys, within_s=0.1)
        for writer in writers:
            writer.close()
        found = [violation.detail for violation in run.violations if violation.invariant == "I8"]
        assert any(detail.startswith("one has") and detail.endswith("more files") for detail in found), found
        assert "Redis keeps ['left']" in found
        run.violations.clear()
        await runner.check_for_leaks(run, before, keys | {"left"})
        assert run.violations == []


async def test_task_that_stays_is_found(config: RunConfig) -> None:
    is_client_task.set(True)
    async with runner.open_topology("in_process", config) as topology:
        run, tasks = ScenarioRun("leaking", 1, config, topology), topology.task_count()
        left = [Context().run(asyncio.create_task, asyncio.sleep(60)) for _ in range(20)]
        await runner.check_for_task_leaks(run, tasks, within_s=0.1)
        assert [violation.invariant for violation in run.violations] == ["I8"]
        for task in left:
            task.cancel()
        run.violations.clear()
        await runner.check_for_task_leaks(run, tasks)
        assert run.violations == []


def test_growth_of_each_resource_beyond_its_allowance_is_found() -> None:
    before = ResourceUsage(100_000, 50, 10)
    assert runner.excess_growth({"one": before}, {"one": ResourceUsage(148_000, 74, 34)}) == []
    grown = runner.excess_growth({"one": before}, {"one": ResourceUsage(148_001, 75, 35)})
    assert grown == ["one has 48001 more memory_kb", "one has 25 more files", "one has 25 more threads"]

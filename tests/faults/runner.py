"""Runs scenarios with their seeds on their topologies, two topologies at a time, and makes a result row for each."""

import asyncio
import contextlib
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests import services
from tests.faults.checker import Violation
from tests.faults.scenario_run import MAX_FILE_GROWTH, MAX_MEMORY_GROWTH_KB, Row, RunConfig, ScenarioRun, wait_until
from tests.faults.scenarios import Scenario, TopologyName
from tests.faults.server_process import ResourceUsage
from tests.faults.topologies import Cluster, InProcess, SingleProcess, is_client_task
from tests.faults.topology import Topology

QUICK_SEEDS = 10
SCENARIO_TIMEOUT_S = 1_200
MAX_TASK_GROWTH = 3  # a periodic check may be running
LEAK_LIMIT_S = 30.0


def is_selected(scenario: Scenario, only: Sequence[str], short: bool) -> bool:
    return scenario.name in only if only else not (short and scenario.full_only)


async def run_scenarios(scenarios: Sequence[Scenario], config: RunConfig, seed: int, seeds: int | None) -> list[Row]:
    """The rows in the order of `scenarios`. Two groups run at once, because scenarios mostly wait."""
    groups = (("cluster",), ("single_process", "in_process"))
    runs = [
        run_group([scenario for scenario in scenarios if scenario.topology in group], config, seed, seeds)
        for group in groups
    ]
    rows = {name: found for group in await asyncio.gather(*runs) for name, found in group.items()}
    return [row for scenario in scenarios for row in rows[scenario.name]]


async def run_group(
    scenarios: Sequence[Scenario], config: RunConfig, seed: int, seeds: int | None
) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    is_client_task.set(True)
    for name in dict.fromkeys(scenario.topology for scenario in scenarios):
        async with open_topology(name, config) as topology:
            for scenario in (scenario for scenario in scenarios if scenario.topology == name):
                began = time.monotonic()
                count = seeds or (QUICK_SEEDS if scenario.quick else 1)
                rows[scenario.name] = await run_seeds(scenario, config, topology, range(seed, seed + count))
                config.print_progress(f"  {scenario.name}: {time.monotonic() - began:.0f} s")
    return rows


@asynccontextmanager
async def open_topology(name: TopologyName, config: RunConfig) -> AsyncIterator[Topology]:
    folder = config.folder / name
    folder.mkdir(mode=0o700)
    with contextlib.ExitStack() as stack:
        topology: Topology = SingleProcess(folder) if name == "single_process" else InProcess(folder)
        if name == "cluster":
            server = stack.enter_context(services.postgres())
            topology = Cluster(folder, server, stack.enter_context(server.database()))
        try:
            await topology.open()
            yield topology
        finally:
            await topology.close()


async def run_seeds(scenario: Scenario, config: RunConfig, topology: Topology, seeds: Sequence[int]) -> list[Row]:
    """One row for the invariants over all seeds, and the rows that the runs measured."""
    measured: dict[str, Row] = {}
    violations: list[tuple[int, Violation]] = []
    sent = acked = 0
    for seed in seeds:
        run = await run_once(scenario, config, topology, seed)
        violations += [(seed, violation) for violation in run.violations]
        sent, acked = sent + run.text_count, acked + run.acked_count()
        for row in run.rows:  # the first failing row of all seeds, if there is one
            if row.what not in measured or measured[row.what].ok:
                measured[row.what] = row
    for seed, violation in violations[:12]:
        config.print_progress(f"    {scenario.name} --seed {seed}: {violation.invariant}: {violation.detail}")
    value = f"all hold, {sent} sent, {acked} acked, {len(seeds)} seeds"
    if violations:
        names = sorted({violation.invariant for _, violation in violations})
        value = f"{', '.join(names)} violated, --seed {violations[0][0]}: {violations[0][1].detail[:100]}"
    return [Row(f"{scenario.name}: {scenario.summary}", value, "I1 to I8", not violations), *measured.values()]


async def run_once(scenario: Scenario, config: RunConfig, topology: Topology, seed: int) -> ScenarioRun:
    """One scenario with one seed on a repaired topology. An exception becomes a violation."""
    run = ScenarioRun(scenario.name, seed, config, topology, scenario.expected)
    await topology.repair()
    before, keys, tasks = resource_usages(topology), set(await topology.keys_without_ttl()), topology.task_count()
    try:
        async with asyncio.timeout(SCENARIO_TIMEOUT_S):
            await scenario.function(run)
            await run.check_invariants()
    except Exception as error:  # noqa: BLE001 - the next scenario runs whatever happened
        run.add_violation("exception", f"{type(error).__name__} {error} in {traceback.format_exc(limit=-3)}")
        with contextlib.suppress(Exception):
            await run.check_invariants()
    await run.end_chats_and_stop_clients()
    run.check_logs()
    await topology.repair()
    await check_for_leaks(run, before, keys)
    if not config.short:
        await check_for_task_leaks(run, tasks)
    return run


def resource_usages(topology: Topology) -> dict[str, ResourceUsage]:
    return {process.name: process.resource_usage() for process in topology.processes}


async def check_for_leaks(
    run: ScenarioRun, before: dict[str, ResourceUsage], keys: set[str], within_s: float = LEAK_LIMIT_S
) -> None:
    """I8: memory, files and threads return to their values from before, and no new Redis key is without expiry."""
    with contextlib.suppress(TimeoutError):
        await wait_until(lambda: not excess_growth(before, resource_usages(run.topology)), timeout_s=within_s)
    for what in excess_growth(before, resource_usages(run.topology)):
        run.add_violation("I8", what)
    left = set(await run.topology.keys_without_ttl()) - keys
    if left:
        run.add_violation("I8", f"Redis keeps {sorted(left)[:5]}")


async def check_for_task_leaks(run: ScenarioRun, tasks: int, within_s: float = LEAK_LIMIT_S) -> None:
    """I8: the node has no more tasks than before. One may sleep until its next ping is due."""
    with contextlib.suppress(TimeoutError):
        await wait_until(lambda: run.topology.task_count() <= tasks + MAX_TASK_GROWTH, timeout_s=within_s)
    if run.topology.task_count() > tasks + MAX_TASK_GROWTH:
        run.add_violation("I8", f"{run.topology.task_count() - tasks} more tasks")


def excess_growth(before: dict[str, ResourceUsage], now: dict[str, ResourceUsage]) -> list[str]:
    """Growth beyond what connection pools and caches may use."""
    allowed = ResourceUsage(MAX_MEMORY_GROWTH_KB, MAX_FILE_GROWTH, MAX_FILE_GROWTH)
    return [
        f"{name} has {have - had} more {what}"
        for name in before
        for what, had, have, more in zip(ResourceUsage._fields, before[name], now[name], allowed, strict=True)
        if have - had > more
    ]

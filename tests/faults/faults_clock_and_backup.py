"""Clock changes (an hour forward and back, daylight saving) and a restored backup."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.history import CaughtUp, Screen
from tests.faults.scenario_run import ScenarioRun, wait_until
from tests.faults.scenarios import scenario
from tests.faults.topologies import InProcess, SingleProcess

# Both are in the past, so that a session that begins today has not expired by then.
SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)


async def run_with_clock_changes(run: ScenarioRun, *moments: datetime) -> None:
    """Send traffic while the server's clock is set to one moment after the other."""
    await run.start_chats(pages=1, visitors=1, agents=2)
    assert isinstance(run.topology, InProcess)
    async with run.traffic():
        for moment in moments:
            await asyncio.sleep(run.duration(5, 0.7))
            run.topology.clock.turn_to(moment)
        await asyncio.sleep(run.duration(5, 0.7))
    run.topology.clock.turn_to(datetime.now(UTC))
    await run.wait_for_convergence()


@scenario("in_process")
async def clock_jumps(run: ScenarioRun) -> None:
    """the clock jumps one hour forward, and back"""
    now = datetime.now(UTC)
    await run_with_clock_changes(run, now + timedelta(hours=1), now, now - timedelta(hours=1), now)


@scenario("in_process")
async def daylight_saving_changes(run: ScenarioRun) -> None:
    """daylight saving time begins and ends"""
    just_before = [moment - timedelta(seconds=1) for moment in (AUTUMN, SPRING)]
    await run_with_clock_changes(run, *just_before)


@scenario("single_process")
async def backup_restored(run: ScenarioRun) -> None:
    """a backup is restored: clients that saw newer messages restart, and never show an empty chat"""
    await run.start_chats(pages=1, visitors=1)
    serve = run.topology.nodes[0]
    assert isinstance(run.topology, SingleProcess)
    for _ in range(4):
        run.send_from_random_client()
    await run.wait_for_convergence()
    await serve.stop()
    backup = run.config.folder / f"backup-{run.seed}"
    copy_database(run.topology.folder, backup)
    await run.topology.start(serve)
    async with run.traffic(per_s=20):
        await asyncio.sleep(2)
    await run.wait_for_convergence()
    await serve.stop()
    copy_database(backup, run.topology.folder)
    for history in run.histories:  # the restore loses what was acknowledged since the backup, which is expected
        history.entries.clear()
    await run.topology.start(serve)
    await wait_until(lambda: all(any(history.entries_of(Screen)) for history in run.histories))
    await run.wait_for_convergence()
    for visitor in run.visitors:
        restarted = any(catch_up.restart for catch_up in visitor.history.entries_of(CaughtUp))
        run.require(restarted, f"{visitor.history.name} did not get a restart")
    for history in run.histories:
        empty = [screen for screen in history.entries_of(Screen) if not screen.messages]
        run.require(not empty, f"{history.name} showed an empty chat")


def copy_database(source: Path, target: Path) -> None:
    """Copy only the database files, as a backup contains them."""
    target.mkdir(exist_ok=True)
    for path in target.glob("guichet.db*"):
        path.unlink()
    for path in source.glob("guichet.db*"):
        shutil.copy2(path, target / path.name)

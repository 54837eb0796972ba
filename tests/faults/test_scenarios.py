"""The whole program in short: a scenario without violations, and one that deletes a message from the database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import runner
from tests.faults.faults_clock_and_backup import clock_jumps
from tests.faults.page import build_page_script
from tests.faults.scenario_run import RunConfig, ScenarioRun
from tests.faults.scenarios import SCENARIOS, Scenario


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return RunConfig(short=True, folder=tmp_path, script=build_page_script(tmp_path), print_progress=lambda _: None)


async def message_deleted(run: ScenarioRun) -> None:
    """Delete a message that was acknowledged and shown."""
    await run.start_chats(pages=1, visitors=1)
    await run.wait_for_convergence()
    with closing(sqlite3.connect(run.topology.folder / "guichet.db")) as connection:
        connection.execute("DELETE FROM messages WHERE text LIKE 'vic0%'")
        connection.commit()


async def test_run_without_fault_passes_and_lost_message_is_detected(config: RunConfig) -> None:
    correct = SCENARIOS[clock_jumps.__name__]
    lossy = Scenario(
        "message_deleted",
        "a message is deleted",
        "in_process",
        message_deleted,
        quick=False,
        expected=(),
        full_only=False,
    )
    passed, *_, violated, convergence = await runner.run_scenarios([correct, lossy], config, seed=1, seeds=1)
    assert passed.ok, passed
    assert not violated.ok
    assert violated.value.startswith("I1, I4, I6 violated")
    assert convergence.ok

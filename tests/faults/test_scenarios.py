"""The whole of it, once in a hurry: a scene in which nothing breaks, and one whose database is robbed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import runner
from tests.faults.faults_clock_and_backup import clock_jumps
from tests.faults.page import bundled
from tests.faults.scenario_run import Run, Scene
from tests.faults.scenarios import BOOK, Fault


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(short=True, folder=tmp_path, script=bundled(tmp_path), say=lambda _: None)


async def robbed(scene: Scene) -> None:
    """A message that was acknowledged and shown is taken out of the database."""
    await scene.cast(pages=1, visitors=1)
    await scene.settles()
    with closing(sqlite3.connect(scene.place.folder / "guichet.db")) as thief:
        thief.execute("DELETE FROM messages WHERE text LIKE 'vic0%'")
        thief.commit()


async def test_a_scene_in_which_all_holds_and_one_in_which_a_word_is_lost(run: Run) -> None:
    fine = BOOK[clock_jumps.__name__]
    lost = Fault("robbed", "a thief", "hall", robbed, quick=False, expected=(), full_only=False)
    held, *_, broken, settled = await runner.played([fine, lost], run, seed=1, seeds=1)
    assert held.ok, held
    assert not broken.ok
    assert broken.value.startswith("I1, I4, I6 broken")
    assert settled.ok

"""kill -9 around a COMMIT: what was acknowledged is there, and what its sender repeats stands once."""

import os
import signal
import subprocess
import sys

import pytest

from chat.store.engines import Database
from tests.store.killable_process import LINES, dictate
from tests.store.toy_schema import notebook, written


@pytest.fixture
def database(url: str) -> Database:
    """With an empty notebook in it."""
    database = Database(url)
    with database.writes.begin() as sql:
        notebook.create_all(sql)
    database.close()
    return database


def dictate_until(failpoint: str, url: str) -> list[str]:
    """What a process acknowledged before it died."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.store.killable_process", url],
        env=os.environ | {"GUICHET_FAILPOINT": failpoint},
        stdout=subprocess.PIPE,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    return child.stdout.decode().split()


def lines_in(database: Database) -> list[str]:
    with database.writes.begin() as sql:
        found = written(sql)
    database.close()
    return found


@pytest.mark.parametrize(
    ("failpoint", "acknowledged", "there"),
    [("committed", 0, 1), ("committed:3", 2, 3), ("committed:4", 3, 4), ("before_commit:3", 2, 2)],
)
async def test_killed_around_a_commit(
    url: str, database: Database, failpoint: str, acknowledged: int, there: int
) -> None:
    assert dictate_until(failpoint, url) == list(LINES[:acknowledged])
    assert lines_in(database) == list(LINES[:there])
    await dictate(url)
    assert lines_in(database) == list(LINES)

"""kill -9 around a COMMIT: acknowledged entries are stored, and repeated ones are stored once."""

import os
import signal
import subprocess
import sys

import pytest

from chat.store.engines import Database
from tests.store.killable_process import TEXTS, add_texts
from tests.store.toy_schema import entry_texts, toy_metadata


@pytest.fixture
def database(url: str) -> Database:
    """With an empty toy schema."""
    database = Database(url)
    with database.writes.begin() as sql:
        toy_metadata.create_all(sql)
    database.close()
    return database


def add_texts_until(failpoint: str, url: str) -> list[str]:
    """The texts that a process acknowledged before it was killed."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.store.killable_process", url],
        env=os.environ | {"GUICHET_FAILPOINT": failpoint},
        stdout=subprocess.PIPE,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    return child.stdout.decode().split()


def texts_in(database: Database) -> list[str]:
    with database.writes.begin() as sql:
        found = entry_texts(sql)
    database.close()
    return found


@pytest.mark.parametrize(
    ("failpoint", "acknowledged", "there"),
    [("committed", 0, 1), ("committed:3", 2, 3), ("committed:4", 3, 4), ("before_commit:3", 2, 2)],
)
async def test_killed_around_a_commit(
    url: str, database: Database, failpoint: str, acknowledged: int, there: int
) -> None:
    assert add_texts_until(failpoint, url) == list(TEXTS[:acknowledged])
    assert texts_in(database) == list(TEXTS[:there])
    await add_texts(url)
    assert texts_in(database) == list(TEXTS)

"""The services of the tests: each test gets its own database, and no server outlives the test process."""

import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
from playwright.async_api import Browser
from redis.asyncio import Redis

from tests.services import Postgres
from tooling.steps import ROOT

KILLED_WHILE_SERVING = """
import os, signal
from tests import services
with services.postgres() as server:
    print(server.folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def create_seats(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE seats (name text)")


def test_each_clone_of_a_database_is_separate(postgres: Postgres) -> None:
    with postgres.database(create_seats) as ours, psycopg.connect(ours) as connection:
        connection.execute("INSERT INTO seats VALUES ('Ada')")
        connection.commit()
        with postgres.database(create_seats) as theirs, psycopg.connect(theirs) as other:
            assert connection.execute("SELECT name FROM seats").fetchall() == [("Ada",)]
            assert other.execute("SELECT name FROM seats").fetchall() == []


def test_postgresql_is_version_18_and_durable(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url()) as connection:
        assert connection.info.server_version >= 180000
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


async def test_a_valkey_answers(valkey: str) -> None:
    async with Redis.from_url(valkey) as client:
        assert await client.set("ada", "here")
        assert await client.get("ada") == b"here"


async def test_a_page_opens_in_chromium(chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.set_content("<h1>Bonjour</h1>")
    assert await page.inner_text("h1") == "Bonjour"


if sys.platform == "linux":

    def test_postgresql_ends_with_a_test_process_that_is_killed() -> None:
        command = (sys.executable, "-c", KILLED_WHILE_SERVING)
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        folder = Path(done.stdout.strip())
        assert has_ended(int((folder / "data/postmaster.pid").read_text().split()[0]))
        shutil.rmtree(folder)

    def has_ended(pid: int) -> bool:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        with os.fdopen(handle) as process:
            return bool(select.select([process], [], [], 20)[0])

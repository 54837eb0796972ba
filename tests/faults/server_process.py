"""Servers as child processes: start, kill, stop, measure, and record every line of their output."""

import asyncio
import json
import re
import signal
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.services import SET_PARENT_DEATH_SIGNAL
from tooling.steps import ROOT

START_TIMEOUT_S = 60
PORT = re.compile(r"http://[^:/]+:(\d+)")
READY_PREFIXES = ("Console", "Listening", "Working")
ERROR_LEVELS = ("error", "critical")


class ResourceUsage(NamedTuple):
    """Resources of a process."""

    memory_kb: int
    files: int
    threads: int


class ServerProcess:
    """`python -m chat` with `arguments`. It can be started again after it ended."""

    def __init__(self, name: str, arguments: tuple[str, ...], environ: Mapping[str, str]) -> None:
        self.name, self.port = name, 0
        self.log: list[str] = []
        self.environ = dict(environ)
        self._arguments = arguments
        self._process: Process | None = None
        self._log_reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, **variables: str) -> None:
        """Returns when the process accepts work; `variables` apply to this start only."""
        self._ready.clear()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "chat", *self._arguments),
            cwd=ROOT,
            env=self.environ | variables,
            stdout=PIPE,
            stderr=STDOUT,
            limit=1_000_000,
            preexec_fn=SET_PARENT_DEATH_SIGNAL,
        )
        self._log_reader = asyncio.create_task(self._read_log(self._process))
        async with asyncio.timeout(START_TIMEOUT_S):
            await self._ready.wait()
        assert self.is_running, "\n".join([f"{self.name} did not start:", *self.log[-20:]])

    async def _read_log(self, process: Process) -> None:
        assert process.stdout is not None
        async for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip()
            self.log.append(line)
            if line.startswith(READY_PREFIXES):
                found = PORT.search(line)
                self.port = int(found[1]) if found else 0
                self._ready.set()
        self._ready.set()

    async def kill(self) -> None:
        if self.is_running:
            assert self._process is not None
            self._process.kill()
        await self.wait()

    async def stop(self) -> float:
        """Send SIGTERM and return how many seconds the process took to end."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        await self.wait()
        return time.monotonic() - began

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def wait(self) -> int:
        assert self._process is not None and self._log_reader is not None
        await self._log_reader
        return await self._process.wait()

    def resource_usage(self) -> ResourceUsage:
        """Memory, open files and threads, from /proc."""
        proc = Path(f"/proc/{self.pid}")
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        files = sum(1 for _ in (proc / "fd").iterdir())
        return ResourceUsage(int(status["VmRSS"].split()[0]), files, int(status["Threads"]))


def unexpected_errors(log: Iterable[str], expected: Iterable[str]) -> list[str]:
    """I7: the log entries that are an error or a traceback and match no expected pattern."""
    explained = [re.compile(pattern) for pattern in expected]
    return [entry for entry in log if is_error(entry) and not any(pattern.search(entry) for pattern in explained)]


def is_error(line: str) -> bool:
    if line.startswith(READY_PREFIXES) or line.startswith(("Shop", "Owner")) or not line:
        return False
    try:
        entry = json.loads(line)
    except ValueError:
        return True  # log entries are JSON, so this is output of the interpreter itself
    return entry.get("level") in ERROR_LEVELS or "Traceback" in line

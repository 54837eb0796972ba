"""Servers as child processes: started, killed, told to go, weighed, and every line of their logs kept."""

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

from tests.services import END_WITH_PARENT
from tooling.steps import ROOT

PATIENCE_S = 60
PORT = re.compile(r"http://[^:/]+:(\d+)")
READY = ("Console", "Listening", "Working")
BAD = ("error", "critical")


class Weight(NamedTuple):
    """What a process holds."""

    memory_kb: int
    files: int
    threads: int


class Child:
    """`python -m chat` with these words. It may be started again after it has ended."""

    def __init__(self, name: str, words: tuple[str, ...], environ: Mapping[str, str]) -> None:
        self.name, self.port = name, 0
        self.lines: list[str] = []
        self.environ = dict(environ)
        self._words = words
        self._process: Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, **variables: str) -> None:
        """Returns when it is ready; `variables` are for this life only."""
        self._ready.clear()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "chat", *self._words),
            cwd=ROOT,
            env=self.environ | variables,
            stdout=PIPE,
            stderr=STDOUT,
            limit=1_000_000,
            preexec_fn=END_WITH_PARENT,
        )
        self._listening = asyncio.create_task(self._listen(self._process))
        async with asyncio.timeout(PATIENCE_S):
            await self._ready.wait()
        assert self.runs, "\n".join([f"{self.name} did not start:", *self.lines[-20:]])

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        async for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip()
            self.lines.append(line)
            if line.startswith(READY):
                found = PORT.search(line)
                self.port = int(found[1]) if found else 0
                self._ready.set()
        self._ready.set()

    async def kill(self) -> None:
        if self.runs:
            assert self._process is not None
            self._process.kill()
        await self.ended()

    async def stop(self) -> float:
        """Told to go; how many seconds that took."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        await self.ended()
        return time.monotonic() - began

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self) -> int:
        assert self._process is not None and self._listening is not None
        await self._listening
        return await self._process.wait()

    def weight(self) -> Weight:
        """As the kernel counts it."""
        proc = Path(f"/proc/{self.pid}")
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        files = sum(1 for _ in (proc / "fd").iterdir())
        return Weight(int(status["VmRSS"].split()[0]), files, int(status["Threads"]))


def unexpected(lines: Iterable[str], expected: Iterable[str]) -> list[str]:
    """I7: the lines that are an error or a traceback and that this fault does not explain."""
    explained = [re.compile(words) for words in expected]
    return [line for line in lines if is_bad(line) and not any(words.search(line) for words in explained)]


def is_bad(line: str) -> bool:
    if line.startswith(READY) or line.startswith(("Shop", "Owner")) or not line:
        return False
    try:
        told = json.loads(line)
    except ValueError:
        return True  # a log line is JSON; what is not fell out of the interpreter
    return told.get("level") in BAD or "Traceback" in line

"""Servers as child processes: started on their core, ready when they say so, ended by us and with us."""

import contextlib
import os
import re
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.machine import SERVERS, child_on
from bench.rows import NotReached
from tooling.steps import ROOT

PATIENCE_S = 60
ADDRESS = re.compile(r"http://[^:\s]+:(\d+)")
PLAIN = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}


class Child:
    """A server that is up; `port` is what it named, 0 when it named none."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.port = 0

    @property
    def pid(self) -> int:
        return self.process.pid

    def end(self) -> None:
        """As an operator does it; killed when that does not help."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def child(
    command: Sequence[str], variables: Mapping[str, str], *, log: Path, ready: str, core: int = SERVERS
) -> Iterator[Child]:
    """A program that has printed a line with `ready` in it. Its errors go to `log`. Raises NotReached."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**PLAIN, **variables},
            stdout=subprocess.PIPE,
            stderr=errors,
            preexec_fn=child_on(core),
        )
    started = Child(process)
    try:
        try:
            line = line_with(process, ready)
        except NotReached as why:
            raise NotReached(f"{why}: {' '.join(command[-3:])}: {log.read_text()[-300:].strip()}") from None
        found = ADDRESS.search(line)
        started.port = int(found[1]) if found else 0
        yield started
    finally:
        started.end()


def line_with(process: "subprocess.Popen[bytes]", words: str) -> str:
    """The first line that has these words. What comes later stays in the pipe, and it is little."""
    assert process.stdout is not None
    limit, said = time.monotonic() + PATIENCE_S, b""
    # Not by readline: it would take more lines into its buffer than it returns, and select not see them there.
    while select.select([process.stdout], [], [], max(0, limit - time.monotonic()))[0]:
        more = os.read(process.stdout.fileno(), 4096)
        said += more
        whole = said.rpartition(b"\n")[0].decode().splitlines()
        if found := next((line for line in whole if words in line), None):
            return found
        if not more:
            raise NotReached(f"a server ended with {process.wait()} before it was ready")
    raise NotReached(f"a server was not ready within {PATIENCE_S} s")

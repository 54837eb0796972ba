"""The load generator: how to build it, run it and read its result."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rows import MeasurementFailed
from tooling.steps import ROOT, StepFailed, digest, run_once

SOURCES, BUILD = ROOT / "bench/generator", ROOT / "bench/build"
BINARY = BUILD / "generator"
# More than the sum of the generator's own time limits.
RUN_LIMIT_S = 480

# The generator's JSON object, and as `log` what it wrote to standard error.
LoadResult = dict[str, Any]


@dataclass(frozen=True)
class SimulatedClient:
    """One connection of the generator. `target` and `agent` are indexes of a server and of an agent."""

    target: int
    auth: str
    agent: int = 0
    cookie: str = ""
    ticket: str = ""

    def as_row(self, role: str) -> str:
        """One line of the clients file; generator/main.c names its fields."""
        return "\t".join((role, str(self.target), str(self.agent), self.auth, self.cookie, self.ticket)) + "\n"


@dataclass(frozen=True)
class Deployment:
    """Running servers and the file of the clients that will connect to them.

    `other_pids` are the worker and other processes whose CPU time is counted apart. `count_stored` counts the
    generator's messages in the database; it returns 0 for Node, which has none."""

    ports: Sequence[int]
    server_pids: Sequence[int]
    clients_file: Path
    other_pids: Sequence[int] = ()
    count_stored: Callable[[], int] = int

    def run_load(self, subcommand: str, *options: str) -> LoadResult:
        """Run the generator to its end. Raises MeasurementFailed."""
        with self.start_load(subcommand, *options) as process:
            return read_result(process)

    def start_load(self, subcommand: str, *options: str) -> "subprocess.Popen[str]":
        """Start the generator; pass the process to `read_result`."""
        addresses = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        pids = ("-p", comma_separated(self.server_pids), "-q", comma_separated(self.other_pids))
        command = (str(BINARY), subcommand, "-f", str(self.clients_file), "-t", addresses, *pids, *options)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def comma_separated(pids: Iterable[int]) -> str:
    return ",".join(map(str, pids))


def read_result(process: "subprocess.Popen[str]") -> LoadResult:
    """Wait for the generator's end and parse its result. Raises MeasurementFailed."""
    try:
        output, errors = process.communicate(timeout=RUN_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise MeasurementFailed(f"the generator did not end within {RUN_LIMIT_S} s") from None
    log = "; ".join(dict.fromkeys(row.removeprefix("generator: ") for row in errors.splitlines()))
    if process.returncode:
        raise MeasurementFailed(log or f"the generator ended with {process.returncode}")
    result: LoadResult = json.loads(output)
    return result | {"log": log}


def write_clients(path: Path, agents: Iterable[SimulatedClient], visitors: Iterable[SimulatedClient]) -> Path:
    """Write the clients file of the generator."""
    path.write_text("".join([*(one.as_row("a") for one in agents), *(one.as_row("v") for one in visitors)]))
    return path


def ensure_built() -> None:
    """Build the generator when it is missing or its sources have changed. Raises Failed without a C compiler."""
    BUILD.mkdir(exist_ok=True)
    if not BINARY.exists():
        (BUILD / ".generator.done").unlink(missing_ok=True)
    run_once(BUILD / ".generator.done", digest("bench/generator"), "building the load generator", build)


def build() -> None:
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise StepFailed("the load generator is written in C and needs a compiler: install gcc or clang")
    sources, new_binary = map(str, sorted(SOURCES.glob("*.c"))), BINARY.with_suffix(".new")
    subprocess.run((compiler, "-O2", "-o", str(new_binary), *sources, "-lm"), check=True)
    new_binary.replace(BINARY)  # a process that runs the old binary keeps it

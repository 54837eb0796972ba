"""The load generator: built when its sources have changed, and run."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rows import NotReached
from tooling.steps import ROOT, Failed, digest, once

SOURCES, BUILD = ROOT / "bench/generator", ROOT / "bench/build"
PROGRAM = BUILD / "generator"
# Longer than all that it does together may take by its own limits.
PATIENCE_S = 480

Told = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A connection: of the server number `target`, with what it shows there."""

    target: int
    auth: str
    agent: int = 0
    cookie: str = ""
    ticket: str = ""

    def line(self, role: str) -> str:
        """As the generator reads it."""
        return "\t".join((role, str(self.target), str(self.agent), self.auth, self.cookie, self.ticket)) + "\n"


@dataclass(frozen=True)
class Stage:
    """Servers that are up, and who will visit them. `others` work beside them: what they use is not the servers'.
    `stored` counts what is in the database of what the generator said; the yardstick has none."""

    ports: Sequence[int]
    servers: Sequence[int]
    people: Path
    others: Sequence[int] = ()
    stored: Callable[[], int] = int

    def play(self, what: str, *options: str) -> Told:
        """What the generator says of it; raises NotReached."""
        with self.playing(what, *options) as process:
            return finished(process)

    def playing(self, what: str, *options: str) -> "subprocess.Popen[str]":
        """The same while it runs."""
        targets = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        named = ("-p", listed(self.servers), "-q", listed(self.others))
        command = (str(PROGRAM), what, "-f", str(self.people), "-t", targets, *named, *options)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def listed(pids: Iterable[int]) -> str:
    return ",".join(map(str, pids))


def finished(process: "subprocess.Popen[str]") -> Told:
    """What it said at its end; raises NotReached."""
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise NotReached(f"the generator did not end within {PATIENCE_S} s") from None
    said = "; ".join(dict.fromkeys(line.removeprefix("generator: ") for line in err.splitlines()))
    if process.returncode:
        raise NotReached(said or f"the generator ended with {process.returncode}")
    told: Told = json.loads(out)
    return told | {"said": said}


def write_people(path: Path, agents: Iterable[Person], visitors: Iterable[Person]) -> Path:
    """The file that the generator reads."""
    lines = [*(one.line("a") for one in agents), *(one.line("v") for one in visitors)]
    path.write_text("".join(lines))
    return path


def ready() -> None:
    """Builds the generator; raises Failed without a C compiler."""
    BUILD.mkdir(exist_ok=True)
    if not PROGRAM.exists():
        (BUILD / ".generator.done").unlink(missing_ok=True)
    once(BUILD / ".generator.done", digest("bench/generator"), "building the load generator", build)


def build() -> None:
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise Failed("the load generator is written in C and needs a compiler: install gcc or clang")
    sources, fresh = map(str, sorted(SOURCES.glob("*.c"))), PROGRAM.with_suffix(".new")
    subprocess.run((compiler, "-O2", "-o", str(fresh), *sources, "-lm"), check=True)
    fresh.replace(PROGRAM)  # one that runs at this moment goes on

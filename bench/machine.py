"""The machine: which core does what, and processes that end with us."""

import ctypes
import os
import platform
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tooling import python
from tooling.steps import Failed

PR_SET_PDEATHSIG = 1
# The servers have one core for themselves; the load, the databases and this program share the other.
SERVERS, OTHERS = 0, -1


def check() -> None:
    """Raises Failed where epoll and /proc are missing."""
    if sys.platform != "linux":
        raise Failed("the bench needs Linux: it reads /proc and its load generator waits by epoll")


CORES = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]


def stay_on(core: int) -> None:
    """This process and all that it starts, unless they say otherwise; nothing where there is one core only."""
    if len(CORES) > 1:
        os.sched_setaffinity(0, {CORES[core]})


def child_on(core: int) -> Callable[[], None]:
    """What a child does before it becomes the program: it takes its core, and dies when we do."""
    prctl = ctypes.CDLL(None).prctl

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        stay_on(core)

    return before_exec


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [one for child in children.read_text().split() for one in family(int(child))]
        except OSError:  # it has just ended
            continue
    return found


def described() -> str:
    """For whoever reads the numbers later."""
    model = next((line.partition(":")[2].strip() for line in cpuinfo() if line.startswith("model name")), "")
    compiled = "" if python.profiled() else ", compiled without a profile"
    return f"{len(CORES)} cores, {model or platform.machine()}, Python {platform.python_version()}{compiled}"


def cpuinfo() -> list[str]:
    return Path("/proc/cpuinfo").read_text().splitlines()


def raise_limit_of_files() -> None:
    """As a service's unit would; children have it from us."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def may_open() -> int:
    """How many files one process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]

"""The machine: cores, child processes, and limits."""

import ctypes
import os
import platform
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tooling import python
from tooling.steps import StepFailed

PR_SET_PDEATHSIG = 1
# The servers have a core of their own; the load generator, the databases and this program share the other one.
SERVER_CORE, LOAD_CORE = 0, -1


def require_linux() -> None:
    """Raises Failed on a system without epoll and /proc."""
    if sys.platform != "linux":
        raise StepFailed("the bench needs Linux: it reads /proc and its load generator uses epoll")


CORES = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]


def pin_to_core(core: int) -> None:
    """Pin this process and its future children to a core of CORES. Does nothing on a machine with one core."""
    if len(CORES) > 1:
        os.sched_setaffinity(0, {CORES[core]})


def child_setup(core: int) -> Callable[[], None]:
    """A preexec_fn that pins the child to a core and makes the kernel kill it when this process ends."""
    prctl = ctypes.CDLL(None).prctl

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        pin_to_core(core)

    return before_exec


def tree_pids(pid: int) -> list[int]:
    """The ids of a process and of all its descendants."""
    pids = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            pids += [one for child in children.read_text().split() for one in tree_pids(int(child))]
        except OSError:  # the process has just ended
            continue
    return pids


def describe() -> str:
    """Cores, CPU model and Python of this machine, for the page and the results."""
    models = (row.partition(":")[2].strip() for row in cpu_info() if row.startswith("model name"))
    model = next(models, "")
    compiled = "" if python.is_optimized() else ", compiled without a profile"
    return f"{len(CORES)} cores, {model or platform.machine()}, Python {platform.python_version()}{compiled}"


def cpu_info() -> list[str]:
    return Path("/proc/cpuinfo").read_text().splitlines()


def raise_file_limit() -> None:
    """Raise the soft limit of open files to the hard one, as a service unit would. Children inherit it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def file_limit() -> int:
    """The number of files that one process may open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]

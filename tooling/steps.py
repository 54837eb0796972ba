"""Run commands in the project's folder, once for the same sources and one at a time."""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class StepFailed(Exception):
    """A step cannot go on. Its text is shown to the developer."""


def run_command(*command: str, **variables: str) -> None:
    """Run a command and show its output. Raises CalledProcessError if it fails."""
    subprocess.run(command, cwd=ROOT, env=os.environ | variables, check=True)


def report(step: str) -> None:
    print(f"guichet: {step}", flush=True)


@contextlib.contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Send all output to standard error, also that of commands: standard output is for the result alone."""
    sys.stdout.flush()
    out = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(out, 1)
        os.close(out)


def digest(*names: str) -> str:
    """One hash of these files and of all files in these folders, except node_modules."""
    found = (path for name in names for path in [ROOT / name, *sorted((ROOT / name).rglob("*"))])
    total = hashlib.sha256()
    for path in found:
        if path.is_file() and "node_modules" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return total.hexdigest()


def run_once(stamp: Path, key: str, step: str, work: Callable[[], object]) -> None:
    """Do `work` unless the stamp file contains `key`, which is written when the work is done.

    Put the stamp into the folder that the work creates, so that both are deleted together.
    """
    if stamp.is_file() and stamp.read_text() == key:
        return
    report(step)
    work()
    stamp.write_text(key)


@contextlib.contextmanager
def exclusive_lock() -> Iterator[None]:
    """Let only one process at a time run in this folder. The lock ends with the process, even if that is killed."""
    with Path(__file__).open() as lock_file:
        if os.name == "posix":
            import fcntl

            fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield

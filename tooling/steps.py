"""Steps: commands in the project's folder, done once and one at a time."""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Failed(Exception):
    """A step that can't go on; its text is what the person at the terminal needs to know."""


def call(*command: str, **variables: str) -> None:
    """Runs a command and shows what it says; raises CalledProcessError when it fails."""
    subprocess.run(command, cwd=ROOT, env=os.environ | variables, check=True)


def say(words: str) -> None:
    print(f"guichet: {words}", flush=True)


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """What is said meanwhile, by us and by what we call, goes to standard error: standard output is the answer's."""
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
    """One hash of these files and of everything in these folders, but not of what npm put there."""
    found = (path for name in names for path in [ROOT / name, *sorted((ROOT / name).rglob("*"))])
    total = hashlib.sha256()
    for path in found:
        if path.is_file() and "node_modules" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return total.hexdigest()


def once(stamp: Path, mark: str, words: str, work: Callable[[], object]) -> None:
    """Does `work` unless its stamp says that it came to its end with the same mark before.

    The stamp lies inside of what the work makes, so that both are lost together.
    """
    if stamp.is_file() and stamp.read_text() == mark:
        return
    say(words)
    work()
    stamp.write_text(mark)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one at a time in this folder; the lock ends with the process, however that ends."""
    with Path(__file__).open() as me:
        if os.name == "posix":
            import fcntl

            fcntl.flock(me, fcntl.LOCK_EX)
        yield

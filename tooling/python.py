"""The .venv, filled from the hashed locks and from nothing else."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tooling.steps import ROOT, Failed, call, digest, once, say

VENV = ROOT / ".venv"
BIN = VENV / ("bin" if os.name == "posix" else "Scripts")
PYTHON = str(BIN / "python")
UV = BIN / "uv"
OLDEST = (3, 11)


def ready(lock: str) -> None:
    """Makes the .venv hold at least what this lock names."""
    if not works():
        say("making .venv")
        call(sys.executable, "-m", "venv", "--clear", str(VENV))
    once(VENV / f".{lock}.done", digest(lock), f"installing {lock}", lambda: install(ROOT / lock))


def works() -> bool:
    """False also for a .venv that was interrupted, or whose Python has been replaced under it."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([PYTHON, "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


def install(lock: Path) -> None:
    """By uv in seconds; by pip where uv does not run, or does not reach what pip is set up to reach."""
    try:
        if not UV.exists():
            install_pinned("uv")
        call(str(UV), "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", str(lock))
    except (OSError, subprocess.CalledProcessError):
        say("uv can't; pip takes a minute")
        pip_install(lock)


def install_pinned(package: str) -> None:
    """One package of requirements-setup.txt, without the others."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder, "requirements.txt")
        lock.write_text(pinned(package))
        pip_install(lock)


def pinned(package: str) -> str:
    locks = (ROOT / "requirements-setup.txt").read_text()
    lines = re.search(rf"^{package}==.*(?:\n +--hash.*)*", locks, re.MULTILINE)
    if lines is None:
        raise Failed(f"requirements-setup.txt does not pin {package}")
    return lines[0] + "\n"


def pip_install(lock: Path) -> None:
    quiet = ("--quiet", "--disable-pip-version-check")
    call(PYTHON, "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(lock))


def resolve() -> None:
    """Writes the hashed locks from pyproject.toml: for every platform, without addresses."""
    plain = ("--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--quiet")
    command = (
        str(UV),
        "pip",
        "compile",
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        *plain,
    )
    call(*command, "pyproject.toml", "-o", "requirements.txt")
    together = ("-c", "requirements.txt", "-o", "requirements-test.txt")
    call(*command, "pyproject.toml", "--group", "test", *together)
    call(*command, "--group", "pyproject.toml:setup", "-o", "requirements-setup.txt")

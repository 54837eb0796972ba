"""Create .venv and install packages into it, only from the lock files with hashes."""

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from tooling.steps import ROOT, StepFailed, digest, report, run_command, run_once

VENV = ROOT / ".venv"
BIN = VENV / ("bin" if os.name == "posix" else "Scripts")
PYTHON = str(BIN / "python")
UV = BIN / "uv"
MIN_VERSION = (3, 11)
# Distributions compile their Python with profile-guided optimization.
SYSTEM_PYTHON = "/usr/bin/python3"


def ensure_installed(lock: str) -> None:
    """Make sure that .venv has all packages of this lock file."""
    if not venv_works():
        base = base_interpreter()
        report("creating .venv" if base == sys.executable else f"creating .venv with {base}, the faster Python here")
        run_command(base, "-m", "venv", "--clear", str(VENV))
    run_once(VENV / f".{lock}.done", digest(lock), f"installing {lock}", lambda: install(ROOT / lock))


def base_interpreter() -> str:
    """The Python to create .venv with: the one that runs this script, or the system's if that is faster.

    The system's is faster if this one was compiled without profile-guided optimization (docs/decisions/0012). It must
    not be older.
    """
    return SYSTEM_PYTHON if not is_optimized() and can_replace(SYSTEM_PYTHON) else sys.executable


def is_optimized(
    arguments: str | None = sysconfig.get_config_var("CONFIG_ARGS"), prefix: str = sys.base_prefix
) -> bool:
    """Whether this Python was compiled with profile-guided optimization.

    Distributions (prefix /usr) do so without the configure option. Where there are no configure options (Windows),
    Python was installed as a binary, which is optimized.
    """
    return prefix == "/usr" or arguments is None or "--enable-optimizations" in arguments


def can_replace(other: str) -> bool:
    """Whether the other Python exists, is not older than this one, and can create a venv with pip."""
    probe = f"import sys, venv, ensurepip; sys.exit(sys.version_info < {tuple(sys.version_info[:3])})"
    try:
        return subprocess.run([other, "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


def venv_works() -> bool:
    """Whether .venv is usable: False also if its creation was interrupted or its Python was replaced."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {MIN_VERSION})"
    try:
        return subprocess.run([PYTHON, "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


def install(lock: Path) -> None:
    """Install with uv, in seconds, or with pip where uv does not run or cannot reach the index that pip uses."""
    try:
        if not UV.exists():
            install_pinned("uv")
        run_command(str(UV), "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", str(lock))
    except (OSError, subprocess.CalledProcessError):
        report("uv failed; installing with pip, which takes a minute")
        pip_install(lock)


def install_pinned(package: str) -> None:
    """Install one package of requirements-setup.txt, without the others."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder, "requirements.txt")
        lock.write_text(pinned_requirement(package))
        pip_install(lock)


def pinned_requirement(package: str) -> str:
    lock = (ROOT / "requirements-setup.txt").read_text()
    requirement = re.search(rf"^{package}==.*(?:\n +--hash.*)*", lock, re.MULTILINE)
    if requirement is None:
        raise StepFailed(f"requirements-setup.txt does not pin {package}")
    return requirement[0] + "\n"


def pip_install(lock: Path) -> None:
    quiet = ("--quiet", "--disable-pip-version-check")
    run_command(PYTHON, "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(lock))


def write_locks() -> None:
    """Write the lock files with hashes from pyproject.toml: for all platforms, without index URLs."""
    options = ("--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--quiet")
    command = (
        str(UV),
        "pip",
        "compile",
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        *options,
    )
    run_command(*command, "pyproject.toml", "-o", "requirements.txt")
    constrained = ("-c", "requirements.txt", "-o", "requirements-test.txt")
    run_command(*command, "pyproject.toml", "--group", "test", *constrained)
    run_command(*command, "--group", "pyproject.toml:setup", "-o", "requirements-setup.txt")

"""The .venv, filled from the hashed locks and from nothing else."""

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from tooling.steps import ROOT, Failed, call, digest, once, say

VENV = ROOT / ".venv"
BIN = VENV / ("bin" if os.name == "posix" else "Scripts")
PYTHON = str(BIN / "python")
UV = BIN / "uv"
OLDEST = (3, 11)
# The distribution's own, which is compiled with a profile.
SYSTEMS = "/usr/bin/python3"


def ready(lock: str) -> None:
    """Makes the .venv hold at least what this lock names."""
    if not works():
        base = interpreter()
        say("making .venv" if base == sys.executable else f"making .venv by {base}, which is the faster Python here")
        call(base, "-m", "venv", "--clear", str(VENV))
    once(VENV / f".{lock}.done", digest(lock), f"installing {lock}", lambda: install(ROOT / lock))


def interpreter() -> str:
    """What the .venv is made of: the Python that runs this, but the system's where this one was compiled without a
    profile (docs/decisions/0012) and that one is no older."""
    return SYSTEMS if not profiled() and may_replace(SYSTEMS) else sys.executable


def profiled(arguments: str | None = sysconfig.get_config_var("CONFIG_ARGS"), prefix: str = sys.base_prefix) -> bool:
    """Whether this Python was compiled as fast as can be. Distributions do so without configure's own word for it,
    and where nothing was configured (Windows) it came ready made."""
    return prefix == "/usr" or arguments is None or "--enable-optimizations" in arguments


def may_replace(other: str) -> bool:
    """Whether another Python is there, no older than this one, and can make a venv with pip."""
    probe = f"import sys, venv, ensurepip; sys.exit(sys.version_info < {tuple(sys.version_info[:3])})"
    try:
        return subprocess.run([other, "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


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

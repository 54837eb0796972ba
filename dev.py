#!/usr/bin/env python3
"""The developer's commands: python3 dev.py setup | run | test | check | lock | bench | faults."""

import os
import subprocess
import sys
import time

if sys.version_info < (3, 11):  # before the imports, which an older Python cannot parse
    sys.exit("Guichet needs Python 3.11 or newer")

from tooling import node, programs, python, runs
from tooling.python import PYTHON
from tooling.steps import ROOT, StepFailed, exclusive_lock, stdout_to_stderr

TEST_LOCK = "requirements-test.txt"


def ensure_set_up(lock: str = "requirements.txt") -> None:
    with exclusive_lock():
        python.ensure_installed(lock)
        node.ensure_built()


def setup(_: list[str]) -> int:
    """creates .venv, installs the locked packages, builds widget and console"""
    ensure_set_up()
    return 0


def run(arguments: list[str]) -> int:
    """runs setup, then starts the server; arguments go to `chat serve`"""
    ensure_set_up()
    os.chdir(ROOT)
    os.execv(PYTHON, [PYTHON, "-m", "chat", "serve", *arguments])


def test(arguments: list[str]) -> int:
    """runs all tests; with arguments only pytest, with these (a file, -k expression)"""
    ensure_set_up(TEST_LOCK)
    for program in (programs.CHROMIUM, programs.FIREFOX, programs.PGBOUNCER):
        program.find_or_install()
    if arguments:
        return runs.print_summary(runs.run_pytest(*arguments))
    return runs.print_summary(runs.run_vitest(), *runs.run_all_tests())


def check(arguments: list[str]) -> int:
    """checks format, lint, types, generated files and house rules; --fix corrects what it can"""
    with exclusive_lock():
        python.ensure_installed(TEST_LOCK)
        node.install()
    results = [run_check(title, command) for title, command in checks("--fix" in arguments).items()]
    return int(not all(results))


def checks(fix: bool) -> dict[str, tuple[str, ...]]:
    module, node_path = (PYTHON, "-m"), node.find().node
    biome, tsc = str(node.NODE_MODULES / "@biomejs/biome/bin/biome"), str(node.NODE_MODULES / "typescript/bin/tsc")
    check_only = () if fix else ("--check",)
    return {
        "python format": (*module, "ruff", "format", *check_only, "."),
        "python lint": (*module, "ruff", "check", *(("--fix",) if fix else ()), "."),
        "python types": (*module, "mypy", "chat", "tests", "tooling", "bench", "dev.py"),
        "generated files": (*module, "chat.protocol.codegen", *check_only),
        "front-end format and lint": (node_path, biome, *(("check", "--write") if fix else ("ci",)), "."),
        "front-end types": (node_path, tsc, "--noEmit"),
        "types of the fault tests' page": (node_path, tsc, "-p", "tests/faults"),
        "house rules": (*module, "pytest", "-q", "tests/test_house.py"),
    }


def run_check(title: str, command: tuple[str, ...]) -> bool:
    started_at, environment = time.monotonic(), os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(f"{'FAILED' if done.returncode else 'ok':6} {time.monotonic() - started_at:5.1f} s  {title}", flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
    return done.returncode == 0


def lock(_: list[str]) -> int:
    """resolves pyproject.toml again and writes the requirements files with hashes"""
    with exclusive_lock():
        python.ensure_installed(TEST_LOCK)
        python.write_locks()
    return 0


def bench(arguments: list[str]) -> int:
    """measures the product beside Node's socket.io; --short for CI, --only NAME, --json"""
    with stdout_to_stderr():
        ensure_set_up(TEST_LOCK)
    return subprocess.run([PYTHON, "-m", "bench", *arguments], cwd=ROOT).returncode


def faults(arguments: list[str]) -> int:
    """injects faults and looks for lost messages; --short, --only NAME, --seeds N, --seed S, --json"""
    ensure_set_up(TEST_LOCK)
    return subprocess.run([PYTHON, "-m", "tests.faults", *arguments], cwd=ROOT).returncode


COMMANDS = {command.__name__: command for command in (setup, run, test, check, lock, bench, faults)}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(*(f"python3 dev.py {name:7} {command.__doc__}" for name, command in COMMANDS.items()), sep="\n")
        return 2
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except StepFailed as failure:
        print(f"guichet: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except subprocess.CalledProcessError as failure:
        print(f"guichet: this command failed: {' '.join(failure.cmd)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

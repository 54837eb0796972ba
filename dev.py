#!/usr/bin/env python3
"""What a developer runs: python3 dev.py setup | run | test | check | lock | bench | faults."""

import os
import subprocess
import sys
import time

if sys.version_info < (3, 11):  # before the imports, which an older Python can't read
    sys.exit("Guichet needs Python 3.11 or newer")

from tooling import browser, node, python, runs
from tooling.python import PYTHON
from tooling.steps import ROOT, Failed, alone, aside

TEST_LOCK = "requirements-test.txt"


def set_up(lock: str = "requirements.txt") -> None:
    with alone():
        python.ready(lock)
        node.ready()


def setup(_: list[str]) -> int:
    """makes .venv, installs the locked packages, builds widget and console"""
    set_up()
    return 0


def run(arguments: list[str]) -> int:
    """sets up what is missing, then starts the server; arguments go to `chat serve`"""
    set_up()
    os.chdir(ROOT)
    os.execv(PYTHON, [PYTHON, "-m", "chat", "serve", *arguments])


def test(arguments: list[str]) -> int:
    """runs all tests; with arguments pytest alone, with these (a file, -k words)"""
    set_up(TEST_LOCK)
    chromium = browser.bring()
    if arguments:
        return runs.verdict(runs.chosen(chromium, *arguments))
    return runs.verdict(runs.front_ends(), *runs.everything(chromium))


def check(arguments: list[str]) -> int:
    """checks format, lint, types, generated files and the house rules; --fix mends what can be"""
    with alone():
        python.ready(TEST_LOCK)
        node.install()
    verdicts = [passes(title, command) for title, command in checks("--fix" in arguments).items()]
    return int(not all(verdicts))


def checks(fix: bool) -> dict[str, tuple[str, ...]]:
    module, engine = (PYTHON, "-m"), node.find().node
    biome, tsc = str(node.MODULES / "@biomejs/biome/bin/biome"), str(node.MODULES / "typescript/bin/tsc")
    only_look = () if fix else ("--check",)
    return {
        "python format": (*module, "ruff", "format", *only_look, "."),
        "python lint": (*module, "ruff", "check", *(("--fix",) if fix else ()), "."),
        "python types": (*module, "mypy", "chat", "tests", "tooling", "bench", "dev.py"),
        "generated files": (*module, "chat.protocol.codegen", *only_look),
        "front-end format and lint": (engine, biome, *(("check", "--write") if fix else ("ci",)), "."),
        "front-end types": (engine, tsc, "--noEmit"),
        "types of the page in the faults": (engine, tsc, "-p", "tests/faults"),
        "house rules": (*module, "pytest", "-q", "tests/test_house.py"),
    }


def passes(title: str, command: tuple[str, ...]) -> bool:
    began, plain = time.monotonic(), os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(command, cwd=ROOT, env=plain, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(f"{'FAILED' if done.returncode else 'ok':6} {time.monotonic() - began:5.1f} s  {title}", flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
    return done.returncode == 0


def lock(_: list[str]) -> int:
    """resolves pyproject.toml anew into the hashed requirements files"""
    with alone():
        python.ready(TEST_LOCK)
        python.resolve()
    return 0


def bench(arguments: list[str]) -> int:
    """measures the product beside Node's socket.io; --short for CI, --only NAME, --json"""
    with aside():
        set_up(TEST_LOCK)
    return subprocess.run([PYTHON, "-m", "bench", *arguments], cwd=ROOT).returncode


def faults(arguments: list[str]) -> int:
    """breaks what can break and looks for lost words; --short, --only NAME, --seeds N, --seed S, --json"""
    set_up(TEST_LOCK)
    return subprocess.run([PYTHON, "-m", "tests.faults", *arguments], cwd=ROOT).returncode


COMMANDS = {verb.__name__: verb for verb in (setup, run, test, check, lock, bench, faults)}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(*(f"python3 dev.py {name:7} {verb.__doc__}" for name, verb in COMMANDS.items()), sep="\n")
        return 2
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except Failed as failure:
        print(f"guichet: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except subprocess.CalledProcessError as failure:
        print(f"guichet: this failed: {' '.join(failure.cmd)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

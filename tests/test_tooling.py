"""What dev.py stands on: steps done once, locks that pin everything, and a verdict that can't be fooled."""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tooling import browser, python, runs, steps
from tooling.runs import Run

LOCKS = ("requirements.txt", "requirements-test.txt", "requirements-setup.txt")
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((steps.ROOT / lock).read_text()))


def run_of(code: int, **counts: int) -> Run:
    return Run(code, Counter(counts))


def test_a_step_is_done_once_for_the_same_sources(tmp_path: Path) -> None:
    done: list[str] = []
    for mark in ("monday", "monday", "tuesday", "tuesday"):
        steps.once(tmp_path / "stamp", mark, "working", partial(done.append, mark))
    assert done == ["monday", "tuesday"]


def test_a_step_that_fails_is_done_again(tmp_path: Path) -> None:
    def break_off() -> None:
        raise steps.Failed("no network")

    with pytest.raises(steps.Failed):
        steps.once(tmp_path / "stamp", "monday", "working", break_off)
    assert not (tmp_path / "stamp").exists()


def test_what_is_said_aside_is_no_part_of_the_answer() -> None:
    program = """
import sys
from tooling import steps
with steps.aside():
    steps.say("installing")
    steps.call(sys.executable, "-c", "print('added')")
print("[]")
"""
    said = subprocess.run([sys.executable, "-c", program], cwd=steps.ROOT, capture_output=True, text=True)
    assert (said.stdout, said.stderr) == ("[]\n", "guichet: installing\nadded\n")


def test_a_digest_sees_every_change_but_npms_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    (tmp_path / "widget/node_modules").mkdir(parents=True)
    (tmp_path / "widget/main.ts").write_text("one")
    before = steps.digest("widget")
    (tmp_path / "widget/node_modules/cache").write_text("npm's")
    assert steps.digest("widget") == before
    (tmp_path / "widget/main.ts").write_text("two")
    changed = steps.digest("widget")
    (tmp_path / "widget/main.ts").rename(tmp_path / "widget/other.ts")
    assert len({before, changed, steps.digest("widget")}) == 3


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_its_hashes_and_no_address(lock: str) -> None:
    text = (steps.ROOT / lock).read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all(PIN.match(block) and "--hash=sha256:" in block for block in blocks)
    assert "://" not in text


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((steps.ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = {
        "requirements.txt": project["project"]["dependencies"],
        "requirements-test.txt": project["project"]["dependencies"] + groups["test"],
        "requirements-setup.txt": groups["setup"],
    }
    for lock, lines in asked.items():
        locked = pins(lock)
        for wanted in map(Requirement, lines):
            assert locked[wanted.name] in wanted.specifier, f"{lock}: {wanted} (python3 dev.py lock)"


def test_tests_run_on_what_production_runs_on() -> None:
    production, tested = pins("requirements.txt"), pins("requirements-test.txt")
    assert {name: tested[name] for name in production} == production


def test_one_pinned_package_comes_without_the_others() -> None:
    assert PIN.findall(python.pinned("uv")) == [("uv", pins("requirements-setup.txt")["uv"])]
    with pytest.raises(steps.Failed):
        python.pinned("nothing-of-ours")


@pytest.mark.parametrize(
    ("configured", "prefix", "fast"),
    [
        ("'--enable-shared' '--prefix=/opt/pyenv/versions/3.11.7'", "/opt/pyenv/versions/3.11.7", False),
        ("'--enable-optimizations' '--with-lto'", "/usr/local", True),
        ("'--enable-shared' '--without-ensurepip'", "/usr", True),
        (None, "C:\\Python311", True),
    ],
)
def test_a_python_that_was_compiled_without_a_profile_is_known(configured: str | None, prefix: str, fast: bool) -> None:
    assert python.profiled(configured, prefix) is fast


def test_only_a_whole_python_takes_the_place_of_a_slow_one(tmp_path: Path) -> None:
    without_pip = tmp_path / "python3"
    without_pip.write_text(f'#!/bin/sh\nexec {sys.executable} -c "import nothing_of_ours"\n')
    without_pip.chmod(0o755)
    assert python.may_replace(sys.executable)
    assert not python.may_replace(str(without_pip))
    assert not python.may_replace(str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ([run_of(0, passed=3), run_of(0, passed=2)], "5 passed, 0 failed"),
        ([run_of(1, passed=3, failed=1)], "3 passed, 1 failed"),
        ([run_of(0, passed=3, skipped=1)], "3 passed, 0 failed, 1 skipped"),
        ([run_of(0, passed=3), run_of(4)], "3 passed, 1 failed"),
        ([run_of(0, passed=3), run_of(5)], "3 passed, 0 failed"),
        ([run_of(5)], "0 passed, 0 failed"),
    ],
)
def test_the_verdict(ended: list[Run], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    good = said.endswith(" 0 failed") and not said.startswith("0 ")
    assert runs.verdict(*ended) == (0 if good else 1)
    assert capsys.readouterr().out == f"{said}\n"


def test_skips_and_broken_files_are_counted(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import pytest\ndef test_a(): pass\ndef test_b(): pytest." + "skip('later')\n"
    )
    (tmp_path / "test_two.py").write_text("import nothing_of_ours\n")
    pytest_alone = (sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:cacheprovider", str(tmp_path))
    counts = runs.watched(*pytest_alone, "--continue-on-collection-errors", report="--junitxml").counts
    assert counts == {"passed": 1, "failed": 1, "skipped": 1}


def test_the_browser_that_is_named_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "chromium"
    named.touch(mode=0o755)
    monkeypatch.setenv("GUICHET_CHROMIUM", str(named))
    assert browser.find() == str(named)
    monkeypatch.setenv("GUICHET_CHROMIUM", "")
    assert browser.find() != str(named)


def test_an_older_python_is_told_so() -> None:
    source = (steps.ROOT / "dev.py").read_text()
    before_imports = source[: source.index("from tooling")]
    pretend = before_imports.replace("import sys\n", "import sys\nsys.version_info = (3, 8)\n")
    told = subprocess.run((sys.executable, "-c", pretend), capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (1, "Guichet needs Python 3.11 or newer\n")

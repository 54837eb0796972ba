"""The parts of dev.py: steps done once, lock files that pin everything, and a correct summary of the tests."""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tooling import programs, python, runs, steps
from tooling.runs import Run

LOCKS = ("requirements.txt", "requirements-test.txt", "requirements-setup.txt")
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((steps.ROOT / lock).read_text()))


def run_of(code: int, **counts: int) -> Run:
    return Run(code, Counter(counts))


def test_a_step_runs_once_for_the_same_sources(tmp_path: Path) -> None:
    done: list[str] = []
    for key in ("monday", "monday", "tuesday", "tuesday"):
        steps.run_once(tmp_path / "stamp", key, "working", partial(done.append, key))
    assert done == ["monday", "tuesday"]


def test_a_failed_step_runs_again(tmp_path: Path) -> None:
    def fail() -> None:
        raise steps.StepFailed("no network")

    with pytest.raises(steps.StepFailed):
        steps.run_once(tmp_path / "stamp", "monday", "working", fail)
    assert not (tmp_path / "stamp").exists()


def test_output_of_steps_can_go_to_standard_error() -> None:
    program = """
import sys
from tooling import steps
with steps.stdout_to_stderr():
    steps.report("installing")
    steps.run_command(sys.executable, "-c", "print('added')")
print("[]")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=steps.ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "guichet: installing\nadded\n")


def test_a_digest_changes_with_every_file_except_node_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_locked_packages_have_hashes_and_no_urls(lock: str) -> None:
    text = (steps.ROOT / lock).read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all(PIN.match(block) and "--hash=sha256:" in block for block in blocks)
    assert "://" not in text


def test_lock_files_satisfy_the_projects_requirements() -> None:
    project = tomllib.loads((steps.ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    requirements = {
        "requirements.txt": project["project"]["dependencies"],
        "requirements-test.txt": project["project"]["dependencies"] + groups["test"],
        "requirements-setup.txt": groups["setup"],
    }
    for lock, specifications in requirements.items():
        locked = pins(lock)
        for required in map(Requirement, specifications):
            assert locked[required.name] in required.specifier, f"{lock}: {required} (python3 dev.py lock)"


def test_tests_use_the_package_versions_of_production() -> None:
    production, tested = pins("requirements.txt"), pins("requirements-test.txt")
    assert {name: tested[name] for name in production} == production


def test_a_pinned_requirement_excludes_the_other_packages() -> None:
    assert PIN.findall(python.pinned_requirement("uv")) == [("uv", pins("requirements-setup.txt")["uv"])]
    with pytest.raises(steps.StepFailed):
        python.pinned_requirement("nothing-of-ours")


@pytest.mark.parametrize(
    ("configured", "prefix", "fast"),
    [
        ("'--enable-shared' '--prefix=/opt/pyenv/versions/3.11.7'", "/opt/pyenv/versions/3.11.7", False),
        ("'--enable-optimizations' '--with-lto'", "/usr/local", True),
        ("'--enable-shared' '--without-ensurepip'", "/usr", True),
        (None, "C:\\Python311", True),
    ],
)
def test_a_python_without_profile_guided_optimization_is_recognized(
    configured: str | None, prefix: str, fast: bool
) -> None:
    assert python.is_optimized(configured, prefix) is fast


def test_only_a_python_with_pip_can_replace_a_slow_one(tmp_path: Path) -> None:
    without_pip = tmp_path / "python3"
    without_pip.write_text(f'#!/bin/sh\nexec {sys.executable} -c "import nothing_of_ours"\n')
    without_pip.chmod(0o755)
    assert python.can_replace(sys.executable)
    assert not python.can_replace(str(without_pip))
    assert not python.can_replace(str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("test_runs", "summary"),
    [
        ([run_of(0, passed=3), run_of(0, passed=2)], "5 passed, 0 failed"),
        ([run_of(1, passed=3, failed=1)], "3 passed, 1 failed"),
        ([run_of(0, passed=3, skipped=1)], "3 passed, 0 failed, 1 skipped"),
        ([run_of(0, passed=3), run_of(4)], "3 passed, 1 failed"),
        ([run_of(0, passed=3), run_of(5)], "3 passed, 0 failed"),
        ([run_of(5)], "0 passed, 0 failed"),
    ],
)
def test_summary_and_exit_code(test_runs: list[Run], summary: str, capsys: pytest.CaptureFixture[str]) -> None:
    passed = summary.endswith(" 0 failed") and not summary.startswith("0 ")
    assert runs.print_summary(*test_runs) == (0 if passed else 1)
    assert capsys.readouterr().out == f"{summary}\n"


def test_skipped_tests_and_files_that_fail_to_import_are_counted(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import pytest\ndef test_a(): pass\ndef test_b(): pytest." + "skip('later')\n"
    )
    (tmp_path / "test_two.py").write_text("import nothing_of_ours\n")
    command = (sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:cacheprovider", str(tmp_path))
    counts = runs.run_with_report(*command, "--continue-on-collection-errors", report="--junitxml").counts
    assert counts == {"passed": 1, "failed": 1, "skipped": 1}


def test_guichet_chromium_takes_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "chromium"
    named.touch(mode=0o755)
    monkeypatch.setenv("GUICHET_CHROMIUM", str(named))
    assert programs.CHROMIUM.find() == str(named)
    monkeypatch.setenv("GUICHET_CHROMIUM", "")
    assert programs.CHROMIUM.find() != str(named)


def test_an_older_python_gets_a_clear_message() -> None:
    source = (steps.ROOT / "dev.py").read_text()
    before_imports = source[: source.index("from tooling")]
    on_older_python = before_imports.replace("import sys\n", "import sys\nsys.version_info = (3, 8)\n")
    done = subprocess.run((sys.executable, "-c", on_older_python), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "Guichet needs Python 3.11 or newer\n")

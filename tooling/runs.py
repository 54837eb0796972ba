"""Run the tests and print a summary line."""

import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tooling import node
from tooling.python import PYTHON
from tooling.steps import ROOT

BROWSER_TESTS = "tests/journeys"
NO_TESTS_COLLECTED = 5


class Run(NamedTuple):
    """The exit code of a test runner, and how many tests passed, failed and were skipped."""

    code: int
    counts: Counter[str]

    @property
    def crashed(self) -> bool:
        """Whether the runner failed without reporting a failed test."""
        return self.code not in (0, NO_TESTS_COLLECTED) and not self.counts["failed"]


def run_vitest() -> Run:
    runner = (node.find().node, "node_modules/vitest/vitest.mjs", "run")
    return run_with_report(*runner, "--reporter=default", "--reporter=junit", report="--outputFile.junit")


def run_all_tests() -> Iterator[Run]:
    """All Python tests. The browser tests run without workers: each uses two browsers, and there may be two cores."""
    yield run_pytest("-n", "2", f"--ignore={BROWSER_TESTS}")
    if (ROOT / BROWSER_TESTS).is_dir():
        yield run_pytest(BROWSER_TESTS)


def run_pytest(*arguments: str) -> Run:
    pytest = (PYTHON, "-m", "pytest", "-q", *arguments)
    return run_with_report(*pytest, report="--junitxml")


def run_with_report(*command: str, report: str) -> Run:
    """Run a test runner and read its counts from a JUnit file, which it writes to the path in its option `report`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.xml")
        code = subprocess.run([*command, f"{report}={path}"], cwd=ROOT).returncode
        return Run(code, read_counts(path) if path.exists() else Counter())


def read_counts(report: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        total, *bad = (int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped"))
        counts.update(passed=total - sum(bad), failed=sum(bad[:2]), skipped=bad[2])
    return counts


def print_summary(*runs: Run) -> int:
    """Print "N passed, N failed" as the last line. Returns 1 if a test failed or was skipped, or if none ran."""
    counts = sum((run.counts for run in runs), Counter[str]())
    counts["failed"] += sum(run.crashed for run in runs)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}", flush=True)
    return int(bool(counts["failed"] or counts["skipped"] or not counts["passed"]))

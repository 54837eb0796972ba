"""Test runs, and the one line that sums them up."""

import os
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

JOURNEYS = "tests/journeys"
NO_TESTS_COLLECTED = 5


class Run(NamedTuple):
    """How a test runner ended: its exit code, and how many tests passed, failed and were skipped."""

    code: int
    counts: Counter[str]

    @property
    def broke(self) -> bool:
        """Ended badly without naming a test that failed."""
        return self.code not in (0, NO_TESTS_COLLECTED) and not self.counts["failed"]


def front_ends() -> Run:
    runner = (node.find().node, "node_modules/vitest/vitest.mjs", "run")
    return watched(*runner, "--reporter=default", "--reporter=junit", report="--outputFile.junit")


def everything(chromium: str) -> Iterator[Run]:
    """Two workers for all but the journeys: each of those has two browsers, and there may be two cores."""
    yield chosen(chromium, "-n", "2", f"--ignore={JOURNEYS}")
    if (ROOT / JOURNEYS).is_dir():
        yield chosen(chromium, JOURNEYS)


def chosen(chromium: str, *arguments: str) -> Run:
    pytest = (PYTHON, "-m", "pytest", "-q", *arguments)
    return watched(*pytest, report="--junitxml", GUICHET_CHROMIUM=chromium)


def watched(*command: str, report: str, **variables: str) -> Run:
    """Runs a test runner that writes its counts into a JUnit file when asked by the option `report`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.xml")
        environment = os.environ | variables
        code = subprocess.run([*command, f"{report}={path}"], cwd=ROOT, env=environment).returncode
        return Run(code, read(path) if path.exists() else Counter())


def read(report: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        total, *bad = (int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped"))
        counts.update(passed=total - sum(bad), failed=sum(bad[:2]), skipped=bad[2])
    return counts


def verdict(*runs: Run) -> int:
    """Prints 'N passed, N failed' alone on the last line; a skipped test fails the whole, so does none."""
    counts = sum((run.counts for run in runs), Counter[str]())
    counts["failed"] += sum(run.broke for run in runs)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}", flush=True)
    return int(bool(counts["failed"] or counts["skipped"] or not counts["passed"]))

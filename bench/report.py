"""Where results go: a file of each run, and with --write the page of performance, its picture, and the latest file."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.plot import beside_node
from bench.rows import Row, table
from tooling.steps import ROOT

RESULTS = ROOT / "bench/results"
LATEST = RESULTS / "latest.json"
PAGE, PICTURE = ROOT / "docs/performance.md", ROOT / "docs/pictures/performance.svg"
TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- end of the table -->)", re.DOTALL)


def keep(rows: Sequence[Row], measured: Mapping[str, object]) -> Path:
    """All rows and all that they were made of, in a file of this moment."""
    now = datetime.now(UTC)
    found = {
        "at": now.isoformat(timespec="seconds"),
        "machine": machine.described(),
        "rows": [asdict(row) for row in rows],
        "measured": measured,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return path


def write(result: Path) -> None:
    """This result is the latest one from now on, and what the page shows."""
    LATEST.write_text(result.read_text())
    found = json.loads(result.read_text())
    rows = [Row(**row) for row in found["rows"]]
    PAGE.write_text(with_table(PAGE.read_text(), rows, f"{found['at'][:10]}, {found['machine']}"))
    PICTURE.write_text(beside_node(rows))


def with_table(page: str, rows: Sequence[Row], where: str) -> str:
    """The page with these rows between its marks."""
    return TABLE.sub(lambda found: f"{found[1]}\nMeasured on {where}.\n\n{table(rows)}\n\n{found[2]}", page)

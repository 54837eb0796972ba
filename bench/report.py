"""Result files, one for each run. With --write, a result also becomes latest.json, the page's table and its picture."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.plot import comparison_svg
from bench.rows import Row, format_table
from tooling.steps import ROOT

RESULTS = ROOT / "bench/results"
LATEST = RESULTS / "latest.json"
PAGE, PICTURE = ROOT / "docs/performance.md", ROOT / "docs/pictures/performance.svg"
TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- end of the table -->)", re.DOTALL)


def save_result(rows: Sequence[Row], measured: Mapping[str, object]) -> Path:
    """Write the rows and the measurements behind them to a new file, named after the time."""
    now = datetime.now(UTC)
    result = {
        "at": now.isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "rows": [asdict(row) for row in rows],
        "measured": measured,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return path


def update_page(path: Path) -> None:
    """Make the result in this file the latest one, and show it on the page and in its picture."""
    LATEST.write_text(path.read_text())
    result = json.loads(path.read_text())
    rows = [Row(**row) for row in result["rows"]]
    PAGE.write_text(replace_table(PAGE.read_text(), rows, f"{result['at'][:10]}, {result['machine']}"))
    PICTURE.write_text(comparison_svg(rows))


def replace_table(page: str, rows: Sequence[Row], measured_on: str) -> str:
    """The page with these rows between its two markers."""
    table = f"\nMeasured on {measured_on}.\n\n{format_table(rows)}\n\n"
    return TABLE.sub(lambda markers: f"{markers[1]}{table}{markers[2]}", page)

"""python -m tests.faults: runs fault scenarios and prints which invariants hold. See docs/reliability.md."""

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chat import logging_config
from tests.faults import (
    faults_clock_and_backup,
    faults_connections,
    faults_database,
    faults_load,
    faults_nodes,
    faults_races,
    faults_redis,
    runner,
)
from tests.faults.page import build_page_script
from tests.faults.scenario_run import Row, RunConfig
from tests.faults.scenarios import SCENARIOS

# Importing these modules registers their scenarios; nothing else uses the names.
FAULT_MODULES = (
    faults_races,
    faults_nodes,
    faults_connections,
    faults_redis,
    faults_database,
    faults_load,
    faults_clock_and_backup,
)


def main(arguments: Sequence[str]) -> int:
    options = build_parser().parse_args(arguments)
    logging_config.to_standard_error(logging.WARNING)
    selected = [
        scenario for scenario in SCENARIOS.values() if runner.is_selected(scenario, options.only, options.short)
    ]
    if not selected:
        print_progress(*(f"{name:28} {scenario.summary}" for name, scenario in SCENARIOS.items()))
        return 2
    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    print_progress(f"{len(selected)} scenarios, --seed {seed}")
    with tempfile.TemporaryDirectory(prefix="guichet-faults-") as folder:
        config = RunConfig(options.short, Path(folder), build_page_script(Path(folder)), print_progress)
        rows = asyncio.run(runner.run_scenarios(selected, config, seed, options.seeds))
    sys.stdout.write(json.dumps([row._asdict() for row in rows], indent=1) if options.json else table(rows))
    sys.stdout.write("\n")
    return int(not all(row.ok for row in rows))


def print_progress(*lines: str) -> None:
    """Print to standard error; standard output is for the result rows."""
    sys.stderr.writelines(f"{line}\n" for line in lines)
    sys.stderr.flush()


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 dev.py faults", description="Runs the fault scenarios.")
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes; times decide nothing")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="run this scenario; repeatable")
    parser.add_argument("--seeds", type=int, metavar="N", help="run each scenario with N seeds")
    parser.add_argument("--seed", type=int, metavar="S", help="the first seed, as printed by an earlier run")
    parser.add_argument("--json", action="store_true", help="print a list of {what, value, goal, ok}")
    return parser


def table(rows: Sequence[Row]) -> str:
    """Format the rows as aligned text columns."""
    what, value = (
        min(88, max(len(cell) for cell in column)) for column in list(zip(*map(cells, rows), strict=True))[:2]
    )
    return "\n".join(f"{'ok ' if row.ok else 'NOT'} {row.what:{what}}  {row.value:{value}}  {row.goal}" for row in rows)


def cells(row: Row) -> tuple[str, str]:
    return row.what, row.value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""python -m tests.faults: plays the book of faults and prints what held. See docs/reliability.md."""

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chat import logs
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
from tests.faults.page import bundled
from tests.faults.scenario_run import Row, Run
from tests.faults.scenarios import BOOK

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
    asked = parser().parse_args(arguments)
    logs.to_standard_error(logging.WARNING)
    wanted = [fault for fault in BOOK.values() if runner.is_wanted(fault, asked.only, asked.short)]
    if not wanted:
        told(*(f"{name:24} {fault.what}" for name, fault in BOOK.items()))
        return 2
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)
    told(f"{len(wanted)} faults, --seed {seed}")
    with tempfile.TemporaryDirectory(prefix="guichet-faults-") as home:
        run = Run(asked.short, Path(home), bundled(Path(home)), told)
        rows = asyncio.run(runner.played(wanted, run, seed, asked.seeds))
    sys.stdout.write(json.dumps([row._asdict() for row in rows], indent=1) if asked.json else table(rows))
    sys.stdout.write("\n")
    return int(not all(row.ok for row in rows))


def told(*lines: str) -> None:
    """How far it is; standard output is for the rows."""
    sys.stderr.writelines(f"{line}\n" for line in lines)
    sys.stderr.flush()


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python3 dev.py faults", description="Plays the book of faults.")
    made.add_argument("--short", action="store_true", help="seconds instead of minutes, times decide nothing")
    made.add_argument("--only", action="append", default=[], metavar="NAME", help="this fault; again for more")
    made.add_argument("--seeds", type=int, metavar="N", help="each fault with N seeds")
    made.add_argument("--seed", type=int, metavar="S", help="the first seed, as a run has printed it")
    made.add_argument("--json", action="store_true", help="print a list of {what, value, goal, ok}")
    return made


def table(rows: Sequence[Row]) -> str:
    what, value = (
        min(88, max(len(cell) for cell in column)) for column in list(zip(*map(cells, rows), strict=True))[:2]
    )
    return "\n".join(f"{'ok ' if row.ok else 'NOT'} {row.what:{what}}  {row.value:{value}}  {row.goal}" for row in rows)


def cells(row: Row) -> tuple[str, str]:
    return row.what, row.value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""python -m tests.faults: plays the book of faults and prints what held. See docs/reliability.md."""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.faults import of_crowds, of_lines, of_nodes, of_races, of_redis, of_sql, of_time, stage
from tests.faults.book import BOOK
from tests.faults.page import bundled
from tests.faults.scene import Row, Run

CHAPTERS = (of_races, of_nodes, of_lines, of_redis, of_sql, of_crowds, of_time)


def main(arguments: Sequence[str]) -> int:
    asked = parser().parse_args(arguments)
    wanted = [fault for fault in BOOK.values() if stage.is_wanted(fault, asked.only, asked.short)]
    if not wanted:
        print("faults:", *BOOK, sep="\n  ", file=sys.stderr)
        return 2
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)
    print(f"{len(wanted)} of {len(CHAPTERS)} chapters' faults, --seed {seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="guichet-faults-") as home:
        run = Run(asked.short, Path(home), bundled(Path(home)))
        rows = asyncio.run(stage.played(wanted, run, seed, asked.seeds))
    print(json.dumps([row._asdict() for row in rows], indent=1) if asked.json else table(rows))
    return int(not all(row.ok for row in rows))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python3 dev.py faults", description="Plays the book of faults.")
    made.add_argument("--short", action="store_true", help="seconds instead of minutes, times decide nothing")
    made.add_argument("--only", action="append", default=[], metavar="NAME", help="this fault; again for more")
    made.add_argument("--seeds", type=int, metavar="N", help="each fault with N seeds")
    made.add_argument("--seed", type=int, metavar="S", help="the first seed, as a run has printed it")
    made.add_argument("--json", action="store_true", help="print a list of {what, value, goal, ok}")
    return made


def table(rows: Sequence[Row]) -> str:
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    wide[1] = min(wide[1], 60)
    return "\n".join(
        f"{'ok ' if row.ok else 'NOT'} {row.what:{wide[0]}}  {row.value:{wide[1]}}  {row.goal}" for row in rows
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

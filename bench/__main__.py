"""The command: which rows, how they are printed, and where they are kept. Run by `python3 dev.py bench`."""

import argparse
import sys
from collections.abc import Callable

from bench import contenders, crowds, load, machine, talks
from bench.contenders import Workshop, workshop
from bench.machine import OTHERS
from bench.plan import RELAYED_PER_S, Plan
from bench.rows import Row, as_json, table
from tooling.steps import Failed

Group = Callable[[Workshop, Plan], list[Row]]
GROUPS: dict[str, Group] = {
    "relay": talks.relay,
    "rate": talks.rate,
    "postgres": talks.postgres,
    "idle": crowds.idle,
    "back": crowds.back,
    "nodes": talks.nodes,
}


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="NAME", help=f"one of {', '.join(GROUPS)}")
    parser.add_argument("--json", action="store_true", help="print a list of {what, value, goal, ok}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=RELAYED_PER_S, help="messages/s of the open loop")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    chosen = arguments(words)
    try:
        machine.check()
        load.ready()
        contenders.yardstick_ready()
    except Failed as failure:
        print(f"guichet: {failure}", file=sys.stderr)
        return 2
    machine.stay_on(OTHERS)
    machine.raise_limit_of_files()
    rows: list[Row] = []
    with workshop() as shop:
        for name in chosen.only or GROUPS:
            print(f"bench: {name}", file=sys.stderr, flush=True)
            rows += GROUPS[name](shop, Plan(chosen.rounds, chosen.rate))
    print(as_json(rows) if chosen.json else table(rows))
    return int(not all(row.ok for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The command: which rows, how they are printed, and where they are kept. Run by `python3 dev.py bench`."""

import argparse
import sys
from collections.abc import Callable

from bench import contenders, load, machine, talks
from bench.contenders import Workshop, workshop
from bench.machine import OTHERS
from bench.rows import Row, as_json, table
from tooling.steps import Failed

GROUPS: dict[str, Callable[[Workshop, int, float], list[Row]]] = {"relay": talks.relay}


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="NAME", help=f"one of {', '.join(GROUPS)}")
    parser.add_argument("--json", action="store_true", help="print a list of {what, value, goal, ok}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=talks.RELAYED_PER_S, help="messages/s of the open loop")
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
    rows: list[Row] = []
    with workshop() as shop:
        for name in chosen.only or GROUPS:
            print(f"bench: {name}", file=sys.stderr, flush=True)
            rows += GROUPS[name](shop, chosen.rounds, chosen.rate)
    print(as_json(rows) if chosen.json else table(rows))
    return int(not all(row.ok for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The command: which rows, how they are printed, and where they are kept. Run by `python3 dev.py bench`."""

import argparse
import importlib.util
import sys
from collections.abc import Callable

from bench import connection_rows, load_generator, machine, message_rows, report, servers
from bench.machine import OTHERS
from bench.plan import RELAYED_PER_S, Plan
from bench.rows import Row, as_json, row_of, table
from bench.servers import Workshop, workshop
from bench.short import short
from tooling.steps import Failed, alone, aside

Group = Callable[[Workshop, Plan], list[Row]]


def desk(_: Workshop, __: Plan) -> list[Row]:
    """Rows without sockets: an agent chosen among many, an inbox of many tickets."""
    if importlib.util.find_spec("bench.query_rows") is None:
        return []
    return [row_of(found) for found in importlib.import_module("bench.query_rows").rows()]


GROUPS: dict[str, Group] = {
    "relay": message_rows.relay,
    "rate": message_rows.rate,
    "postgres": message_rows.postgres,
    "idle": connection_rows.idle,
    "back": connection_rows.back,
    "nodes": message_rows.nodes,
    "desk": desk,
}


def arguments(words: list[str]) -> argparse.Namespace:
    names = ", ".join(GROUPS)
    parser = argparse.ArgumentParser(prog="dev.py bench", description="Guichet beside Node's socket.io")
    parser.add_argument("--short", action="store_true", help="counts that must agree, in a minute or two, for CI")
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="NAME", help=f"only these rows: {names}")
    parser.add_argument("--json", action="store_true", help="print a list of {what, value, goal, ok}")
    parser.add_argument("--write", action="store_true", help="put the result into docs/performance.md")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured; medians are told")
    parser.add_argument("--rate", type=float, default=RELAYED_PER_S, help="messages/s where the rate is fixed")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    chosen = arguments(words)
    try:
        machine.check()
        with aside(), alone():
            load_generator.ready()
            servers.yardstick_ready()
    except Failed as failure:
        print(f"guichet: {failure}", file=sys.stderr)
        return 2
    machine.stay_on(OTHERS)
    machine.raise_limit_of_files()
    rows = measured(chosen)
    print(as_json(rows) if chosen.json else table(rows))
    return int(not all(row.ok for row in rows))


def measured(chosen: argparse.Namespace) -> list[Row]:
    """All rows that were asked for; they are kept before the workshop is cleared away."""
    plan, rows = Plan(chosen.rounds, chosen.rate), []
    groups = {"short": short} if chosen.short else {name: GROUPS[name] for name in chosen.only or GROUPS}
    with workshop() as shop:
        for name, group in groups.items():
            print(f"bench: {name}", file=sys.stderr, flush=True)
            found = group(shop, plan)
            print(*(f"bench:   {row.what}: {row.value}" for row in found), sep="\n", file=sys.stderr, flush=True)
            rows += found
        result = report.keep(rows, shop.kept)
    if chosen.write:
        report.write(result)
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

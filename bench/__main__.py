"""The command line of `python3 dev.py bench`: which rows to measure, and how to print and save them."""

import argparse
import sys
from collections.abc import Callable

from bench import connection_rows, load_generator, machine, message_rows, query_rows, report, servers
from bench.machine import LOAD_CORE
from bench.plan import DEFAULT_MESSAGES_PER_S, Plan
from bench.rows import Row, format_table, to_json
from bench.servers import BenchRun, bench_run
from bench.short import short_rows
from tooling.steps import StepFailed, exclusive_lock, stdout_to_stderr

RowGroup = Callable[[BenchRun, Plan], list[Row]]

ROW_GROUPS: dict[str, RowGroup] = {
    "relay": message_rows.relay_rows,
    "rate": message_rows.rate_rows,
    "postgres": message_rows.postgres_rows,
    "idle": connection_rows.idle_rows,
    "reconnect": connection_rows.reconnect_rows,
    "nodes": message_rows.node_rows,
    "queries": lambda _, __: query_rows.query_rows(),
}


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    names = ", ".join(ROW_GROUPS)
    parser = argparse.ArgumentParser(prog="dev.py bench", description="Compare Guichet with Node's socket.io")
    parser.add_argument("--short", action="store_true", help="counts that must agree, in a minute or two, for CI")
    parser.add_argument("--only", action="append", choices=ROW_GROUPS, metavar="NAME", help=f"only these rows: {names}")
    parser.add_argument("--json", action="store_true", help="print a list of {what, value, goal, ok}")
    parser.add_argument("--write", action="store_true", help="put the result into docs/performance.md")
    parser.add_argument("--rounds", type=int, default=3, help="how many rounds to run; the rows show their medians")
    parser.add_argument("--rate", type=float, default=DEFAULT_MESSAGES_PER_S, help="messages per second in open loops")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments)
    try:
        machine.require_linux()
        with stdout_to_stderr(), exclusive_lock():
            load_generator.ensure_built()
            servers.ensure_node_installed()
    except StepFailed as failure:
        print(f"guichet: {failure}", file=sys.stderr)
        return 2
    machine.pin_to_core(LOAD_CORE)
    machine.raise_file_limit()
    rows = measure(options)
    print(to_json(rows) if options.json else format_table(rows))
    return int(not all(row.ok for row in rows))


def measure(options: argparse.Namespace) -> list[Row]:
    """Measure the chosen groups of rows and save the result."""
    plan, rows = Plan(options.rounds, options.rate), []
    chosen = {name: ROW_GROUPS[name] for name in options.only or ROW_GROUPS}
    with bench_run() as run:
        for name, group in ({"short": short_rows} if options.short else chosen).items():
            print(f"bench: {name}", file=sys.stderr, flush=True)
            measured = group(run, plan)
            print(*(f"bench:   {row.what}: {row.value}" for row in measured), sep="\n", file=sys.stderr, flush=True)
            rows += measured
        result = report.save_result(rows, run.measured)
    if options.write:
        report.update_page(result)
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

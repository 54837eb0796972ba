"""The bench: its statistics, its table, and whether the load generator's counts agree with a real server's database."""

import json
import math
import re
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from bench import load_generator, report
from bench.fixtures import AssignedChat, Fixtures, Size
from bench.interleaving import run_interleaved
from bench.plot import comparison_svg
from bench.rows import MeasurementFailed, Row, at_most, equal, format_number, format_table, info, not_measured, to_json
from bench.servers import bench_run, write_guichet_clients
from bench.stats import median_ratio, percentile
from tests import house
from tests.reachability import Code
from tooling.steps import ROOT, StepFailed


def test_percentile_is_the_smallest_value_that_the_given_share_does_not_exceed() -> None:
    hundred = list(range(100, 0, -1))
    assert [percentile(hundred, percent) for percent in (0, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([7], 99) == 7
    assert percentile([1, 2, 3], 50) == 2
    assert math.isnan(percentile([], 50))


def test_median_ratio_compares_only_values_of_the_same_round() -> None:
    # In the second round, the machine was three times slower for both.
    assert median_ratio([1, 3, 1.2], [2, 6, 2]) == 0.5


def test_at_most_row_is_ok_up_to_its_limit() -> None:
    assert at_most("p99", 8, 8, "ms") == Row("p99", "8 ms", "<= 8 ms", True)
    assert not at_most("p99", 8.01, 8, "ms").ok
    assert not at_most("p99", math.nan, 8, "ms").ok


def test_equal_row_is_ok_only_for_the_same_count() -> None:
    assert [equal("stored", 3, wanted, "rows").ok for wanted in (3, 4)] == [True, False]


def test_row_of_a_failed_measurement_is_not_ok_and_shows_the_reason() -> None:
    row = not_measured("p99", "<= 8 ms", MeasurementFailed("overloaded"))
    assert row == Row("p99", "not measured: overloaded", "<= 8 ms", False)


@pytest.mark.parametrize(("value", "text"), [(0.8349, "0.835"), (114.2, "114"), (8292.4, "8,292"), (0, "0"), (3, "3")])
def test_numbers_are_formatted_with_three_significant_digits(value: float, text: str) -> None:
    assert format_number(value) == text


ROWS = [
    at_most("serve: CPU per message, Node = 1", 0.83, 0.9, "x"),
    info("Node", 35, "ms"),
    not_measured("p99", "<= 8 ms", "late"),
]


def test_table_columns_align_and_rows_that_miss_their_goal_are_marked() -> None:
    rows = format_table(ROWS).splitlines()
    assert len({len(row) for row in rows}) == 1
    assert [row[:5] for row in rows] == ["|    ", "|----", "| ok ", "| ok ", "| NOT"]
    assert "| 0.83 x " in rows[2]


def test_json_is_a_list_of_all_fields_of_the_rows() -> None:
    decoded = json.loads(to_json(ROWS))
    assert [set(one) for one in decoded] == [{"what", "value", "goal", "ok"}] * 3
    assert [Row(**one) for one in decoded] == ROWS


def test_replacing_the_table_of_the_page_keeps_the_text_around_it() -> None:
    page = "# Performance\n\n<!-- table -->\nold\n<!-- end of the table -->\n\nThe end.\n"
    once = report.replace_table(page, ROWS, "a machine")
    assert "old" not in once
    assert format_table(ROWS) in once
    assert once.endswith("\n\nThe end.\n")
    assert report.replace_table(once, ROWS, "a machine") == once


def test_page_shows_the_rows_of_the_latest_result() -> None:
    rows = [Row(**row) for row in json.loads(report.LATEST.read_text())["rows"]]
    assert f"\n\n{format_table(rows)}\n\n<!-- end of the table -->" in report.PAGE.read_text()


def test_chart_has_a_bar_for_each_measured_comparison_with_node() -> None:
    chart = comparison_svg([*ROWS, not_measured("rate: CPU per message, Node = 1", "<= 1 x", "late")])
    assert chart.count("<rect") == 1
    assert "0.83 x" in chart
    assert 'class="goal"' in chart


class Number(NamedTuple):
    value: float


def fake_measurement(calls: list[str], name: str, *values: float | None) -> Callable[[], Number]:
    """A measurement that returns these values in turn, and fails instead of returning None."""
    remaining = iter(values)

    def measure() -> Number:
        calls.append(name)
        value = next(remaining)
        if value is None:
            raise MeasurementFailed("overloaded")
        return Number(value)

    return measure


def test_servers_are_measured_in_turn_and_not_again_after_failing_in_half_of_the_rounds() -> None:
    calls: list[str] = []
    measurements = {
        "node": fake_measurement(calls, "node", 1, 3, 5),
        "late": fake_measurement(calls, "late", None, None),
    }
    rounds = run_interleaved(measurements, 3)
    assert calls == ["node", "late", "node", "late", "node"]
    assert rounds.median("node", lambda one: one.value) == 3
    assert (rounds.failure("node"), rounds.failure("node", "late")) == ("", "late: overloaded")
    assert json.loads(json.dumps(rounds.to_json()))["late"] == ["overloaded"] * 3


def test_ratio_skips_rounds_in_which_either_server_failed() -> None:
    measurements = {
        "node": fake_measurement([], "node", 2, 2, None),
        "ours": fake_measurement([], "ours", 1, None, 100),
    }
    rounds = run_interleaved(measurements, 3)
    assert rounds.failure("node", "ours") == ""
    assert rounds.ratio("ours", "node", lambda one: one.value) == 0.5


def constants(pattern: str, *files: str) -> dict[str, int]:
    text = "".join((ROOT / name).read_text() for name in files)
    return {name: int(value) for name, value in re.findall(pattern, text)}


def test_reconnect_backoff_of_the_generator_is_that_of_the_client() -> None:
    client = constants(
        r"const (\w+) = ([\d_]+);", "client/transport/connection.ts", "client/transport/websocket_transport.ts"
    )
    generator = constants(r"#define (\w+) (\d+)", "bench/generator/connections.c")
    names = ("SHORTEST_MS", "LONGEST_MS")
    assert [generator[name] for name in names] == [client[name] for name in names]
    assert generator["HANDSHAKE_S"] * 1000 == client["HANDSHAKE_MS"]


CODE = Code({path: text for path, text in house.files(".py") if path.startswith(("chat/", "bench/query_rows"))})
SERVED = CODE.reached_from(["chat.realtime", "chat.web", "chat.jobs"])


@pytest.mark.parametrize("queries", ["PERIODIC_QUERIES", "AGENT_QUERIES"])
def test_bench_measures_only_queries_that_the_product_runs(queries: str) -> None:
    measured = CODE.references("bench.query_rows", CODE.definitions[f"bench.query_rows.{queries}"])
    domain = {name for name in measured if name.startswith("chat.domain.")}
    assert len(domain) > 1
    assert domain <= SERVED


def test_function_that_nothing_calls_would_not_pass_as_a_query_of_the_product() -> None:
    unused = Code({"chat/jobs.py": "from chat.domain import sums", "chat/domain/sums.py": "def unused(): ..."})
    assert "chat.domain.sums.unused" not in unused.reached_from(["chat.jobs"])
    used = Code(
        {"chat/jobs.py": "from chat.domain import sums\nX = sums.used", "chat/domain/sums.py": "def used(): ..."}
    )
    assert "chat.domain.sums.used" in used.reached_from(["chat.jobs"])


def test_build_without_a_compiler_asks_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StepFailed, match="install gcc or clang"):
        load_generator.build()


if sys.platform == "linux":

    def test_each_message_is_acknowledged_stored_and_delivered_once() -> None:
        load_generator.ensure_built()
        with bench_run() as run, run.guichet_on_sqlite(Size(agents=2, visitors=10)) as deployment:
            result = deployment.run_load("relay", "-W", "0.5", "-d", "1.5")
            assert result["sent"] > 10
            assert [result["acked"], result["delivered"], deployment.count_stored()] == [result["sent"]] * 3
            assert [result[name] for name in ("refused", "stray_acks", "lost", "skipped")] == [0, 0, 0, 0]
            assert len(result["to_ack"]) >= result["relayed"] > 0
            assert result["cpu_s"] > 0

    def test_refused_messages_are_counted_and_the_error_is_reported() -> None:
        load_generator.ensure_built()
        with bench_run() as run:
            _, fixtures = run.copy_installation(Size(agents=1, visitors=2))
            foreign = [AssignedChat(chat.token, "t_of_nobody", chat.agent) for chat in fixtures.chats]
            with run.guichet_on_sqlite(Size(agents=1, visitors=2)) as deployment:
                write_guichet_clients(deployment.clients_file, Fixtures(fixtures.agent_cookies, foreign, []), 1)
                result = deployment.run_load("relay", "-W", "0.2", "-d", "0.2")
        assert (result["sent"], result["refused"], result["delivered"]) == (2, 2, 0)
        assert "not_found" in result["log"]

    def test_load_against_a_stopped_server_fails_without_waiting() -> None:
        load_generator.ensure_built()
        with bench_run() as run:
            with run.guichet_on_sqlite(Size(agents=1, visitors=1)) as deployment:
                pass
            with pytest.raises(MeasurementFailed, match="only 0 of 2 connected"):
                deployment.run_load("relay")

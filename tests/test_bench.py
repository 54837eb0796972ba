"""The bench: its arithmetic, its table, and a generator whose counts agree with what a real server has stored."""

import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bench import load_generator, report
from bench.fixtures import Chatting, Size
from bench.interleaving import interleaved
from bench.plot import beside_node
from bench.rows import NotReached, Row, as_json, at_most, equal, failed, row_of, shown, table, told
from bench.servers import product_people, workshop
from bench.stats import percentile, ratio
from tooling.steps import ROOT, Failed


def test_a_percentile_is_the_value_that_so_many_do_not_exceed() -> None:
    hundred = list(range(100, 0, -1))
    assert [percentile(hundred, percent) for percent in (0, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([7], 99) == 7
    assert percentile([1, 2, 3], 50) == 2
    assert math.isnan(percentile([], 50))


def test_a_ratio_is_the_median_of_neighbours_and_not_of_strangers() -> None:
    # The machine was three times slower in the second round, for both.
    assert ratio([1, 3, 1.2], [2, 6, 2]) == 0.5


def test_a_row_is_good_up_to_its_limit() -> None:
    assert at_most("p99", 8, 8, "ms") == Row("p99", "8 ms", "<= 8 ms", True)
    assert not at_most("p99", 8.01, 8, "ms").ok
    assert not at_most("p99", math.nan, 8, "ms").ok
    assert [equal("stored", 3, wanted, "rows").ok for wanted in (3, 4)] == [True, False]
    assert failed("p99", "<= 8 ms", NotReached("overloaded")).value == "not reached: overloaded"


@pytest.mark.parametrize(("value", "words"), [(0.8349, "0.835"), (114.2, "114"), (8292.4, "8,292"), (0, "0"), (3, "3")])
def test_a_number_is_shown_with_three_digits(value: float, words: str) -> None:
    assert shown(value) == words


ROWS = [
    at_most("serve: CPU a message, Node = 1", 0.83, 0.9, "x"),
    told("Node", 35, "ms"),
    failed("p99", "<= 8 ms", "late"),
]


def test_the_table_lines_up_and_says_what_is_not_good() -> None:
    lines = table(ROWS).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [line[:5] for line in lines] == ["|    ", "|----", "| ok ", "| ok ", "| NOT"]
    assert "| 0.83 x " in lines[2]


def test_json_is_a_list_of_rows_that_can_be_read_back() -> None:
    found = json.loads(as_json(ROWS))
    assert [set(one) for one in found] == [{"what", "value", "goal", "ok"}] * 3
    assert [row_of(one) for one in found] == ROWS


def test_the_page_gets_its_table_between_the_marks_however_often() -> None:
    page = "# Performance\n\n<!-- table -->\nold\n<!-- end of the table -->\n\nThe end.\n"
    once = report.with_table(page, ROWS, "a machine")
    assert "old" not in once
    assert table(ROWS) in once
    assert once.endswith("\n\nThe end.\n")
    assert report.with_table(once, ROWS, "a machine") == once
    assert report.PAGE.read_text() != report.with_table(report.PAGE.read_text(), [], "nowhere")


def test_the_picture_has_a_bar_for_what_was_compared_and_measured() -> None:
    picture = beside_node([*ROWS, failed("rate: CPU a message, Node = 1", "<= 1 x", "late")])
    assert picture.count("<rect") == 1
    assert "0.83 x" in picture
    assert 'class="goal"' in picture


class Number(NamedTuple):
    value: float


def playing(asked: list[str], name: str, *values: float | None) -> Callable[[], Number]:
    """Somebody who measures these, and fails where there is none."""
    rest = iter(values)

    def play() -> Number:
        asked.append(name)
        value = next(rest)
        if value is None:
            raise NotReached("overloaded")
        return Number(value)

    return play


def test_contenders_take_turns_and_one_that_fails_twice_is_not_asked_again() -> None:
    asked: list[str] = []
    found = interleaved({"node": playing(asked, "node", 1, 3, 5), "late": playing(asked, "late", None, None)}, 3)
    assert asked == ["node", "late", "node", "late", "node"]
    assert found.median("node", lambda one: one.value) == 3
    assert (found.failure("node"), found.failure("node", "late")) == ("", "late: overloaded")
    assert json.loads(json.dumps(found.plain()))["late"] == ["overloaded"] * 3


def test_a_round_in_which_one_of_two_failed_counts_for_neither() -> None:
    found = interleaved({"node": playing([], "node", 2, 2, None), "ours": playing([], "ours", 1, None, 100)}, 3)
    assert found.failure("node", "ours") == ""
    assert found.ratio("ours", "node", lambda one: one.value) == 0.5


def constants(pattern: str, *files: str) -> dict[str, int]:
    text = "".join((ROOT / name).read_text() for name in files)
    return {name: int(value) for name, value in re.findall(pattern, text)}


def test_the_crowd_waits_as_the_widget_does() -> None:
    widget = constants(r"const (\w+) = ([\d_]+);", "client/socket.ts", "client/link.ts")
    crowd = constants(r"#define (\w+) (\d+)", "bench/generator/crowd.c")
    names = ("SHORTEST_MS", "LONGEST_MS")
    assert [crowd[name] for name in names] == [widget[name] for name in names]
    assert crowd["HANDSHAKE_S"] * 1000 == widget["HANDSHAKE_MS"]


def test_without_a_compiler_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Failed, match="install gcc or clang"):
        load_generator.build()


if sys.platform == "linux":

    def test_every_message_is_acknowledged_stored_and_delivered_once() -> None:
        load_generator.ready()
        with workshop() as shop, shop.serve(Size(agents=2, visitors=10)) as stage:
            said = stage.play("relay", "-W", "0.5", "-d", "1.5")
            assert said["sent"] > 10
            once = [said[name] for name in ("acked", "delivered")]
            assert [*once, stage.stored()] == [said["sent"]] * 3
            assert [said[name] for name in ("refused", "stray_acks", "lost", "held")] == [0, 0, 0, 0]
            assert len(said["to_ack"]) >= said["relayed"] > 0
            assert said["cpu_s"] > 0

    def test_what_the_server_refuses_is_counted_and_said(tmp_path: Path) -> None:
        load_generator.ready()
        with workshop() as shop:
            _, cast = shop.installed(Size(agents=1, visitors=2))
            strangers = [Chatting(one.token, "t_of_nobody", one.agent) for one in cast.visitors]
            with shop.serve(Size(agents=1, visitors=2)) as stage:
                product_people(stage.people, type(cast)(cast.cookies, strangers, []), 1)
                said = stage.play("relay", "-W", "0.2", "-d", "0.2")
        assert (said["sent"], said["refused"], said["delivered"]) == (2, 2, 0)
        assert "not_found" in said["said"]

    def test_a_server_that_is_gone_is_told_and_not_waited_for() -> None:
        load_generator.ready()
        with workshop() as shop:
            with shop.serve(Size(agents=1, visitors=1)) as stage:
                pass
            with pytest.raises(NotReached, match="only 0 of 2 have come"):
                stage.play("relay")

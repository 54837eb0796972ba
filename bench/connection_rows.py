"""Rows about many who are there at once: what an idle one costs, and what it takes when all leave or come back."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Timer
from typing import NamedTuple

from bench.fixtures import Size
from bench.interleaving import Rounds, interleaved
from bench.load_generator import Person, Stage, finished, write_people
from bench.machine import family, may_open
from bench.plan import Plan
from bench.rows import NotReached, Row, at_most, failed, told
from bench.servers import Contender, Workshop, product_people
from bench.stats import percentile

# Two rounds of our pings, which come every 30 s: they are most of what is measured.
CROWD, IDLE_S, AT_ONCE = 10_000, 60, 100
FIRST, WARM_S = 100, 3
RETURNING = Size(agents=20, visitors=200, guests=4780)
COMING_S = 200


class Crowd(NamedTuple):
    """One measurement: kB and MB of memory, us of CPU a second and connection, seconds until the loop is free."""

    kb_each: float
    process_mb: float
    idle_us: float
    free_s: float
    slowest_probe_ms: float
    coming_ms: float
    closing_ms: float


def crowd(stage: Stage, count: int, auth: str, idle_s: float = IDLE_S) -> Crowd:
    """So many visitors come, say hello, are idle and leave all at once. Raises NotReached."""
    if may_open() < count + 100:
        raise NotReached(f"only {may_open():,} files may be open here (ulimit -n)")
    people = write_people(stage.people.with_name("crowd"), [], [Person(0, auth)] * count)
    said = replace(stage, people=people).play("crowd", "-d", str(idle_s), "-c", str(AT_ONCE))
    if said["lost"]:
        raise NotReached(f"{said['lost']} connections were lost; {said['said']}")
    return Crowd(
        (said["end_kb"] - said["empty_kb"]) / count,
        said["end_kb"] / 1024,
        said["idle_cpu_s"] / said["idle_s"] / count * 1e6,
        said["free_s"],
        said["slowest_probe_ms"],
        said["coming_cpu_s"] / count * 1000,
        said["closing_cpu_s"] / count * 1000,
    )


def crowds(shop: Workshop, plan: Plan) -> Rounds[Crowd]:
    """Visitors without a ticket: the server has made each a token."""

    def one(contender: Contender, auth: object) -> Crowd:
        with contender() as stage:
            # What a process loads for its first visitors, and what it frees after its start, is not the crowd's.
            crowd(stage, FIRST, json.dumps(auth), idle_s=WARM_S)
            return crowd(stage, CROWD, json.dumps(auth))

    acts: dict[str, Callable[[], Crowd]] = {
        "node": partial(one, shop.node, {}),
        "guichet": partial(one, partial(shop.serve, Size(1, 0)), {"site": "demo"}),
    }
    return interleaved(acts, plan.rounds)


# What is told of a crowd, what is read, the goal and its unit.
CROWD_ROWS: tuple[tuple[str, Callable[[Crowd], float], float, str], ...] = (
    (f"an idle visitor of {CROWD:,}: memory", lambda one: one.kb_each, 8, "kB"),
    (f"{CROWD:,} idle visitors: the process", lambda one: one.process_mb, 150, "MB"),
    (f"an idle visitor of {CROWD:,}: CPU", lambda one: one.idle_us, 1.5, "us/s"),
    (f"{CROWD:,} leave at once: strangers are answered within 50 ms after", lambda one: one.free_s, 1.5, "s"),
)


def idle(shop: Workshop, plan: Plan) -> list[Row]:
    """Memory, idle CPU and the closing of all at once, from the same crowd; Node's beside each."""
    found = crowds(shop, plan)
    shop.keep("idle", found)
    rows: list[Row] = []
    for what, part, limit, unit in CROWD_ROWS:
        if why := found.failure("guichet"):
            rows.append(failed(what, f"<= {limit:g} {unit}", why))
        else:
            rows.append(at_most(what, found.median("guichet", part), limit, unit))
        if not found.failure("node"):
            rows.append(told(f"{what} (Node)", found.median("node", part), unit))
    return rows


# -- after a restart -------------------------------------------------------------------------------------------


class Return(NamedTuple):
    """One restart: seconds from the first lost line until all have had their hello answered, and the wait of each
    for that answer, counted from the attempt that succeeded, in ms."""

    all_s: float
    first_answer_p50: float
    first_answer_p99: float
    failed_attempts: float


def restarted(shop: Workshop, size: Size = RETURNING) -> Return:
    """The server ends as an operator ends it and is started again on its port. Raises NotReached."""
    folder, cast = shop.installed(size)
    with shop.serving(folder) as first:
        stage = Stage([first.port], family(first.pid), product_people(folder / "people", cast, 1))
        with stage.playing("back", "-c", str(AT_ONCE // 2)) as visitors:
            until_here(visitors)
            first.end()
            with shop.serving(folder, first.port):
                said = finished(visitors)
    if said["back"] < said["people"]:
        raise NotReached(f"{said['back']:,} of {said['people']:,} are back after {said['back_s']:.0f} s")
    waits = [us / 1000 for us in said["to_hello"]]
    return Return(said["back_s"], percentile(waits, 50), percentile(waits, 99), said["failed_attempts"])


def until_here(visitors: "subprocess.Popen[str]") -> None:
    """Until all are connected, be it at a second attempt; raises NotReached."""
    assert visitors.stderr is not None
    late = Timer(COMING_S, visitors.kill)
    late.start()
    here = "here\n" in visitors.stderr
    late.cancel()
    if not here:
        finished(visitors)
        raise NotReached("not all have come")


def back(shop: Workshop, plan: Plan) -> list[Row]:
    """Each comes back as our client does (`backoff` in client/socket.ts)."""
    found = interleaved({"guichet": partial(restarted, shop)}, plan.rounds)
    shop.keep("back", found)
    count = sum(RETURNING)
    heads = (
        f"{count:,} come back after a restart, by our client's backoff: all are served",
        f"{count:,} come back after a restart: first answer p99, from the attempt",
    )
    if why := found.failure("guichet"):
        return [failed(heads[0], "<= 20 s", why), failed(heads[1], "<= 1000 ms", why)]
    return [
        at_most(heads[0], found.median("guichet", lambda one: one.all_s), 20, "s"),
        at_most(heads[1], found.median("guichet", lambda one: one.first_answer_p99), 1000, "ms"),
    ]

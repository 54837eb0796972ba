"""Rows about many connections: what an idle one costs, closing all at once, and reconnecting after a restart."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Timer
from typing import NamedTuple

from bench.fixtures import Size
from bench.interleaving import RoundResults, run_interleaved
from bench.load_generator import Deployment, SimulatedClient, read_result, write_clients
from bench.machine import file_limit, tree_pids
from bench.plan import Plan
from bench.rows import MeasurementFailed, Row, at_most, info, not_measured
from bench.servers import BenchRun, StartDeployment, write_guichet_clients
from bench.stats import percentile

# 60 s are two rounds of the server's pings, one every 30 s: pings are most of the idle CPU.
CONNECTIONS, IDLE_S, MAX_HANDSHAKES = 10_000, 60, 100
WARM_UP_CONNECTIONS, WARM_UP_S = 100, 3
RECONNECT_SIZE = Size(agents=20, visitors=200, guests=4780)
CONNECT_LIMIT_S = 200


class ConnectionMetrics(NamedTuple):
    """One measurement: memory per connection in kB and of the process in MB; idle CPU in us per second and
    connection; seconds until new visitors are answered again after all have disconnected; CPU in ms per connect and
    per close."""

    kb_each: float
    process_mb: float
    idle_cpu_us: float
    responsive_s: float
    slowest_probe_ms: float
    connect_cpu_ms: float
    close_cpu_ms: float


def measure_connections(deployment: Deployment, count: int, auth: str, idle_s: float = IDLE_S) -> ConnectionMetrics:
    """Connect `count` visitors, keep them idle and close all at once. Raises MeasurementFailed."""
    if file_limit() < count + 100:
        raise MeasurementFailed(f"only {file_limit():,} files may be open here (ulimit -n)")
    clients_file = deployment.clients_file.with_name("idle-clients")
    write_clients(clients_file, [], [SimulatedClient(0, auth)] * count)
    options = ("-d", str(idle_s), "-c", str(MAX_HANDSHAKES))
    result = replace(deployment, clients_file=clients_file).run_load("idle", *options)
    if result["lost"]:
        raise MeasurementFailed(f"{result['lost']} connections were lost; {result['log']}")
    return ConnectionMetrics(
        (result["end_kb"] - result["empty_kb"]) / count,
        result["end_kb"] / 1024,
        result["idle_cpu_s"] / result["idle_s"] / count * 1e6,
        result["responsive_s"],
        result["slowest_probe_ms"],
        result["connect_cpu_s"] / count * 1000,
        result["close_cpu_s"] / count * 1000,
    )


def measure_idle_rounds(run: BenchRun, plan: Plan) -> RoundResults[ConnectionMetrics]:
    """Measure visitors without a ticket, each of whom gets a new token from the server."""

    def measure(start: StartDeployment, auth: object) -> ConnectionMetrics:
        with start() as deployment:
            # Excludes what a process loads for its first visitors and what it frees after its start.
            measure_connections(deployment, WARM_UP_CONNECTIONS, json.dumps(auth), idle_s=WARM_UP_S)
            return measure_connections(deployment, CONNECTIONS, json.dumps(auth))

    measurements: dict[str, Callable[[], ConnectionMetrics]] = {
        "node": partial(measure, run.node_socketio, {}),
        "guichet": partial(measure, partial(run.guichet_on_sqlite, Size(1, 0)), {"site": "demo"}),
    }
    return run_interleaved(measurements, plan.rounds)


# The row, its metric, its goal and the unit.
IDLE_ROWS: tuple[tuple[str, Callable[[ConnectionMetrics], float], float, str], ...] = (
    (f"{CONNECTIONS:,} idle visitors: memory per visitor", lambda one: one.kb_each, 8, "kB"),
    (f"{CONNECTIONS:,} idle visitors: memory of the process", lambda one: one.process_mb, 150, "MB"),
    (f"{CONNECTIONS:,} idle visitors: CPU per visitor", lambda one: one.idle_cpu_us, 1.5, "us/s"),
    (
        f"{CONNECTIONS:,} disconnect at once: new visitors answered within 50 ms after",
        lambda one: one.responsive_s,
        1.5,
        "s",
    ),
)


def idle_rows(run: BenchRun, plan: Plan) -> list[Row]:
    """Memory, idle CPU and recovery after all have disconnected, from the same connections; each next to Node's."""
    rounds = measure_idle_rounds(run, plan)
    run.record("idle", rounds)
    rows: list[Row] = []
    for what, metric, limit, unit in IDLE_ROWS:
        if reason := rounds.failure("guichet"):
            rows.append(not_measured(what, f"<= {limit:g} {unit}", reason))
        else:
            rows.append(at_most(what, rounds.median("guichet", metric), limit, unit))
        if not rounds.failure("node"):
            rows.append(info(f"{what} (Node)", rounds.median("node", metric), unit))
    return rows


# -- after a restart -------------------------------------------------------------------------------------------


class ReconnectMetrics(NamedTuple):
    """One restart. `all_connected_s` counts from the first lost connection to the last ack of hello; the percentiles
    count each client's wait for that ack, from the attempt that succeeded."""

    all_connected_s: float
    hello_p50_ms: float
    hello_p99_ms: float
    failed_attempts: float


def measure_reconnect(run: BenchRun, size: Size = RECONNECT_SIZE) -> ReconnectMetrics:
    """Stop the server with SIGTERM and start it again on the same port. Raises MeasurementFailed."""
    folder, fixtures = run.copy_installation(size)
    with run.start_serve(folder) as first:
        clients_file = write_guichet_clients(folder / "clients", fixtures, 1)
        deployment = Deployment([first.port], tree_pids(first.pid), clients_file)
        with deployment.start_load("reconnect", "-c", str(MAX_HANDSHAKES // 2)) as generator:
            wait_until_connected(generator)
            first.stop()
            with run.start_serve(folder, first.port):
                result = read_result(generator)
    reconnected, count, seconds = result["reconnected"], result["connections"], result["reconnect_s"]
    if reconnected < count:
        raise MeasurementFailed(f"{reconnected:,} of {count:,} reconnected within {seconds:.0f} s")
    waits_ms = [us / 1000 for us in result["to_hello"]]
    return ReconnectMetrics(seconds, percentile(waits_ms, 50), percentile(waits_ms, 99), result["failed_attempts"])


def wait_until_connected(generator: "subprocess.Popen[str]") -> None:
    """Wait until all clients are connected, some perhaps at their second attempt. Raises MeasurementFailed."""
    assert generator.stderr is not None
    timeout = Timer(CONNECT_LIMIT_S, generator.kill)
    timeout.start()
    connected = "connected\n" in generator.stderr
    timeout.cancel()
    if not connected:
        read_result(generator)
        raise MeasurementFailed("not all clients connected")


def reconnect_rows(run: BenchRun, plan: Plan) -> list[Row]:
    """Every client reconnects as our client does (`backoff` in client/transport/connection.ts)."""
    rounds = run_interleaved({"guichet": partial(measure_reconnect, run)}, plan.rounds)
    run.record("reconnect", rounds)
    count = sum(RECONNECT_SIZE)
    names = (
        f"{count:,} reconnect after a restart, with our client's backoff: all connected",
        f"{count:,} reconnect after a restart: hello answered, p99, from the attempt",
    )
    if reason := rounds.failure("guichet"):
        return [not_measured(names[0], "<= 20 s", reason), not_measured(names[1], "<= 1000 ms", reason)]
    return [
        at_most(names[0], rounds.median("guichet", lambda one: one.all_connected_s), 20, "s"),
        at_most(names[1], rounds.median("guichet", lambda one: one.hello_p99_ms), 1000, "ms"),
    ]

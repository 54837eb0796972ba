"""The short form for continuous integration: counts must agree, memory has a limit, and times are only shown."""

from functools import partial

from bench.connection_rows import WARM_UP_CONNECTIONS, measure_connections
from bench.fixtures import Size
from bench.load_generator import Deployment, LoadResult
from bench.plan import Plan
from bench.rows import MeasurementFailed, Row, at_most, equal, info, not_measured
from bench.servers import BenchRun, StartDeployment

SMALL_SIZE, CONNECTIONS = Size(agents=2, visitors=20), 1000
WARM_UP_S, MEASURE_S = "2", "4"
# Goals are multiplied by this: the measurement is short, and the machine may have other load.
TOLERANCE = 1.5


def short_rows(run: BenchRun, _: Plan) -> list[Row]:
    """The rows that a busy machine can measure in a minute or two."""
    return [row for rows in (one_process_rows, two_node_rows, memory_rows) for row in rows(run)]


def one_process_rows(run: BenchRun) -> list[Row]:
    """`serve` on SQLite, and its CPU per message compared with Node's."""
    rows, cpu_s = delivery_rows("serve", partial(run.guichet_on_sqlite, SMALL_SIZE))
    with partial(run.node_socketio, 1, SMALL_SIZE)() as deployment:
        node_cpu_s = cpu_per_message_s(run_relay(deployment))
    if cpu_s:
        goals = f"goal 0.9 x, here {0.9 * TOLERANCE:.3g} x"
        rows.append(info(f"serve: CPU per message, Node = 1 ({goals})", cpu_s / node_cpu_s, "x"))
    return rows


def two_node_rows(run: BenchRun) -> list[Row]:
    """Two `web` and a `worker` on PostgreSQL: each visitor is on one node, their agent on the other."""
    return delivery_rows("two nodes", partial(run.guichet_on_postgres, 2, SMALL_SIZE))[0]


def run_relay(deployment: Deployment) -> LoadResult:
    return deployment.run_load("relay", "-W", WARM_UP_S, "-d", MEASURE_S)


def cpu_per_message_s(result: LoadResult) -> float:
    relayed: int = result["relayed"]
    return float(result["cpu_s"]) / max(1, relayed)


def delivery_rows(name: str, start: StartDeployment) -> tuple[list[Row], float]:
    """Rows that are ok when every message was acknowledged, stored and delivered once; and CPU per message in s."""
    try:
        with start() as deployment:
            result = run_relay(deployment)
            stored = deployment.count_stored()
    except MeasurementFailed as reason:
        return [not_measured(f"{name}: every message once", "", reason)], 0
    sent = result["sent"]
    return [
        Row(f"{name}: messages sent", f"{sent:,}", "some", sent > 0),
        equal(f"{name}: acknowledged", result["acked"], sent, "acks"),
        equal(f"{name}: acknowledged twice or refused", result["stray_acks"] + result["refused"], 0, "acks"),
        equal(f"{name}: stored", stored, sent, "rows"),
        equal(f"{name}: delivered", result["delivered"], sent, "messages"),
        equal(f"{name}: connections lost", result["lost"], 0, "connections"),
    ], cpu_per_message_s(result)


def memory_rows(run: BenchRun) -> list[Row]:
    """Memory per idle visitor: other load on the machine does not change it."""
    what, limit = f"{CONNECTIONS:,} idle visitors: memory per visitor", 8 * TOLERANCE
    try:
        with run.guichet_on_sqlite(Size(1, 0)) as deployment:
            measure_connections(deployment, WARM_UP_CONNECTIONS, '{"site":"demo"}', idle_s=1)
            metrics = measure_connections(deployment, CONNECTIONS, '{"site":"demo"}', idle_s=1)
    except MeasurementFailed as reason:
        return [not_measured(what, f"<= {limit:g} kB", reason)]
    return [at_most(what, metrics.kb_each, limit, "kB")]

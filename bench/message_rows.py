"""Rows about relayed messages: CPU per message and delivery latency, compared with Node's socket.io."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from bench.interleaving import RoundResults, run_interleaved
from bench.load_generator import Deployment, LoadResult
from bench.plan import Plan
from bench.rows import MeasurementFailed, Row, at_most, info, not_measured
from bench.servers import BenchRun, StartDeployment
from bench.stats import percentile

WARM_UP_S, MEASURE_S = 5, 5
# A server that relays a smaller share of the messages scheduled in an open loop is overloaded.
MIN_SHARE = 0.97


class MessageMetrics(NamedTuple):
    """One measurement. CPU is in ms per relayed message; `other_cpu_ms` is that of the worker. The latencies are from
    the scheduled moment to the agent. `other_events` counts the events per message that are no message."""

    relayed_per_s: float
    cpu_ms: float
    other_cpu_ms: float
    latency_p50_ms: float
    latency_p99_ms: float
    ack_p99_ms: float
    other_events: float

    @classmethod
    def from_result(cls, result: LoadResult) -> "MessageMetrics":
        relayed = result["relayed"]
        latencies_ms, acks_ms = ([us / 1000 for us in result[name]] for name in ("to_agent", "to_ack"))
        return cls(
            relayed / result["elapsed_s"],
            result["cpu_s"] / relayed * 1000,
            result["other_cpu_s"] / relayed * 1000,
            percentile(latencies_ms, 50),
            percentile(latencies_ms, 99),
            percentile(acks_ms, 99),
            result["other_events"] / relayed,
        )


MessageRounds = RoundResults[MessageMetrics]


def measure_messages(deployment: Deployment, subcommand: str, per_s: float = 0) -> MessageMetrics:
    """Run a closed loop (`relay`), or an open loop (`rate`) with `per_s` messages per second.

    Raises MeasurementFailed."""
    options = ("-W", str(WARM_UP_S), "-d", str(MEASURE_S), *(("-r", str(per_s)) if per_s else ()))
    result = deployment.run_load(subcommand, *options)
    require_valid(result, per_s)
    return MessageMetrics.from_result(result)


def require_valid(result: LoadResult, per_s: float) -> None:
    """Raises MeasurementFailed when the server was overloaded, refused a message or lost a connection."""
    relayed = result["relayed"]
    # Compared with the messages really scheduled: their number varies by chance.
    if not relayed or (per_s and relayed < result["scheduled"] * MIN_SHARE):
        expected = f" of {per_s:,.0f} scheduled" if per_s else ""
        relayed_per_s = f"{relayed / result['elapsed_s']:,.0f} messages/s"
        raise MeasurementFailed(f"overloaded: relayed {relayed_per_s}{expected} {result['log']}".strip())
    for name, problem in (("refused", "messages were refused"), ("lost", "connections were lost")):
        if result[name]:
            raise MeasurementFailed(f"{result[name]} {problem}; {result['log']}")


def measure_message_rounds(
    servers: Mapping[str, StartDeployment], subcommand: str, per_s: float, plan: Plan
) -> MessageRounds:
    """Measure each server in each round."""

    def measure(start: StartDeployment) -> MessageMetrics:
        with start() as deployment:
            return measure_messages(deployment, subcommand, per_s)

    measurements: dict[str, Callable[[], MessageMetrics]] = {
        name: partial(measure, start) for name, start in servers.items()
    }
    return run_interleaved(measurements, plan.rounds)


def relay_rows(run: BenchRun, plan: Plan) -> list[Row]:
    """A closed loop that saturates the server: a client sends the next message when it gets an answer."""
    rounds = measure_message_rounds({"node": run.node_socketio, "guichet": run.guichet_on_sqlite}, "relay", 0, plan)
    run.record("relay", rounds)
    rows = cpu_rows("saturated, every message stored before its ack", rounds, "guichet", 0.9)
    if not rounds.failure("guichet", "node"):
        ours_per_s, node_per_s = (rounds.median(name, lambda one: one.relayed_per_s) for name in ("guichet", "node"))
        other_events = rounds.median("guichet", lambda one: one.other_events)
        rows += [
            info("saturated: messages relayed", ours_per_s, "messages/s"),
            info("saturated: messages relayed by Node", node_per_s, "messages/s"),
            info("saturated: other events per message", other_events, "events"),
        ]
    return rows


def rate_rows(run: BenchRun, plan: Plan) -> list[Row]:
    """An open loop: messages are sent at random times, and latency counts from the scheduled moment."""
    servers: dict[str, StartDeployment] = {"node": run.node_socketio, "guichet": run.guichet_on_sqlite}
    rounds = measure_message_rounds(servers, "rate", plan.messages_per_s, plan)
    run.record("rate", rounds)
    what = f"{plan.messages_per_s:,.0f} messages/s"
    return [*cpu_rows(what, rounds, "guichet", 1.0), *latency_rows(what, rounds, "guichet", 3, 8)]


def postgres_rows(run: BenchRun, plan: Plan) -> list[Row]:
    """The open loop on PostgreSQL; CPU is that of the web process alone."""
    servers: dict[str, StartDeployment] = {"node": run.node_socketio, "guichet": run.guichet_on_postgres}
    rounds = measure_message_rounds(servers, "rate", plan.messages_per_s, plan)
    run.record("postgres", rounds)
    what = f"{plan.messages_per_s:,.0f} messages/s on PostgreSQL"
    return [*cpu_rows(what, rounds, "guichet", 1.2), *latency_info_rows(what, rounds, "guichet")]


def node_rows(run: BenchRun, plan: Plan) -> list[Row]:
    """Several nodes: each visitor is on one node, their agent on the next."""
    per_s = plan.messages_per_s / 3
    servers: dict[str, StartDeployment] = {
        "node": partial(run.node_socketio, 2),
        "two": partial(run.guichet_on_postgres, 2),
        "four": partial(run.guichet_on_postgres, 4),
    }
    rounds = measure_message_rounds(servers, "rate", per_s, plan)
    run.record("nodes", rounds)
    rows = cpu_rows(f"two nodes, {per_s:,.0f} messages/s, all cross", rounds, "two", 0.65)
    what = "four nodes: CPU per message, two nodes = 1"
    if reason := rounds.failure("two", "four"):
        return [*rows, not_measured(what, "<= 1.1 x", reason)]
    return [*rows, at_most(what, rounds.ratio("four", "two", lambda one: one.cpu_ms), 1.1, "x")]


# -- rows of one set of rounds ---------------------------------------------------------------------------------


def cpu_rows(what: str, rounds: MessageRounds, ours: str, limit: float) -> list[Row]:
    """CPU per message as a ratio to Node's, then both in ms."""
    goal, ratio_what = f"<= {limit:g} x", f"{what}: CPU per message, Node = 1"
    if reason := rounds.failure(ours, "node"):
        return [not_measured(ratio_what, goal, reason)]
    ratio = rounds.ratio(ours, "node", lambda one: one.cpu_ms)
    return [
        at_most(ratio_what, ratio, limit, "x"),
        info(f"{what}: CPU per 1,000 messages", rounds.median(ours, lambda one: one.cpu_ms) * 1000, "ms"),
        info(f"{what}: Node's CPU per 1,000 messages", rounds.median("node", lambda one: one.cpu_ms) * 1000, "ms"),
    ]


def latency_rows(what: str, rounds: MessageRounds, ours: str, p50: float, p99: float) -> list[Row]:
    """Latency with its goals in ms, then Node's, which stores nothing: its latency shows the machine's own share."""
    names = f"{what}: delivery latency, p50", f"{what}: delivery latency, p99"
    if reason := rounds.failure(ours):
        return [not_measured(name, f"<= {limit:g} ms", reason) for name, limit in zip(names, (p50, p99), strict=True)]
    return [
        at_most(names[0], rounds.median(ours, lambda one: one.latency_p50_ms), p50, "ms"),
        at_most(names[1], rounds.median(ours, lambda one: one.latency_p99_ms), p99, "ms"),
        *latency_info_rows(what, rounds, "node", " (Node)"),
    ]


def latency_info_rows(what: str, rounds: MessageRounds, server: str, suffix: str = "") -> list[Row]:
    """Latency without goals; no rows when the measurement failed."""
    if rounds.failure(server):
        return []
    return [
        info(f"{what}: delivery latency, p50{suffix}", rounds.median(server, lambda one: one.latency_p50_ms), "ms"),
        info(f"{what}: delivery latency, p99{suffix}", rounds.median(server, lambda one: one.latency_p99_ms), "ms"),
    ]

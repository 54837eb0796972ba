"""The short form for continuous integration: counts that must agree, no gate on time, ratios only told."""

from functools import partial

from bench.connection_rows import FIRST, crowd
from bench.fixtures import Size
from bench.load_generator import Stage, Told
from bench.plan import Plan
from bench.rows import NotReached, Row, at_most, equal, failed, told
from bench.servers import Contender, Workshop

FEW, CROWD = Size(agents=2, visitors=20), 1000
WARM_S, MEASURED_S = "2", "4"
# What is measured beside others, in seconds, on any machine: so much more than the goal is allowed.
GENEROSITY = 1.5


def short(shop: Workshop, _: Plan) -> list[Row]:
    """All that can be said in a minute on a busy machine."""
    return [row for part in (one_process, two_nodes, memory) for row in part(shop)]


def one_process(shop: Workshop) -> list[Row]:
    """`serve` on SQLite; Node's cost is told beside it."""
    rows, cpu = exactly_once("serve", partial(shop.serve, FEW))
    with partial(shop.node, 1, FEW)() as stage:
        yardstick = cost(talk(stage))
    if cpu:
        rows.append(
            told(f"serve: CPU a message, Node = 1 (goal 0.9 x, here {0.9 * GENEROSITY:.3g} x)", cpu / yardstick, "x")
        )
    return rows


def two_nodes(shop: Workshop) -> list[Row]:
    """Two `web` and a `worker` on PostgreSQL, visitors on one node and their agents on the other."""
    return exactly_once("two nodes", partial(shop.web, 2, FEW))[0]


def talk(stage: Stage) -> Told:
    return stage.play("relay", "-W", WARM_S, "-d", MEASURED_S)


def cost(said: Told) -> float:
    relayed: int = said["relayed"]
    return float(said["cpu_s"]) / max(1, relayed)


def exactly_once(name: str, contender: Contender) -> tuple[list[Row], float]:
    """What was sent, acknowledged, stored and delivered is the same number; and what one message cost."""
    try:
        with contender() as stage:
            said = talk(stage)
            stored = stage.stored()
    except NotReached as why:
        return [failed(f"{name}: every message once", "", why)], 0
    sent = said["sent"]
    return [
        Row(f"{name}: messages sent", f"{sent:,}", "some", sent > 0),
        equal(f"{name}: acknowledged", said["acked"], sent, "acks"),
        equal(f"{name}: acknowledged twice or refused", said["stray_acks"] + said["refused"], 0, "acks"),
        equal(f"{name}: stored", stored, sent, "rows"),
        equal(f"{name}: delivered", said["delivered"], sent, "messages"),
        equal(f"{name}: lines lost", said["lost"], 0, "connections"),
    ], cost(said)


def memory(shop: Workshop) -> list[Row]:
    """Memory is the same on a busy machine."""
    what, limit = f"an idle visitor of {CROWD:,}: memory", 8 * GENEROSITY
    try:
        with shop.serve(Size(1, 0)) as stage:
            crowd(stage, FIRST, '{"site":"demo"}', idle_s=1)
            found = crowd(stage, CROWD, '{"site":"demo"}', idle_s=1)
    except NotReached as why:
        return [failed(what, f"<= {limit:g} kB", why)]
    return [at_most(what, found.kb_each, limit, "kB")]

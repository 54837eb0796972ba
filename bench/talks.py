"""Rows about messages on their way: what one costs and how long it takes, beside the yardstick."""

from collections.abc import Mapping
from statistics import median
from typing import NamedTuple

from bench.contenders import Contender, Workshop
from bench.load import Stage, Told
from bench.rows import NotReached, Row, at_most, failed, told
from bench.sums import percentile, ratio

RELAYED_PER_S = 3000
WARM_S, MEASURED_S = 5, 5
# An open loop that relays less than this part of what was due has not been held.
HELD = 0.97


class Talk(NamedTuple):
    """One measurement: CPU in ms for one relayed message (that is, seconds for 1,000), latencies in ms."""

    per_s: float
    cpu: float
    others: float
    p50: float
    p99: float
    ack_p99: float

    @classmethod
    def of(cls, said: Told) -> "Talk":
        relayed = said["relayed"]
        heard, acks = ([us / 1000 for us in said[name]] for name in ("to_agent", "to_ack"))
        return cls(
            relayed / said["elapsed_s"],
            said["cpu_s"] / relayed * 1000,
            said["other_cpu_s"] / relayed * 1000,
            percentile(heard, 50),
            percentile(heard, 99),
            percentile(acks, 99),
        )


def talk(stage: Stage, play: str, per_s: float = 0) -> Talk:
    """Closed loop (`relay`), or open loop (`rate`) with so many messages a second. Raises NotReached."""
    options = ("-W", str(WARM_S), "-d", str(MEASURED_S), *(("-r", str(per_s)) if per_s else ()))
    said = stage.play(play, *options)
    check(said, per_s)
    return Talk.of(said)


def check(said: Told, per_s: float) -> None:
    """Raises NotReached for what makes a measurement worthless."""
    for name, words in (("refused", "sends were refused"), ("lost", "connections were lost")):
        if said[name]:
            raise NotReached(f"{said[name]} {words}; {said['said']}")
    reached = said["relayed"] / said["elapsed_s"]
    if not reached or reached < per_s * HELD or (per_s and said["held"]):
        raise NotReached(f"overloaded, {reached:,.0f} of {per_s:,.0f} messages/s were relayed")


Rounds = Mapping[str, list[Talk]]


def rounds(contenders: Mapping[str, Contender], play: str, per_s: float, times: int) -> Rounds:
    """Each in turn, so many times over."""
    found: dict[str, list[Talk]] = {name: [] for name in contenders}
    for _ in range(times):
        for name, contender in contenders.items():
            with contender() as stage:
                try:
                    found[name].append(talk(stage, play, per_s))
                except NotReached as why:
                    raise NotReached(f"{name}: {why}") from None
    return found


def middle(found: Rounds, name: str, what: str) -> float:
    values: list[float] = [getattr(one, what) for one in found[name]]
    return median(values)


def cost(what: str, found: Rounds, limit: float) -> list[Row]:
    """What a message costs beside what it costs Node, and both for themselves."""
    times = ratio([one.cpu for one in found["guichet"]], [one.cpu for one in found["node"]])
    yield_ = [at_most(f"{what}: CPU a message, Node = 1", times, limit, "x")]
    for name, called in (("guichet", "Guichet"), ("node", "Node")):
        yield_.append(told(f"{what}: CPU of {called} for 1,000", middle(found, name, "cpu") * 1000, "ms"))
    return yield_


def relay(shop: Workshop, times: int, _: float) -> list[Row]:
    """Saturated: whoever is answered speaks again."""
    what, limit = "saturated, every message stored before its ack", 0.9
    try:
        found = rounds({"node": shop.node, "guichet": shop.serve}, "relay", 0, times)
    except NotReached as why:
        return [failed(what, f"<= {limit} x", why)]
    speeds = [
        told(f"saturated: {called} relays", middle(found, name, "per_s"), "messages/s")
        for name, called in (("guichet", "Guichet"), ("node", "Node"))
    ]
    return [*cost(what, found, limit), *speeds]

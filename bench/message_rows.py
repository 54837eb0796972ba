"""Rows about messages on their way: what one costs and how long it takes, beside the yardstick."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from bench.interleaving import Rounds, interleaved
from bench.load_generator import Stage, Told
from bench.plan import Plan
from bench.rows import NotReached, Row, at_most, failed, told
from bench.servers import Contender, Workshop
from bench.stats import percentile

WARM_S, MEASURED_S = 5, 5
# An open loop that relays less than this part of what was due has not been held.
HELD = 0.97


class Talk(NamedTuple):
    """One measurement: CPU in ms for one relayed message, latencies in ms; `events` is what else clients were told."""

    per_s: float
    cpu: float
    others: float
    p50: float
    p99: float
    ack_p99: float
    events: float

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
            said["other_events"] / relayed,
        )


def talk(stage: Stage, play: str, per_s: float = 0) -> Talk:
    """Closed loop (`relay`), or open loop (`rate`) with so many messages a second. Raises NotReached."""
    options = ("-W", str(WARM_S), "-d", str(MEASURED_S), *(("-r", str(per_s)) if per_s else ()))
    said = stage.play(play, *options)
    check(said, per_s)
    return Talk.of(said)


def check(said: Told, per_s: float) -> None:
    """Raises NotReached for what makes a measurement worthless."""
    relayed = said["relayed"]
    # Held against what really fell due, for chance has its part in it.
    if not relayed or (per_s and relayed < said["due"] * HELD):
        due = f" where {per_s:,.0f} were due" if per_s else ""
        raise NotReached(
            f"overloaded: {relayed / said['elapsed_s']:,.0f} messages/s were relayed{due} {said['said']}".strip()
        )
    for name, words in (("refused", "sends were refused"), ("lost", "connections were lost")):
        if said[name]:
            raise NotReached(f"{said[name]} {words}; {said['said']}")


def costs(what: str, found: Rounds[Talk], ours: str, limit: float) -> list[Row]:
    """What a message costs beside what it costs Node, and both for themselves."""
    goal, head = f"<= {limit:g} x", f"{what}: CPU a message, Node = 1"
    if why := found.failure(ours, "node"):
        return [failed(head, goal, why)]
    ratio = found.ratio(ours, "node", lambda one: one.cpu)
    return [
        at_most(head, ratio, limit, "x"),
        told(f"{what}: CPU for 1,000 messages", found.median(ours, lambda one: one.cpu) * 1000, "ms"),
        told(f"{what}: Node's CPU for 1,000 messages", found.median("node", lambda one: one.cpu) * 1000, "ms"),
    ]


def talks(contenders: Mapping[str, Contender], play: str, per_s: float, plan: Plan) -> Rounds[Talk]:
    """Each contender in each round."""

    def one(contender: Contender) -> Talk:
        with contender() as stage:
            return talk(stage, play, per_s)

    acts: dict[str, Callable[[], Talk]] = {name: partial(one, each) for name, each in contenders.items()}
    return interleaved(acts, plan.rounds)


def relay(shop: Workshop, plan: Plan) -> list[Row]:
    """Saturated: whoever is answered speaks again."""
    found = talks({"node": shop.node, "guichet": shop.serve}, "relay", 0, plan)
    shop.keep("relay", found)
    rows = costs("saturated, every message stored before its ack", found, "guichet", 0.9)
    if not found.failure("guichet", "node"):
        rows += [
            told("saturated: relayed", found.median("guichet", lambda one: one.per_s), "messages/s"),
            told("saturated: relayed by Node", found.median("node", lambda one: one.per_s), "messages/s"),
            told("saturated: for one message clients are told besides", found.median("guichet", events), "events"),
        ]
    return rows


def events(one: Talk) -> float:
    """Cards, tickets and whatever else a message sets going."""
    return one.events


def rate(shop: Workshop, plan: Plan) -> list[Row]:
    """An open loop: messages come when they come, and a late one is late from the moment it was due."""
    found = talks({"node": shop.node, "guichet": shop.serve}, "rate", plan.per_s, plan)
    shop.keep("rate", found)
    what = f"{plan.per_s:,.0f} messages/s"
    return [*costs(what, found, "guichet", 1.0), *latencies(what, found, "guichet", 3, 8)]


def latencies(what: str, found: Rounds[Talk], ours: str, p50: float, p99: float) -> list[Row]:
    """From the moment a message was due until it was heard; the machine's own share is seen in Node's, which stores
    nothing."""
    heads = f"{what}: heard after, p50", f"{what}: heard after, p99"
    if why := found.failure(ours):
        return [failed(head, f"<= {limit:g} ms", why) for head, limit in zip(heads, (p50, p99), strict=True)]
    return [
        at_most(heads[0], found.median(ours, lambda one: one.p50), p50, "ms"),
        at_most(heads[1], found.median(ours, lambda one: one.p99), p99, "ms"),
        *heard(what, found, "node", " (Node)"),
    ]


def heard(what: str, found: Rounds[Talk], whose: str, aside: str = "") -> list[Row]:
    """The same without a goal."""
    if found.failure(whose):
        return []
    return [
        told(f"{what}: heard after, p50{aside}", found.median(whose, lambda one: one.p50), "ms"),
        told(f"{what}: heard after, p99{aside}", found.median(whose, lambda one: one.p99), "ms"),
    ]


def postgres(shop: Workshop, plan: Plan) -> list[Row]:
    """The same on PostgreSQL: the CPU of the web process alone."""
    found = talks({"node": shop.node, "guichet": shop.web}, "rate", plan.per_s, plan)
    shop.keep("postgres", found)
    what = f"{plan.per_s:,.0f} messages/s on PostgreSQL"
    return [*costs(what, found, "guichet", 1.2), *heard(what, found, "guichet")]


def nodes(shop: Workshop, plan: Plan) -> list[Row]:
    """Visitors on one node, their agents on the next."""
    per_s = plan.per_s / 3
    contenders: dict[str, Contender] = {
        "node": partial(shop.node, 2),
        "two": partial(shop.web, 2),
        "four": partial(shop.web, 4),
    }
    found = talks(contenders, "rate", per_s, plan)
    shop.keep("nodes", found)
    rows = costs(f"two nodes, {per_s:,.0f} messages/s, all cross", found, "two", 0.65)
    head = "four nodes: CPU a message, two nodes = 1"
    if why := found.failure("two", "four"):
        return [*rows, failed(head, "<= 1.1 x", why)]
    return [*rows, at_most(head, found.ratio("four", "two", lambda one: one.cpu), 1.1, "x")]

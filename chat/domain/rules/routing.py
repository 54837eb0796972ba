"""Who is offered a chat, and why."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

ExclusionReason = Literal["away", "department", "passed", "full"]
Rule = Literal["knew_visitor", "only_one", "fewest_chats", "longest_idle", "all_alike", "nobody"]
# Enough to see why it was this one; of a bigger team those are told of who came closest.
MAX_RECORDED_CANDIDATES = 20


class Candidate(NamedTuple):
    """An agent as the queue sees one: `chats` are places in use, ringing offers too; `passed` on this one."""

    agent: str
    chats: int
    capacity: int
    idle_s: float
    available: bool = True
    in_department: bool = True
    passed: bool = False
    knows_visitor: bool = False


class ConsideredCandidate(NamedTuple):
    """A candidate, and the reason why it was left out (None: it was not)."""

    candidate: Candidate
    excluded: ExclusionReason | None


class Decision(NamedTuple):
    """The agent chosen (None: nobody is free), the rule that decided, and those who were weighed, by id."""

    chosen: str | None
    rule: Rule
    considered: tuple[ConsideredCandidate, ...]


def pick(candidates: Iterable[Candidate]) -> Decision:
    """Of the free agents the one who knew the visitor, then with the fewest chats, then idle for longest.

    The same candidates in any order give the same decision: the smallest id settles what is otherwise alike.
    """
    return choose(sorted(candidates, key=preference), recorded=None)


def choose(ranked: Iterable[Candidate], recorded: int | None = MAX_RECORDED_CANDIDATES) -> Decision:
    """The same for candidates who come in the order of preference: looks no further than it must to name the first
    two of the free, and to tell of `told` in all (None: of everybody)."""
    weighed: list[ConsideredCandidate] = []
    free: list[Candidate] = []
    for one in ranked:
        weighed.append(ConsideredCandidate(one, exclusion_reason(one)))
        if weighed[-1].excluded is None:
            free.append(one)
        if recorded is not None and len(weighed) >= recorded and len(free) > 1:
            break
    return Decision(free[0].agent if free else None, _deciding_rule(free), tuple(sorted(weighed)))


def preference(one: Candidate) -> tuple[bool, int, float, str]:
    """Who comes before whom, free or not."""
    return not one.knows_visitor, one.chats, -one.idle_s, one.agent


def exclusion_reason(one: Candidate) -> ExclusionReason | None:
    """The first reason that leaves an agent out."""
    if not one.available:
        return "away"
    if not one.in_department:
        return "department"
    if one.passed:
        return "passed"
    return "full" if one.chats >= one.capacity else None


def _deciding_rule(free: list[Candidate]) -> Rule:
    """What set the first of the free apart from the second."""
    if not free:
        return "nobody"
    if free[0].knows_visitor:
        return "knew_visitor"
    if len(free) == 1:
        return "only_one"
    first, second = free[:2]
    if first.chats < second.chats:
        return "fewest_chats"
    return "longest_idle" if first.idle_s > second.idle_s else "all_alike"

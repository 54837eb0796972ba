"""Routing: which agent is offered a chat, and why."""

from collections.abc import Iterable
from typing import NamedTuple

from chat.vocabulary import ExclusionReason, RoutingRule

# Enough to explain a choice; of a bigger team a decision records the most preferred agents only.
MAX_RECORDED_CANDIDATES = 20


class Candidate(NamedTuple):
    """An agent as the queue sees them: `chats` are used slots, ringing offers included; `passed`: they have declined or
    missed this chat."""

    agent: str
    chats: int
    capacity: int
    idle_s: float
    available: bool = True
    in_department: bool = True
    passed: bool = False
    had_visitor: bool = False


class ConsideredCandidate(NamedTuple):
    """A candidate, and why they were excluded (None: they were not)."""

    candidate: Candidate
    excluded: ExclusionReason | None


class Decision(NamedTuple):
    """The chosen agent (None: nobody is free), the rule that decided, and the considered candidates by agent id."""

    chosen: str | None
    rule: RoutingRule
    considered: tuple[ConsideredCandidate, ...]


def pick(candidates: Iterable[Candidate]) -> Decision:
    """Of the free agents, choose one who knows the visitor; then the one with the fewest chats, then the longest idle.

    The smallest agent id breaks a tie, so the order of the candidates does not matter.
    """
    return choose(sorted(candidates, key=preference), recorded=None)


def choose(ranked: Iterable[Candidate], recorded: int | None = MAX_RECORDED_CANDIDATES) -> Decision:
    """As `pick`, for candidates sorted by `preference`.

    It reads no more of them than it needs to find the first two free ones and to record `recorded` (None: all).
    """
    considered: list[ConsideredCandidate] = []
    free: list[Candidate] = []
    for candidate in ranked:
        considered.append(ConsideredCandidate(candidate, exclusion_reason(candidate)))
        if considered[-1].excluded is None:
            free.append(candidate)
        if recorded is not None and len(considered) >= recorded and len(free) > 1:
            break
    return Decision(free[0].agent if free else None, _deciding_rule(free), tuple(sorted(considered)))


def preference(candidate: Candidate) -> tuple[bool, int, float, str]:
    """The sort key of candidates, free or not: the most preferred first."""
    return not candidate.had_visitor, candidate.chats, -candidate.idle_s, candidate.agent


def exclusion_reason(candidate: Candidate) -> ExclusionReason | None:
    """The first reason that excludes an agent, None if there is none."""
    if not candidate.available:
        return "away"
    if not candidate.in_department:
        return "department"
    if candidate.passed:
        return "passed"
    return "full" if candidate.chats >= candidate.capacity else None


def _deciding_rule(free: list[Candidate]) -> RoutingRule:
    """The rule that puts the first free candidate before the second."""
    if not free:
        return "nobody"
    if free[0].had_visitor:
        return "knew_visitor"
    if len(free) == 1:
        return "only_one"
    first, second = free[:2]
    if first.chats < second.chats:
        return "fewest_chats"
    return "longest_idle" if first.idle_s > second.idle_s else "all_alike"

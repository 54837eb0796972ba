"""Who is offered a chat, and why."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Excluded = Literal["away", "department", "passed", "full"]
Rule = Literal["knew_visitor", "only_one", "fewest_chats", "longest_idle", "all_alike", "nobody"]


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


class Weighed(NamedTuple):
    """A candidate, and the reason why it was left out (None: it was not)."""

    candidate: Candidate
    excluded: Excluded | None


class Decision(NamedTuple):
    """The agent chosen (None: nobody is free), the rule that decided, and all who were weighed, by id."""

    chosen: str | None
    rule: Rule
    weighed: tuple[Weighed, ...]


def pick(candidates: Iterable[Candidate]) -> Decision:
    """Of the free agents the one who knew the visitor, then with the fewest chats, then idle for longest.

    The same candidates in any order give the same decision: the smallest id settles what is otherwise alike.
    """
    weighed = tuple(Weighed(one, why_not(one)) for one in sorted(candidates))
    free = sorted((one for one, excluded in weighed if excluded is None), key=_preference)
    return Decision(free[0].agent if free else None, _deciding_rule(free), weighed)


def why_not(one: Candidate) -> Excluded | None:
    """The first reason that leaves an agent out."""
    if not one.available:
        return "away"
    if not one.in_department:
        return "department"
    if one.passed:
        return "passed"
    return "full" if one.chats >= one.capacity else None


def _preference(one: Candidate) -> tuple[bool, int, float, str]:
    return not one.knows_visitor, one.chats, -one.idle_s, one.agent


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

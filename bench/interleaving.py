"""Rounds: every contender in turn, so that what disturbs the machine disturbs neighbours alike."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Generic, NamedTuple, TypeVar

from bench.rows import NotReached
from bench.stats import ratio

T = TypeVar("T", bound=NamedTuple)
Part = Callable[[T], float]


@dataclass(frozen=True)
class Rounds(Generic[T]):
    """What each contender measured in each round, or why it did not come to an end there."""

    found: Mapping[str, list[T | NotReached]]

    def failure(self, *names: str) -> str:
        """Why some of these have no numbers, which is so when they failed in half of the rounds or more."""
        return "; ".join(f"{name}: {last_of(self.found[name])}" for name in names if failing(self.found[name]))

    def median(self, name: str, part: Part[T]) -> float:
        return median(part(one) for one in self.found[name] if not isinstance(one, NotReached))

    def ratio(self, ours: str, theirs: str, part: Part[T]) -> float:
        """The median of the rounds' own ratios, of those in which both came to an end."""
        both = zip(self.found[ours], self.found[theirs], strict=True)
        pairs = [
            (part(one), part(other))
            for one, other in both
            if not isinstance(one, NotReached) and not isinstance(other, NotReached)
        ]
        return ratio([one for one, _ in pairs], [other for _, other in pairs])

    def plain(self) -> dict[str, list[object]]:
        """For JSON."""
        return {
            name: [str(one) if isinstance(one, NotReached) else one._asdict() for one in rounds]
            for name, rounds in self.found.items()
        }


def failures(rounds: list[T | NotReached]) -> int:
    return sum(isinstance(one, NotReached) for one in rounds)


def failing(rounds: list[T | NotReached]) -> bool:
    return 2 * failures(rounds) >= len(rounds)


def last_of(rounds: list[T | NotReached]) -> NotReached:
    return next(one for one in reversed(rounds) if isinstance(one, NotReached))


def interleaved(acts: Mapping[str, Callable[[], T]], times: int) -> Rounds[T]:
    """Who has failed in half of all rounds is not asked again: it would take a minute more to hear the same."""
    found: dict[str, list[T | NotReached]] = {name: [] for name in acts}
    for number in range(1, times + 1):
        for name, act in acts.items():
            print(f"bench:   round {number}, {name}", file=sys.stderr, flush=True)
            given_up = 2 * failures(found[name]) >= times
            found[name].append(last_of(found[name]) if given_up else attempt(act))
    return Rounds(found)


def attempt(act: Callable[[], T]) -> T | NotReached:
    try:
        return act()
    except NotReached as why:
        print(f"bench:     {why}", file=sys.stderr, flush=True)
        return why

"""Rounds: every contender in turn, so that what disturbs the machine disturbs neighbours alike."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Generic, NamedTuple, TypeVar

from bench.rows import NotReached
from bench.sums import ratio

T = TypeVar("T", bound=NamedTuple)
Part = Callable[[T], float]


@dataclass(frozen=True)
class Rounds(Generic[T]):
    """What each contender measured in each round, and why some did not come to an end."""

    found: Mapping[str, list[T]]
    failures: Mapping[str, NotReached]

    def failure(self, *names: str) -> str:
        """Why one of these has no numbers; empty when all have."""
        return "; ".join(f"{name}: {self.failures[name]}" for name in names if name in self.failures)

    def median(self, name: str, part: Part[T]) -> float:
        return median(map(part, self.found[name]))

    def ratio(self, ours: str, theirs: str, part: Part[T]) -> float:
        """The median of the rounds' own ratios."""
        return ratio(list(map(part, self.found[ours])), list(map(part, self.found[theirs])))

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return {
            name: str(self.failures.get(name) or "") or [one._asdict() for one in self.found[name]]
            for name in self.found
        }


def interleaved(acts: Mapping[str, Callable[[], T]], times: int) -> Rounds[T]:
    """Who fails once is not asked again: it would cost a minute more to hear the same."""
    found: dict[str, list[T]] = {name: [] for name in acts}
    failures: dict[str, NotReached] = {}
    for number in range(1, times + 1):
        for name in [one for one in acts if one not in failures]:
            print(f"bench:   round {number}, {name}", file=sys.stderr, flush=True)
            try:
                found[name].append(acts[name]())
            except NotReached as why:
                failures[name] = why
    return Rounds(found, failures)

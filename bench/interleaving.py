"""Interleaved rounds: the servers are measured in turn, so that other load on the machine slows all of them alike."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Generic, NamedTuple, TypeVar

from bench.rows import MeasurementFailed
from bench.stats import median_ratio

T = TypeVar("T", bound=NamedTuple)
Metric = Callable[[T], float]


@dataclass(frozen=True)
class RoundResults(Generic[T]):
    """For each server, the metrics of each round or why its measurement failed."""

    results: Mapping[str, list[T | MeasurementFailed]]

    def failure(self, *names: str) -> str:
        """Why some of these servers have no metrics: they failed in half of the rounds or more. Otherwise empty."""
        failed = (name for name in names if mostly_failed(self.results[name]))
        return "; ".join(f"{name}: {last_failure(self.results[name])}" for name in failed)

    def median(self, name: str, metric: Metric[T]) -> float:
        return median(metric(one) for one in self.results[name] if not isinstance(one, MeasurementFailed))

    def ratio(self, ours: str, theirs: str, metric: Metric[T]) -> float:
        """The median of the ratios of the rounds in which neither failed."""
        both = zip(self.results[ours], self.results[theirs], strict=True)
        pairs = [
            (metric(one), metric(other))
            for one, other in both
            if not isinstance(one, MeasurementFailed) and not isinstance(other, MeasurementFailed)
        ]
        return median_ratio([one for one, _ in pairs], [other for _, other in pairs])

    def to_json(self) -> dict[str, list[object]]:
        return {
            name: [str(one) if isinstance(one, MeasurementFailed) else one._asdict() for one in rounds]
            for name, rounds in self.results.items()
        }


def count_failures(rounds: list[T | MeasurementFailed]) -> int:
    return sum(isinstance(one, MeasurementFailed) for one in rounds)


def mostly_failed(rounds: list[T | MeasurementFailed]) -> bool:
    return 2 * count_failures(rounds) >= len(rounds)


def last_failure(rounds: list[T | MeasurementFailed]) -> MeasurementFailed:
    return next(one for one in reversed(rounds) if isinstance(one, MeasurementFailed))


def run_interleaved(measurements: Mapping[str, Callable[[], T]], times: int) -> RoundResults[T]:
    """Run every measurement in each of `times` rounds.

    A measurement that has failed in half of all rounds is not run again: it would fail again after a minute."""
    results: dict[str, list[T | MeasurementFailed]] = {name: [] for name in measurements}
    for number in range(1, times + 1):
        for name, measure in measurements.items():
            print(f"bench:   round {number}, {name}", file=sys.stderr, flush=True)
            given_up = 2 * count_failures(results[name]) >= times
            results[name].append(last_failure(results[name]) if given_up else measure_once(measure))
    return RoundResults(results)


def measure_once(measure: Callable[[], T]) -> T | MeasurementFailed:
    try:
        return measure()
    except MeasurementFailed as reason:
        print(f"bench:     {reason}", file=sys.stderr, flush=True)
        return reason

"""The arithmetic: percentiles of latencies, medians of rounds, ratios between neighbours."""

import math
from collections.abc import Iterable, Sequence
from statistics import median


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least so many percent do not exceed (nearest rank); nan of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)] if ordered else math.nan


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of each round's ratio: what disturbs a machine disturbs two neighbours alike."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))

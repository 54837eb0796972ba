"""Statistics: percentiles of latencies, and ratios of interleaved rounds."""

import math
from collections.abc import Iterable, Sequence
from statistics import median


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank); nan without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)] if ordered else math.nan


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of each round's ratio: other load on the machine slows two adjacent measurements alike."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))

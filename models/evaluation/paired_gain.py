"""By how much one of two fits is better than the other on the same cases, with limits over groups. Pure.

The limits are those of a paired bootstrap t over groups (`paired_cost`). Where fewer than ten groups gain or lose, resamples know
too little: there both sums have gamma limits (Fay and Feuer 1997), put together by square and add (Zou and Donner 2008), and the
wider of both limits holds. Of single cases that are right or wrong it is about McNemar's test (1947).
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.evaluation import intervals, paired_cost

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

METHOD = "paired bootstrap t over groups"
FEW = 10  # groups


def limits(
    group: Places,
    weight: Floats,
    values: Floats,
    *,
    reach: Floats,
    counted: bool,
    resamples: Iterable[Floats],
    alpha: float,
) -> tuple[float, float, float]:
    """The weighted mean of what each case gains, and its limits.

    Args:
        group: What each case belongs with, 0 .. groups - 1.
        weight: What it stands for, above 0.
        values: What it gains; below 0: loses.
        reach: The most that it could.
        counted: A case gains 1, 0 or -1, so that gains and losses tell by their number, each for itself.
        resamples: How often each group is counted: blocks of rows, a row per resample, a column per group.
        alpha: In (0, 1), alpha / 2 on each side.
    """
    means, lows, highs = paired_cost.limits(weight, group, values[:, None], resamples, alpha)
    net, total = np.bincount(group, weight * values), float(weight.sum())
    mean, below, above = float(means[0]), 0.0, 0.0
    gained, lost = int((net > 0).sum()), int((net < 0).sum())
    if (min(gained, lost) if counted else gained + lost) < FEW:
        most = float(np.bincount(group, weight * reach).max())
        for sign in (1, -1):
            sums = np.maximum(sign * net, 0.0)
            y = float(sums.sum())
            least, largest = intervals.fay_feuer(y, float((sums**2).sum()), most, alpha)
            down, up = (y - float(least)) / total, (float(largest) - y) / total
            below, above = below + (down if sign > 0 else up) ** 2, above + (up if sign > 0 else down) ** 2
    low, high = mean - math.sqrt(below), mean + math.sqrt(above)
    return mean, min(float(lows[0]), low, mean), max(float(highs[0]), high, mean)

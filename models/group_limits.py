"""Limits of an error rate where cases come in groups that are right or wrong together (Korn and Graubard 1998).

Clopper-Pearson at an effective number of labels: that of independent ones which would give the rate the variance that the
groups show. Rows of one item counted one by one would make limits that are too narrow.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

METHOD = "Korn-Graubard, by group"
FEWEST = (
    10  # groups with an error; below it the variance seen means little, and groups are taken to be all alike inside
)


def above(
    confidence: Floats, wrong: Floats, group: NDArray[np.int64], weight: Floats, thresholds: Floats, alpha: float
) -> tuple[Floats, Floats, Floats]:
    """Error rate at or above each threshold and its two-sided limits, alpha / 2 on each side; NaN where no label is.

    One entry per label: `confidence`, `wrong` (0 or 1), `group` (any number), `weight` (1 / chance, alike within a group).
    The effective number is p (1 - p) / variance of the ratio estimator between groups, at most the number of labels, and
    taken down for the degrees of freedom. With fewer than 10 groups that hold an error it is at most Kish's number of groups.
    """
    order = np.argsort(-confidence, kind="stable")
    falling, bad, weights = confidence[order], wrong[order], weight[order]
    before, bad_before = _so_far(group[order], bad)
    square = weights**2
    sums = np.cumsum(
        [
            weights,
            weights * bad,
            square * (2 * before + 1),  # what one more label adds to its group's n^2, k^2 and n k
            square * bad * (2 * bad_before + 1),
            square * (bad_before + bad * (before + 1)),
            before == 0,
            (bad > 0) & (bad_before == 0),
            np.ones_like(weights),
        ],
        axis=1,
    )
    place = np.searchsorted(-falling, -np.asarray(thresholds), side="right")
    known = place > 0
    found = np.where(known, sums[:, np.maximum(place - 1, 0)], 1.0)
    n, k, nn, kk, kn, groups, erring, rows = found
    rate = np.clip(k / n, 0.0, 1.0)
    spread = groups / np.maximum(groups - 1, 1) * np.maximum(kk - 2 * rate * kn + rate**2 * nn, 0.0) / n**2
    kish = n**2 / nn
    varied = (spread > 0) & (groups > 1)
    seen = np.divide(rate * (1 - rate), spread, out=kish.copy(), where=varied)
    size = np.where(erring < FEWEST, np.minimum(seen, kish), seen)
    size = np.minimum(size * _freedom(rows, groups, alpha), rows)
    errors = rate * size
    low = np.where(errors > 0, special.betaincinv(np.maximum(errors, 1e-12), size - errors + 1, alpha / 2), 0.0)
    inner = np.maximum(size - errors, 1e-12)
    high = np.where(rate < 1, special.betainccinv(errors + 1, inner, alpha / 2), 1.0)
    return tuple(  # type: ignore[return-value]
        np.where(known, part, np.nan) for part in (rate, np.minimum(low, rate), np.maximum(high, rate))
    )


def _so_far(group: NDArray[np.int64], bad: Floats) -> tuple[Floats, Floats]:
    """Per row, how many rows of its group stand before it, and how many of them are wrong."""
    order = np.argsort(group, kind="stable")
    first = np.concatenate(([True], np.diff(group[order]) != 0)) if len(order) else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    own = np.cumsum(first) - 1
    sums = np.cumsum(bad[order]) - bad[order]
    before, bad_before = np.empty(len(order)), np.empty(len(order))
    before[order] = np.arange(len(order)) - starts[own]
    bad_before[order] = sums - sums[starts[own]]
    return before, bad_before


def _freedom(rows: Floats, groups: Floats, alpha: float) -> Floats:
    """(t of rows - 1 over t of groups - 1) squared: the variance between few groups is itself not known well."""
    wide, narrow = (special.stdtrit(np.maximum(part - 1, 1), 1 - alpha / 2) for part in (groups, rows))
    result: Floats = (narrow / wide) ** 2
    return result

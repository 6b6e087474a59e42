"""Limits of an error rate where cases come in groups that are right or wrong together (Korn and Graubard 1998).

Clopper-Pearson at an effective number of labels: that of independent ones which would give the rate the variance that the
groups show. Rows of one item counted one by one would make limits that are too narrow.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from models.evaluation import intervals

Floats = NDArray[np.float64]
Groups = NDArray[np.int64]

METHOD = "Korn-Graubard, by group"
FEWEST = (
    10  # groups with an error; below it the variance seen means little, and groups are taken to be all alike inside
)
LEVEL = 0.05  # of the t quantiles by which few groups count as fewer: a factor alike for every limit of a report


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How many labels of each region of a part's cases tell as much as one of a group of its own: 1 or more.

    `released`: of what was released, labels that are there; `worst`: the same with every sample without an answer wrong.
    `falling`, `sums`: of all labels, what `at` needs (`_sums`); empty: no two labels are of one group.
    """

    released: float
    worst: float
    falling: Floats
    sums: Floats

    def at(self, thresholds: ArrayLike) -> Floats:
        """At or above each threshold."""
        place = np.searchsorted(-self.falling, -np.asarray(thresholds, np.float64), side="right")
        factors = np.ones(len(place))
        factors[place > 0] = _factors(self.sums[:, place[place > 0] - 1])
        return factors


ALONE = Design(released=1.0, worst=1.0, falling=np.zeros(0), sums=np.zeros((10, 0)))


def designs(confidence: Floats, wrong: Floats, group: Groups, weight: Floats) -> tuple[Floats, Floats]:
    """`falling` and `sums` of a `Design`. One entry per label, as for `design`."""
    order = np.argsort(-confidence, kind="stable")
    return confidence[order], _sums(wrong[order], group[order], weight[order])


def design(wrong: Floats, group: Groups, weight: Floats) -> float:
    """Labels over their effective number, at least 1: by how much groups widen the limits of an error rate.

    One entry per label: `wrong` (0 or 1), `group` (any number), `weight` (1 / chance). It is the variance between groups
    over that of labels which each are a group of their own, so that what unequal weights add is not counted twice. Under
    unequal weights the variance of the weighted sum counts too, since their limits are those of a sum. With fewer than 10
    groups that hold an error at least Kish's: labels over the number of groups, as if each were all right or all wrong.
    Exactly 1 where no two labels are of one group, or there is none.
    """
    return float(_factors(_sums(wrong, group, weight)[:, -1:])[0]) if len(wrong) else 1.0


def _factors(sums: Floats) -> Floats:
    """`design` of each column of `_sums`."""
    n, k, nn, kk, kn, groups, erring, rows, square, square_bad = sums
    rate = k / n
    alone = (1 - 2 * rate) * square_bad + rate**2 * square  # of labels one by one: sum of (w (e - p))^2
    between = np.maximum(kk - 2 * rate * kn + rate**2 * nn, 0.0)
    few = groups / np.maximum(groups - 1, 1) * (rows - 1) / rows  # a mean of its own was taken off each
    some = (rate > 0) & (rate < 1) & (alone > 0)
    seen = few * np.divide(between, alone, out=np.ones_like(rate), where=some)
    # Alike weights: the square of their sum is their number times the sum of their squares.
    unequal = (k > 0) & (n**2 < (1 - 1e-9) * rows * square)
    seen = np.maximum(seen, np.divide(kk, square_bad, out=np.ones_like(rate), where=unequal))
    corrected = np.where(erring < FEWEST, np.maximum(seen, nn / square), seen) / _freedom(rows, groups, LEVEL)
    factors: Floats = np.where(groups == rows, 1.0, np.maximum(corrected, 1.0))
    return factors


def above(
    confidence: Floats, wrong: Floats, group: Groups, weight: Floats, thresholds: Floats, alpha: float
) -> tuple[Floats, Floats, Floats]:
    """Error rate at or above each threshold and its two-sided limits, alpha / 2 on each side; NaN where no label is.

    One entry per label: `confidence`, `wrong` (0 or 1), `group` (any number), `weight` (1 / chance).
    The effective number is p (1 - p) / variance of the ratio estimator between groups, at most the number of labels, and
    taken down for the degrees of freedom. With fewer than 10 groups that hold an error it is at most Kish's number of groups.
    """
    falling, sums = designs(confidence, wrong, group, weight)
    place = np.searchsorted(-falling, -np.asarray(thresholds), side="right")
    known = place > 0
    n, k, nn, kk, kn, groups, erring, rows, _, _ = np.where(known, sums[:, np.maximum(place - 1, 0)], 1.0)
    rate = np.clip(k / n, 0.0, 1.0)
    spread = groups / np.maximum(groups - 1, 1) * np.maximum(kk - 2 * rate * kn + rate**2 * nn, 0.0) / n**2
    kish = n**2 / nn
    varied = (spread > 0) & (groups > 1)
    seen = np.divide(rate * (1 - rate), spread, out=kish.copy(), where=varied)
    size = np.where(erring < FEWEST, np.minimum(seen, kish), seen)
    size = np.minimum(size * _freedom(rows, groups, alpha), rows)
    low, high = intervals.korn_graubard(rate, size, alpha)
    limits = rate, low, high
    return tuple(np.where(known, part, np.nan) for part in limits)  # type: ignore[return-value]


def _sums(bad: Floats, group: Groups, weight: Floats) -> Floats:
    """(10, rows): sums over the labels up to each. Of weights, and of those of the wrong; over groups, of the squares of
    both sums and of their product; groups, and those with an error; labels; of squares of weights, and of the wrong's."""
    wrong, square, one = weight * bad, weight**2, np.ones_like(weight)
    before, bad_before, heavy, heavy_bad = _so_far(group, np.array([one, bad, weight, wrong]))
    parts = [
        weight,
        wrong,
        weight * (2 * heavy + weight),  # what one more label adds to its group's n^2, k^2 and n k
        wrong * (2 * heavy_bad + wrong),
        weight * heavy_bad + wrong * (heavy + weight),
        before == 0,
        (bad > 0) & (bad_before == 0),
        one,
        square,
        square * bad,
    ]
    sums: Floats = np.cumsum(parts, axis=1, dtype=np.float64)
    return sums


def _so_far(group: Groups, values: Floats) -> Floats:
    """Per column of `values`, the sums over the columns of its group that stand before it."""
    order = np.argsort(group, kind="stable")
    first = np.concatenate(([True], np.diff(group[order]) != 0)) if len(order) else np.zeros(0, bool)
    own = np.cumsum(first) - 1
    sums = np.cumsum(values[:, order], axis=1) - values[:, order]
    before = np.empty_like(sums)
    before[:, order] = sums - sums[:, np.flatnonzero(first)[own]]
    return before


def _freedom(rows: Floats, groups: Floats, alpha: float) -> Floats:
    """(t of rows - 1 over t of groups - 1) squared: the variance between few groups is itself not known well."""
    wide, narrow = (special.stdtrit(np.maximum(part - 1, 1), 1 - alpha / 2) for part in (groups, rows))
    result: Floats = (narrow / wide) ** 2
    return result

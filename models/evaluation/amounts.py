"""The mean and the quantiles of an amount, such as what an answer costs, from cases with known chances to be among them. Pure.

A mean is the sum of weighted amounts over the sum of weights. Its variance is the linearised one (Särndal, Swensson and Wretman
1992, section 5.5) and its limits are taken on the scale of the logarithm, for a few amounts are large and none is below 0. A
quantile is the least amount at which the weighted share of cases reaches it, and its limits are the quantiles at the limits of
that share (Woodruff 1952): Clopper-Pearson at an effective number of cases (Korn and Graubard 1998), which is at most Kish's, the
square of the sum of weights over the sum of their squares. Cases of a day cost alike, so the variance is at least that of sums
over groups, with a quantile of t for few groups.

Premise: what is not among the cases is like what is. An amount that has not come yet, however large, lies beyond any limit.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.evaluation import intervals
from models.evaluation.estimate import Estimate, NotEnoughEvidence

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

MEAN, QUANTILE = "weighted mean, by group", "weighted quantile, by group"
FEWEST = 30  # amounts
_FEW_GROUPS = 2
_WIDEST = 10.0  # times the mean: a limit beyond that says nothing


def mean(amounts: Floats, weights: Floats, groups: Numbers, alpha: float) -> Estimate | NotEnoughEvidence:
    """The mean amount, with limits, alpha / 2 on each side.

    Args:
        amounts: One of each case, 0 or more, in any unit.
        weights: What each case stands for: 1 / the chance that it is among them, at least 1.
        groups: What is alike, a number for each case, such as its day.
        alpha: In (0, 1).

    Returns:
        n is the number of cases; errors is 0. Not enough below 30 cases or 2 groups, or where the limits lie ten times apart from
        the mean.

    Raises:
        ValueError: The arrays differ in length, an amount is negative or no number, or a weight is below 1.

    >>> known = mean(np.tile([1.0, 3.0], 20), np.ones(40), np.arange(40) // 4, 0.05)
    >>> f"{known.low:.2f} {known.value:.2f} {known.high:.2f}"
    '1.67 2.00 2.40'
    """
    few = _too_few(amounts, weights, groups)
    if few is not None:
        return few
    value = float(weights @ amounts / weights.sum())
    step = _step(weights * (amounts - value) / weights.sum(), groups, alpha)
    if step > math.log(_WIDEST) * value:
        return NotEnoughEvidence(reason="too few answers to say", n=len(amounts), errors=0)
    factor = math.exp(step / value) if step > 0 else 1.0
    return Estimate(
        value=value, low=value / factor, high=value * factor, alpha=alpha, n=len(amounts), errors=0, method=MEAN
    )


def quantile(
    amounts: Floats, weights: Floats, groups: Numbers, share: float, alpha: float
) -> Estimate | NotEnoughEvidence:
    """The amount that a share of cases stays at or below, with limits. `share`: in (0, 1), 0.5 is the median; the rest as `mean`.

    Not enough either where the limits of the share reach beyond the largest amount: what lies there nobody has seen.

    >>> known = quantile(np.arange(1.0, 101.0), np.ones(100), np.arange(100) % 10, 0.5, 0.05)
    >>> known.low, known.value, known.high
    (39.0, 50.0, 62.0)
    """
    few = _too_few(amounts, weights, groups)
    if few is not None:
        return few
    order = np.argsort(amounts, kind="stable")
    rising, shares = amounts[order], np.cumsum(weights[order]) / weights.sum()

    def at(one: float) -> int:
        return min(int(np.searchsorted(shares, one - 1e-12)), len(rising) - 1)

    value = float(rising[at(share)])
    below = (amounts <= value).astype(np.float64)
    step = _step(weights * (below - float(weights @ below) / weights.sum()) / weights.sum(), groups, alpha)
    size = float(weights.sum() ** 2 / (weights @ weights))
    if step > 0:
        size = min(size, share * (1 - share) * (float(special.ndtri(1 - alpha / 2)) / step) ** 2)
    low, high = (at(float(one)) for one in intervals.korn_graubard(share, size, alpha))
    unseen = share**size > alpha / 2 or high == len(rising) - 1
    if unseen and rising[-1] > value:
        return NotEnoughEvidence(reason="too few answers to say", n=len(amounts), errors=0)
    return Estimate(
        value=value,
        low=float(rising[low]),
        high=float(rising[high]),
        alpha=alpha,
        n=len(amounts),
        errors=0,
        method=QUANTILE,
    )


def _too_few(amounts: Floats, weights: Floats, groups: Numbers) -> NotEnoughEvidence | None:
    if not len(amounts) == len(weights) == len(groups):
        raise ValueError("one amount, one weight and one group per case")
    if not np.all((amounts >= 0) & np.isfinite(amounts)) or not np.all(weights >= 1):
        raise ValueError("an amount is 0 or more, and a case stands for at least itself")
    if len(amounts) < FEWEST:
        return NotEnoughEvidence(reason=f"{len(amounts)} of {FEWEST} answers so far", n=len(amounts), errors=0)
    if len(np.unique(groups)) < _FEW_GROUPS:
        return NotEnoughEvidence(reason="answers of one day alone so far", n=len(amounts), errors=0)
    return None


def _step(parts: Floats, groups: Numbers, alpha: float) -> float:
    """Half the width of the limits of a sum of parts whose mean is 0: by group or case by case, whichever is wider."""
    sums = np.bincount(np.unique(groups, return_inverse=True)[1], parts)
    alone = len(parts) / (len(parts) - 1) * float(parts @ parts)
    between = len(sums) / (len(sums) - 1) * float(sums @ sums)
    return float(special.stdtrit(len(sums) - 1, 1 - alpha / 2)) * math.sqrt(max(alone, between))

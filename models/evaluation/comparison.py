"""Two models on the same cases: which is right more often, with limits, from blind labels with known propensities. Pure.

Only cases in which one of the two is right and the other wrong say anything (McNemar 1947). The difference is the weighted sum of
those where the other is right less that of those where this one is. Each sum has gamma limits (Fay and Feuer 1997), and the
difference those of both by square and add (Zou and Donner 2008).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation import intervals
from models.evaluation.estimate import Estimate, NotEnoughEvidence

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

METHOD = "paired Fay-Feuer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """`ours`, `theirs`: the share of cases in which each model is right, in [0, 1].

    `more`: by how much the other is right more often, in [-1, 1]; its n is the number of labels, its errors are those in which
    one of the two alone is right.
    """

    ours: float
    theirs: float
    more: Estimate

    @property
    def apart(self) -> int:
        """1: the other model is surely right more often; -1: surely less often; 0: that is not known."""
        return int(self.more.low > 0) - int(self.more.high < 0)


def paired(ours: Bools, theirs: Bools, weights: Floats, alpha: float) -> Paired | NotEnoughEvidence:
    """Compare two models.

    Args:
        ours: Whether this model is right, one per settled blind label.
        theirs: Whether the other is, in the same order.
        weights: What each label stands for: 1 / propensity, at least 1.
        alpha: In (0, 1): the chance that the limits miss the difference, whatever it is.

    Raises:
        ValueError: The arrays differ in length, or a weight is below 1.

    >>> seen = paired(np.repeat([True, False], [90, 10]), np.repeat([True, True], [90, 10]), np.ones(100), 0.05)
    >>> f"{seen.more.low:.3f} {seen.more.value:.3f} {seen.more.high:.3f}"
    '0.036 0.100 0.184'
    """
    if not len(ours) == len(theirs) == len(weights):
        raise ValueError("one outcome of each model and one weight per label")
    if not len(ours):
        return NotEnoughEvidence(reason="no case that people have settled was answered by both", n=0, errors=0)
    if np.any(weights < 1):
        raise ValueError("a label stands for at least itself: give weights of 1 and above")
    total, most = float(weights.sum()), float(weights.max())

    def limits(alone: Bools) -> tuple[float, float, float]:
        y, v = float(weights[alone].sum()), float((weights[alone] ** 2).sum())
        low, high = intervals.fay_feuer(y, v, most, alpha)
        return y / total, float(low) / total, min(float(high) / total, 1.0)

    gained, least_gained, most_gained = limits(theirs & ~ours)
    lost, least_lost, most_lost = limits(ours & ~theirs)
    return Paired(
        ours=float(weights[ours].sum()) / total,
        theirs=float(weights[theirs].sum()) / total,
        more=Estimate(
            value=gained - lost,
            low=gained - lost - math.hypot(gained - least_gained, most_lost - lost),
            high=gained - lost + math.hypot(most_gained - gained, lost - least_lost),
            alpha=alpha,
            n=len(ours),
            errors=int((ours != theirs).sum()),
            method=METHOD,
        ),
    )

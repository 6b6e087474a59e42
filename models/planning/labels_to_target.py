"""How many blind labels show that an error is below a target, if labels say "wrong" with a known chance. Pure.

The certificate of one threshold (docs/method.md 4.1) is granted at the first n at which log E(k, n) >= -log level. With j labels
wrong that takes n_j labels, so it is granted by n_j where at any n_i up to there at most i were wrong. The chance of that is
summed here, exactly, over all ways in which wrong labels can come. A number of labels is the first at which it is 4 in 5.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.certification import certificate, e_values

Floats = NDArray[np.float64]

CHANCE = 0.8
FAR = 40  # times the fewest labels that could be enough: who needs more will not get there


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """`n` labels, by which the target is shown with the exact `chance`."""

    n: int
    chance: float


def needed(rate: float, target: float, level: float, *, chance: float = CHANCE, group_size: int = 1) -> Labels | None:
    """The fewest labels that are enough with such a chance, if each is wrong with chance `rate`, independently.

    Args:
        rate: In [0, 1].
        target: The error that is to be shown, in (0, 1).
        level: The share of delta of this threshold, in (0, 1).
        chance: In (0, 1).
        group_size: Cases of a group that may be released; above 1 a single one wins and loses less.

    Returns:
        None: no number of labels is enough with that chance, or more than `most`.

    >>> needed(0.0, 0.01, 0.05), needed(0.02, 0.01, 0.05)
    (Labels(n=377, chance=1.0), None)
    >>> needed(0.002, 0.01, 0.05).n
    1079
    """
    if rate >= target:
        return None
    waiting: Floats = np.ones(1)  # the chance of each number of wrong labels so far, where nothing is granted yet
    granted, before, wrong, end = 0.0, 0, 0, most(target, level, group_size=group_size)
    while True:
        n = _fewest(wrong, before, target, level, group_size)
        if n > end:
            return None
        more = np.arange(min(n - before, _tail(n - before, rate)) + 1)
        waiting = np.asarray(np.convolve(waiting, _binomial(more, n - before, rate)), np.float64)
        granted += float(waiting[: wrong + 1].sum())
        waiting[: wrong + 1] = 0.0
        before, wrong = n, wrong + 1
        if granted >= chance:
            return Labels(n=n, chance=min(granted, 1.0))


def most(target: float, level: float, *, group_size: int = 1) -> int:
    """The number of labels up to which is looked.

    >>> most(0.01, 0.05)
    11960
    """
    return FAR * group_size * certificate.fewest(target, level)


def _fewest(wrong: int, at_least: int, target: float, level: float, group_size: int) -> int:
    """The fewest labels that show the target with so many of them wrong; they are more than with one wrong less."""

    def enough(n: int) -> bool:
        if group_size == 1:
            log_e = e_values.constant(wrong, n, target)
        else:
            share = (1 - target) / (group_size - target)  # as in `certificate.needed`
            log_e = e_values.unequal([n - wrong], [wrong], [share], target)
        return float(log_e) >= -math.log(level)

    low = max(at_least, wrong)
    step = certificate.fewest(target, level)
    high = low + step
    while not enough(high):
        low, high = high, high + step
        step *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _tail(n: int, rate: float) -> int:
    """A number of wrong labels among n that is passed once in 10^12 times."""
    mean = n * rate
    return math.ceil(mean + 8 * math.sqrt(mean) + 30)


def _binomial(k: NDArray[np.int64], n: int, rate: float) -> Floats:
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    chances: Floats = np.exp(ways + special.xlogy(k, rate) + special.xlog1py(n - k, -rate))
    return chances

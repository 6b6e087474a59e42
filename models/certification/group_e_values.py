"""Evidence where cases come in groups (customer, document, item): a group is one sample and one unit (docs/method.md 4.1b).

The promise stays one about cases: a group with n cases at or above a threshold, k of them wrong, multiplies the bet by

    1 + x * (pm / pi) * (alpha * n - k) / ((1 - alpha) * m)

with m the largest group there can be, fixed without a look at labels. For n = m = 1 it is the bet of `e_values.unequal`.
"""

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.certification import e_values

Floats = NDArray[np.float64]


def bets(n: ArrayLike, k: ArrayLike, ratio: ArrayLike, m: int, alpha: float, *, times: ArrayLike = 1.0) -> Floats:
    """Log of the product of the groups' factors, one per stake of `e_values.stakes`: shape (..., 48).

    `n`, `k`, `ratio`, `times`: (..., groups), or what broadcasts to it: cases of the group at or above the threshold (at
    most `m`), the wrong of them, pm / pi in (0, 1], and how many groups are alike. Sums of bets over disjoint groups are the
    bets of all. Raises ValueError outside these ranges.
    """
    size, wrong, share, alike = np.broadcast_arrays(*(np.asarray(part, np.float64) for part in (n, k, ratio, times)))
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha!r}: give a target error between 0 and 1")
    if not np.all((wrong >= 0) & (wrong <= size) & (size <= m)):
        raise ValueError(f"a group has 0 to {m} cases, and at most as many errors as cases")
    if not np.all((share > 0) & (share <= 1)):
        raise ValueError("a ratio of propensities must be above 0 and at most 1: no group may fall below the smallest")
    stake, _ = _stakes()
    gain = share * (alpha * size - wrong) / ((1 - alpha) * m)
    result: Floats = np.einsum("...g,...gx->...x", alike, np.log1p(gain[..., None] * stake))
    return result


def mixed(logs: ArrayLike) -> Floats:
    """log E from bets (..., 48): their mean over the stakes."""
    values = np.asarray(logs, np.float64)
    _, weights = _stakes()
    peak = values.max(-1, keepdims=True)
    result: Floats = peak[..., 0] + np.log(np.exp(values - peak) @ weights)
    return result


def log_e(n: ArrayLike, k: ArrayLike, ratio: ArrayLike, m: int, alpha: float, *, times: ArrayLike = 1.0) -> Floats:
    """log E of groups, shape (...); arguments and errors as those of `bets`."""
    return mixed(bets(n, k, ratio, m, alpha, times=times))


@functools.cache
def _stakes() -> tuple[Floats, Floats]:
    """The stakes and their weights, worked out once."""
    return e_values.stakes()

"""Evidence that the error above a threshold is below the target: e-values, valid whenever one looks.

An e-value is a bet against "the error is alpha or more": it starts at 1 and, if that is so, its expectation stays at most
1, so the chance that it *ever* reaches 1/delta is at most delta, however often one looks and however earlier labels changed
the routing (Ville 1939; Waudby-Smith and Ramdas 2024; Xu, Karampatziakis and Mineiro 2024). All values are natural logs.
"""

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_A, _B = 0.5, 1.0  # the prior of error / alpha: much weight near zero, where a good model is
_STAKES = 48  # a mixture over any number of stakes is an e-value; fewer lose power where labels are many


def constant(wrong: ArrayLike, n: ArrayLike, alpha: float) -> Floats:
    """log E, elementwise, for `wrong` of `n` blind labels sampled with one propensity (docs/method.md 4.1, first formula).

    Raises ValueError if alpha is not in (0, 1) or a count is negative or above n.
    """
    return mixture(wrong, n, alpha, a=_A, b=_B)


def mixture(wrong: ArrayLike, n: ArrayLike, alpha: float, *, a: float, b: float) -> Floats:
    """The same with a Beta(a, b) prior of the error rate, truncated to [0, alpha] (Howard et al. 2021, proposition 7).

    -inf where the rate seen is so far above alpha that the evidence is below the smallest double. Raises ValueError as
    `constant` does.
    """
    from scipy import special  # half a second, which a flow that looks at no evidence does without

    k, total = _counts(wrong, n, alpha)
    right = total - k
    with np.errstate(divide="ignore"):  # log 0 = -inf is the answer where the integral underflows
        posterior = special.betaln(a + k, b + right) + np.log(special.betainc(a + k, b + right, alpha))
    prior = special.betaln(a, b) + np.log(special.betainc(a, b, alpha))
    result: Floats = posterior - prior - k * np.log(alpha) - right * np.log1p(-alpha)
    return result


@functools.cache
def stakes() -> tuple[Floats, Floats]:
    """48 stakes in (0, 1) and their weights (sum 1): (1 - stake) ~ Beta(1/2, 1), by Gauss-Legendre nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(_STAKES)
    return 1 - ((nodes + 1) / 2) ** 2, weights / 2


def unequal(right: ArrayLike, wrong: ArrayLike, ratio: ArrayLike, alpha: float) -> Floats:
    """log E for labels with unequal or changing propensities (docs/method.md 4.1, second formula).

    `right`, `wrong`: (..., groups), how many blind labels of each group. `ratio`: (groups,) or (..., groups), pm/pi in
    (0, 1] of the group: the smallest propensity its policy gives any case at or above the threshold, over its own.
    Returns shape (...). With every ratio 1 it is `constant`. Raises ValueError outside these ranges.
    """
    good, bad, share = (np.asarray(part, np.float64) for part in (right, wrong, ratio))
    _counts(bad, good + bad, alpha)
    if not np.all((share > 0) & (share <= 1)):
        raise ValueError("a ratio of propensities must be above 0 and at most 1: no case may fall below the smallest")
    stake, weights = stakes()
    step = share[..., None] * stake
    bets = np.einsum("...g,...gx->...x", good, np.log1p(step * alpha / (1 - alpha)))
    bets += np.einsum("...g,...gx->...x", bad, np.log1p(-step))
    peak = bets.max(-1, keepdims=True)
    result: Floats = peak[..., 0] + np.log(np.exp(bets - peak) @ weights)
    return result


def binomial(wrong: ArrayLike, n: ArrayLike, alpha: float) -> Floats:
    """-log p of "the error is alpha or more", for one look only: p = P(Binomial(n, alpha) <= wrong) (docs/method.md 4.3).

    Comparable to log E at one look: both reach log(1/level) with probability at most `level`. Raises ValueError as
    `constant` does.
    """
    from scipy import special

    k, total = _counts(wrong, n, alpha)
    # An error rate far below alpha has a p below the smallest double: -log p is then cut at 745.
    result: Floats = -np.log(
        np.maximum(special.bdtr(k, total.astype(np.int64), alpha), np.finfo(np.float64).smallest_subnormal)
    )
    return result + 0.0  # no minus zero


def running(before: ArrayLike | None, latest: ArrayLike) -> Floats:
    """The running maximum over looks; `before` None: the first look. Never below 0, where every bet starts (E = 1).

    Raises ValueError if the two differ in shape (another grid is another certificate) or the latest holds a NaN.

    >>> running(None, [1.0, 3.0, 2.0]).tolist()
    [1.0, 3.0, 2.0]
    >>> running([2.0, 2.0, 2.0], [1.0, 3.0, 2.0]).tolist()
    [2.0, 3.0, 2.0]
    """
    now = np.asarray(latest, np.float64)
    past = np.zeros_like(now) if before is None else np.asarray(before, np.float64)
    if past.shape != now.shape:
        raise ValueError(f"running maxima of {past.size} thresholds cannot go on with {now.size}")
    if np.isnan(now).any():
        raise ValueError("evidence must be a number")
    result: Floats = np.maximum(np.maximum(past, now), 0.0)
    return result


def _counts(wrong: ArrayLike, n: ArrayLike, alpha: float) -> tuple[Floats, Floats]:
    k, total = np.asarray(wrong, np.float64), np.asarray(n, np.float64)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha!r}: give a target error between 0 and 1")
    if not np.all((k >= 0) & (k <= total)):
        raise ValueError("more errors than labels, or fewer than none")
    return k, total

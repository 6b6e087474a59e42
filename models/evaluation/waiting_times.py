"""How long something takes while some of it is not over yet: quantiles of a waiting time, cases still open censored. Pure.

The share that waits longer than t is Kaplan and Meier's (1958), S(t), and a quantile the first t by which enough is over. Its
limits are the times by which the limits of S(t), on the scale log(-log S), are so low (Brookmeyer and Crowley 1982). The
variance of S is Greenwood's (1926). Cases that were decided together wait together, so where `groups` are given it is at least
that of sums over groups, with a quantile of t for few groups (Ying and Wei 1994): a hundred cases of one day tell little more
than one.

Premise: what came last waits like what came before. Where a backlog grows, the newest cases wait longer than this says.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.evaluation.estimate import Estimate, NotEnoughEvidence

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Numbers = NDArray[np.int64]

METHOD = "Kaplan-Meier"
BY_GROUP = ", by day"


def quantile(
    waited: Floats, still: Bools, share: float, alpha: float, *, groups: Numbers | None = None
) -> Estimate | NotEnoughEvidence:
    """The time by which a share of cases is over, in the unit of `waited`.

    Args:
        waited: How long each case took, or has waited so far; 0 or more.
        still: Whether it is not over yet.
        share: In (0, 1): 0.5 is the median.
        alpha: In (0, 1), alpha / 2 on each side.
        groups: What waits together, a number for each case; None: each by itself.

    Returns:
        n is the number of cases, errors how many of them are not over. Not enough where a limit lies beyond what was seen.

    Raises:
        ValueError: The arrays differ in length, or a time is negative or no number.

    >>> known = quantile(np.arange(1.0, 31.0), np.zeros(30, bool), 0.5, 0.05)
    >>> known.value, known.low, known.high
    (15.0, 10.0, 21.0)
    """
    if len(waited) != len(still) or (groups is not None and len(groups) != len(waited)):
        raise ValueError("one time, one state and one group per case")
    if not np.all(waited >= 0):
        raise ValueError("a waiting time is 0 or more")
    n, left = len(waited), int(still.sum())
    if n == left:
        reason = "no case is over yet" if n else "there is no case"
        return NotEnoughEvidence(reason=reason, n=n, errors=left)
    times, survival, low, high = _curve(waited, still, alpha, groups)
    ends = [_first(times, curve, 1 - share) for curve in (low, survival, high)]
    if ends[1] is None or ends[2] is None or ends[0] is None:
        unknown = "cases" if groups is None else "days"
        return NotEnoughEvidence(reason=f"too few {unknown} are over to say", n=n, errors=left)
    return Estimate(
        value=ends[1],
        low=ends[0],
        high=ends[2],
        alpha=alpha,
        n=n,
        errors=left,
        method=METHOD + (BY_GROUP if groups is not None else ""),
    )


def reached(waited: Floats, still: Bools, share: float) -> float | None:
    """The same without limits, of a replay: its cases are all there are. None: it is not reached.

    >>> reached(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, False, True, True]), 0.5)
    2.0
    """
    if not len(waited) or still.all():
        return None
    times, survival, _, _ = _counted(waited, still)
    return _first(times, survival, 1 - share)


def _first(times: Floats, curve: Floats, level: float) -> float | None:
    """The first time at which a falling curve is at the level or below."""
    below = np.flatnonzero(curve <= level + 1e-12)  # what is left of a half is a half
    return float(times[below[0]]) if len(below) else None


def _counted(waited: Floats, still: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """Each time at which a case ended, S there, how many were at risk, how many ended."""
    times = np.unique(waited[~still])
    risk = len(waited) - np.searchsorted(np.sort(waited), times, side="left").astype(np.float64)
    ended = np.bincount(np.searchsorted(times, waited[~still]), minlength=len(times)).astype(np.float64)
    survival = np.asarray(np.cumprod((risk - ended) / risk), np.float64)
    return times, survival, risk, ended


def _curve(waited: Floats, still: Bools, alpha: float, groups: Numbers | None) -> tuple[Floats, Floats, Floats, Floats]:
    """Times at which cases ended, S there, and its limits."""
    times, survival, risk, ended = _counted(waited, still)
    rest = survival > 0  # after it nobody waits, and the variance has no end
    kept = np.where(rest, risk - ended, 1.0)
    variance = np.cumsum(np.where(rest, ended / (risk * kept), 0.0))
    wide, alone = float(special.ndtri(1 - alpha / 2)), len(waited)
    if groups is not None:
        alone = len(np.unique(groups))
        if alone < 2:
            return times, survival, np.zeros_like(times), np.ones_like(times)
        variance = np.maximum(variance, _between(times, risk, ended, waited, still, groups))
        wide = float(special.stdtrit(alone - 1, 1 - alpha / 2))
    inner = np.clip(survival, 1e-300, 1 - 1e-16)
    scale = np.log(-np.log(inner))
    step = wide * np.sqrt(variance) / -np.log(inner)
    low, high = (np.exp(-np.exp(np.minimum(scale + side * step, 700.0))) for side in (1, -1))
    # Nobody of so many waits longer: their share has the exact limit of none among them.
    none = 1 - (alpha / 2) ** (1 / alone)
    return times, survival, np.where(rest, low, 0.0), np.where(rest, high, none)


def _between(times: Floats, risk: Floats, ended: Floats, waited: Floats, still: Bools, groups: Numbers) -> Floats:
    """The variance of -log S from sums over groups: what each group adds to it beyond its part of those at risk."""
    names, member = np.unique(groups, return_inverse=True)
    total = np.zeros_like(times)
    for group in range(len(names)):
        own = member == group
        over = np.searchsorted(times, waited[own & ~still])
        at_risk = own.sum() - np.searchsorted(np.sort(waited[own]), times, side="left")
        more = np.bincount(over, minlength=len(times)) - at_risk * ended / risk
        total += np.cumsum(more / np.maximum(risk - ended, 1.0)) ** 2
    result: Floats = total * len(names) / (len(names) - 1)
    return result

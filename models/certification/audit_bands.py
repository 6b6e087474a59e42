"""Where audits tell most: an audit rate for each band of confidence, from the errors that earlier labels show there.

Of the evidence for a threshold the right answers are what is won, and the wrong ones are what it costs; each counts for pm / pi
(docs/method.md 4.1). In a band that is read more often each error weighs less. A band that is read less often lowers
pm, and with it what every label wins. So the tilt is mild, and there is none where it does not pay:

    error  = (wrong + 1/2) / (labels + 1) of each band, made to rise from the surest band to the least sure
    rate   = audit_rate * error^(3/8) / mean of error^(3/8), pulled together until the smallest is .6 of the mean

The mean over the released stays the audit rate of the policy. Bands are registered with the policy before any case is sampled by
them, so what is known of earlier cases may choose them: the evidence of later ones takes each propensity as logged.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.evaluation.outcome import SETTLED, Outcome
from models.routing import policy

Floats = NDArray[np.float64]
Bands = tuple[tuple[float, float], ...]

POWER = (
    3 / 8
)  # of the estimated error: between the fourth root and the square root, as docs/results/audit-bands.md has it
LEAST = 0.6  # of the mean rate: the smallest rate of a band
ERRORS = 20  # among the labels of the released: with fewer nobody knows where they are
PAYS = 0.95  # of the labels that equal rates would take, from which bands are worth having
_STAKES = np.linspace(0.02, 0.98, 49)


def choose(counts: pl.DataFrame, threshold: float, *, audit_rate: float, target: float) -> Bands | None:
    """The bands of a policy that releases at `threshold`, and their rates; None: all are audited at `audit_rate`.

    Args:
        counts: Of cases decided before the policy is in force, as in `models.evaluation.risk`: their confidences, and the blind
            labels of some of them.
        threshold: A confidence in [0, 1].
        audit_rate: The mean of the rates over the cases at or above the threshold, in (0, 1].
        target: The target error, in (0, 1).

    Returns:
        Pairs of where a band begins and its rate, as `policy.Policy.by_band` has them. None where fewer than 20 of the labels of
        the released are wrong, where the scores leave one band, where the rates can be no others, or where by these very labels
        bands would save less than one label in twenty.
    """
    released = counts.filter(pl.col("confidence").is_between(threshold, 1), pl.col("n") > 0)
    begins, share = cut(threshold, released["confidence"].to_numpy(), released["n"].to_numpy())
    labels = released.filter("blind", pl.col("outcome").is_in(SETTLED))
    wrong = np.where(labels["outcome"] == Outcome.WRONG, 1.0, 0.0)
    n = labels["n"].to_numpy().astype(np.float64)
    if len(begins) < 2 or n @ wrong < ERRORS:
        return None
    band = np.searchsorted(begins, labels["confidence"].to_numpy(), side="right") - 1
    error = _errors(band, n, wrong, 1 / labels["propensity"].to_numpy(), len(begins))
    rates = audit_rate * _tilted(error, share, most=1 / audit_rate)
    equal = np.full(len(begins), audit_rate)
    if growth(equal, error, share, target) > PAYS * growth(rates, error, share, target):
        return None
    new = np.flatnonzero(np.diff(rates, prepend=-1.0))  # neighbours with one rate are one band
    return tuple(zip(begins[new].tolist(), np.minimum(rates[new], 1.0).tolist(), strict=True))


def cut(threshold: float, scores: Floats, n: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Where at most 8 bands of about equal share begin, rising from the threshold, and the share of the released in each.

    `scores`: at or above the threshold, `n` cases of each. Bands begin at scores that occur; what has one score is one band.

    >>> cut(0.5, np.array([0.9, 0.6, 0.7]), np.array([1, 1, 2]))
    (array([0.5, 0.7, 0.9]), array([0.25, 0.5 , 0.25]))
    """
    rising, place = np.unique(scores, return_inverse=True)
    below = np.cumsum(np.bincount(place, n, len(rising)))  # and at each score
    if not len(rising):
        return np.array([threshold]), np.ones(1)
    steps = np.arange(1, policy.BANDS) / policy.BANDS * below[-1]
    inner = np.unique(rising[np.searchsorted(below, steps, side="right")])
    begins = np.concatenate([[threshold], inner[inner > rising[0]]])
    first = np.concatenate([[0.0], below])[np.searchsorted(rising, begins)]
    return begins, np.diff(first, append=below[-1]) / below[-1]


def growth(rates: Floats, error: Floats, share: Floats, target: float) -> float:
    """What the evidence grows by with each released case, in logs, at the stake that is best for it: 0 or more.

    `rates`, `error`, `share`: of each band. As many cases certify the threshold as the level's log holds of it.
    """
    bet = rates.min() / rates[:, None] * _STAKES
    gain = (1 - error)[:, None] * np.log1p(bet * target / (1 - target)) + error[:, None] * np.log1p(-bet)
    return max(float(((share * rates)[:, None] * gain).sum(axis=0).max()), 0.0)


def _errors(band: NDArray[np.int64], n: Floats, wrong: Floats, weight: Floats, bands: int) -> Floats:
    """The error of each band, falling with the confidence. Labels with unequal weights count as fewer (Kish 1965)."""
    total, squares = np.bincount(band, n * weight, bands), np.bincount(band, n * weight**2, bands)
    some = np.where(total > 0, total, 1.0)
    labels = total**2 / np.where(total > 0, squares, 1.0)
    errors = np.bincount(band, n * weight * wrong, bands) / some * labels
    return _falling((errors + 0.5) / (labels + 1), labels + 1)


def _falling(values: Floats, weights: Floats) -> Floats:
    """The values, those that rise pooled with their neighbours (Ayer et al. 1955)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        size = 1
        while pools and pools[-1][0] < value:
            before, mass, many = pools.pop()
            value, weight, size = (before * mass + value * weight) / (mass + weight), mass + weight, many + size
        pools.append((value, weight, size))
    return np.repeat([value for value, _, _ in pools], [size for _, _, size in pools])


def _tilted(error: Floats, share: Floats, *, most: float) -> Floats:
    """How often each band is read for once that all are: mean 1 over the shares, at least .6 and at most `most`."""
    tilt = error**POWER
    tilt = tilt / (share @ tilt)
    low, high = float(tilt.min()), float(tilt.max())
    together = min(
        1.0, (1 - LEAST) / (1 - low) if low < LEAST else 1.0, (most - 1) / (high - 1) if high > most else 1.0
    )
    return np.asarray(1 + together * (tilt - 1), np.float64)

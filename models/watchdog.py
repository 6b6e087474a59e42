"""Has the error among the released risen? An alarm on blind labels, and a warning that needs no label.

A certificate never forgets good evidence, so what was true keeps it alive after it ceases to be. The watchdog has a budget
of its own (statistics 4.4): the average number of audits between false alarms, not a probability for ever.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

RISES = (1.5, 2.0, 3.0, 5.0, 10.0)  # times alpha: the errors it looks out for
RUN_LENGTH = 10_000.0
SHIFT_DISTANCE = 0.1  # of two score distributions; less is rarely worth a person's time, however many the cases
SHIFT_P = 0.001


def statistic(wrong: ArrayLike, alpha: float) -> Floats:
    """The e-CUSUM after each label: mean over q of exp(S_q), as natural log, same length as `wrong`.

    `wrong`: 1-D, one truth value per blind label of the released cases, in the order the cases were decided; a draw without
    an answer past its deadline is wrong. S_q = max(S_q, 0) + log likelihood ratio of error q against `alpha`, for
    q = 1.5, 2, 3, 5, 10 times alpha, those below 1. (Shin, Ramdas and Rinaldo, e-detectors, section 3.) Raises
    ValueError if `wrong` is not one row of truth values or alpha leaves no q below 1 (2/3 or more).
    """
    seen = np.asarray(wrong)
    if seen.ndim != 1 or not np.isin(seen, (0, 1)).all():
        raise ValueError("give one row of labels, each wrong (true) or not")
    if not 0 < alpha < 1 / RISES[0]:
        raise ValueError(f"alpha {alpha!r}: must be above 0 and below {1 / RISES[0]:.3f}")
    if not len(seen):
        return np.empty(0)
    worse = np.array([rise * alpha for rise in RISES if rise * alpha < 1])[:, None]
    sums = np.where(seen.astype(bool), np.log(worse / alpha), np.log1p(-worse) - np.log1p(-alpha)).cumsum(axis=1)
    # S is the sum so far less the lowest sum before this label, the empty one included: no loop over labels.
    lowest = np.minimum.accumulate(np.hstack([np.zeros_like(worse), sums[:, :-1]]), axis=1)
    result: Floats = special.logsumexp(sums - lowest, axis=0) - np.log(len(worse))
    return result


def alarm(wrong: ArrayLike, alpha: float, run_length: float = RUN_LENGTH) -> int | None:
    """Position (from 0) of the label that raised the first alarm; None: none.

    While the error is at most alpha, alarms are on average at least `run_length` labels apart. `wrong`, `alpha` as for
    `statistic`. Raises ValueError as it does, and if `run_length` is not above 1.
    """
    if not run_length > 1:
        raise ValueError(f"run length {run_length!r}: give the labels between false alarms, above 1")
    above = np.flatnonzero(statistic(wrong, alpha) >= np.log(run_length))
    return int(above[0]) if len(above) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far two distributions of scores lie apart.

    `distance`: largest difference of the shares at or below any score (Kolmogorov-Smirnov), in [0, 1]. `p`: how often
    chance alone would bring as much (asymptotic; with ties, at most). `warn`: distance at least 0.1 and p at most 0.001.
    `before`, `after`: cases compared.
    """

    distance: float
    p: float
    before: int
    after: int

    @property
    def warn(self) -> bool:
        return self.distance >= SHIFT_DISTANCE and self.p <= SHIFT_P


def shift(before: pl.DataFrame, after: pl.DataFrame) -> Shift | None:
    """Compare scores of two periods; None if one has no case. A warning only: scores can shift and errors stay.

    Both frames: `confidence` (Float64; null, NaN: unscorable, which counts as below every score) and `n` (cases), in any
    order, repeated scores allowed. Kolmogorov 1933, Smirnov 1948; limiting distribution by scipy.special.kolmogorov.
    Raises ValueError if a count is negative.
    """
    score = pl.col("confidence").fill_nan(None).fill_null(-1.0)
    first, second = (frame.group_by(score).agg(n=pl.col("n").sum()).sort("confidence") for frame in (before, after))
    if (first["n"] < 0).any() or (second["n"] < 0).any():
        raise ValueError("a count is below zero")
    sizes = [int(frame["n"].sum()) for frame in (first, second)]
    if not all(sizes):
        return None
    both = first.join(second, on="confidence", how="full", coalesce=True).sort("confidence").fill_null(0)
    old, new = (both[name].cum_sum().to_numpy() / size for name, size in zip(("n", "n_right"), sizes, strict=True))
    distance = float(np.abs(old - new).max())
    scale = np.sqrt(sizes[0] * sizes[1] / sum(sizes))
    return Shift(distance=distance, p=float(special.kolmogorov(scale * distance)), before=sizes[0], after=sizes[1])

"""Have the scores moved? A warning that needs no label. What the labels say is in `change_detection`."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import special

SHIFT_DISTANCE = 0.1  # of two score distributions; less is rarely worth a person's time, however many the cases
SHIFT_P = 0.001


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

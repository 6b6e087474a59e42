"""What share of a history stands at or above each confidence, and how much of it is wrong."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """Of a history: distinct confidences, surest first, and the cases at or above each, and the errors among them."""

    cases: int
    thresholds: Floats
    reached: Floats
    wrong: Floats  # estimated, where not every case is labelled

    @classmethod
    def of(cls, history: pl.DataFrame) -> "Share":
        """The share of a history, a frame as `models.planning.study` takes it."""
        weight = 1 / pl.col("chance") if "chance" in history.columns else pl.lit(1.0)
        steps = (
            history.filter(pl.col("confidence").is_not_null())
            .group_by("confidence")
            .agg(n=pl.len(), wrong=pl.when(~pl.col("right")).then(weight).otherwise(0.0).sum())
            .sort("confidence", descending=True)
        )
        n, wrong = (steps[name].cast(pl.Float64).to_numpy().cumsum() for name in ("n", "wrong"))
        return cls(len(history), steps["confidence"].to_numpy(), n, wrong)

    def at(self, threshold: float | None) -> float:
        """The share of cases at or above the threshold."""
        if threshold is None:
            return 0.0
        place = int(np.searchsorted(-self.thresholds, -threshold, side="right")) - 1
        return float(self.reached[place]) / self.cases if place >= 0 else 0.0

    def oracle(self, target: float) -> tuple[float, float | None]:
        """The largest share whose error is at most `target`, and its threshold; None: there is none."""
        kept = np.flatnonzero(self.wrong <= target * self.reached)
        if not len(kept):
            return 0.0, None
        return float(self.reached[kept[-1]]) / self.cases, float(self.thresholds[kept[-1]])

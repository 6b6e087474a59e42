"""What labels taught a model: accuracy against the time of people, as `learning_curve` measures it. Values only."""

from dataclasses import dataclass
from typing import Literal

from models.evaluation.estimate import Estimate, NotEnoughEvidence

# right: the share of right answers. order: how often a right answer has a higher score than a wrong one (AUROC).
Measure = Literal["right", "order"]

FLAT = 0.01  # a gain that is surely smaller is hardly any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fit on some labels, the mean of the folds: how many, the time they took, and the measure; None: too few to fit."""

    labels: float
    time: float
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """At the same time of people: by verdicts, and by first readings. `spent`: these are all there are, and took less time."""

    verdicts: Fitted
    first: Fitted
    spent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """`points`: of SHARES. `gain`: of the last doubling, by verdicts. `better`: verdicts less first readings in the same time, at
    the point `better_at`. Of each estimate `n` is the number of cases measured, `errors` in how many of these the two fits
    differ (right), or the model that decided was wrong (order).
    """

    measure: Measure
    points: tuple[Point, ...]
    gain: Estimate | NotEnoughEvidence
    better: Estimate | NotEnoughEvidence
    better_at: int

    @property
    def course(self) -> Literal["rising", "flat", "unknown"]:
        """Whether the last doubling surely added less than a point, surely something, or neither is known."""
        if isinstance(self.gain, NotEnoughEvidence):
            return "unknown"
        if self.gain.high < FLAT:
            return "flat"
        return "rising" if self.gain.low > 0 else "unknown"

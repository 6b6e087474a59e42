"""Score -> P(prediction correct): fit and apply a calibrator, from blind labels weighted by 1 / propensity.

Fitted on the labels of an earlier epoch than the one it serves (`era_plan.Plan.calibrated_on`): labels that shaped the
scores cannot certify them.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from models.evaluation import reliability
from models.evaluation.estimate import NotEnoughEvidence

Floats = NDArray[np.float64]

ISOTONIC_ABOVE = 1000  # labels; with fewer, isotonic regression follows the noise
EDGE = 1e-6  # scores 0 and 1 have no logit


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """A rising function of the score, as numbers: what the ledger keeps.

    `method` "isotonic": linear between the knots (`x`, `y`), flat beyond them. "platt": y = 1 / (1 + exp(-(slope *
    logit(score) + intercept))), the score kept 1e-6 from 0 and 1, `x` and `y` empty. `fitted_on`: the epoch of its `n`
    labels, `errors` of them wrong. Raises ValueError if it does not rise or leaves [0, 1].
    """

    method: Literal["isotonic", "platt"]
    fitted_on: str
    n: int
    errors: int
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        x, y = np.array(self.x), np.array(self.y)
        knots = len(x) == len(y) > 0 and bool(np.all(np.diff(x) > 0) and np.all(np.diff(y) >= 0))
        if self.method == "isotonic" and not (knots and y[0] >= 0 and y[-1] <= 1):
            raise ValueError("knots must rise, from 0 to 1")
        if self.method == "platt" and not (np.isfinite([self.slope, self.intercept]).all() and self.slope > 0):
            raise ValueError(f"slope {self.slope}: a calibrator must rise with the score")


def fit(counts: pl.DataFrame, *, epoch: str) -> Calibrator | NotEnoughEvidence:
    """Weighted isotonic regression above 1000 labels, else Platt's (1999), with his softened targets.

    `counts` as in `risk`, of the epoch `epoch`, with `confidence` the score as the model gave it. NotEnoughEvidence
    with fewer than 5 wrong labels, or where a higher score does not mean fewer errors: calibration would hide that.
    """
    labels = reliability.labels(counts)
    n, errors = int(labels["n"].sum()), int(labels.filter(~pl.col("right"))["n"].sum())
    if errors < reliability.FEWEST_ERRORS:
        return NotEnoughEvidence(reason=reliability.too_few(errors), n=n, errors=errors)
    score = labels["confidence"].to_numpy()
    right = labels["right"].to_numpy().astype(np.float64)
    weight = labels["weight"].to_numpy()
    if n > ISOTONIC_ABOVE:
        model = IsotonicRegression(y_min=0, y_max=1, increasing=True, out_of_bounds="clip")
        model.fit(score, right, sample_weight=weight)
        x, y = model.X_thresholds_, model.y_thresholds_
        if y[0] < y[-1]:
            return Calibrator(
                method="isotonic", fitted_on=epoch, n=n, errors=errors, x=tuple(x.tolist()), y=tuple(y.tolist())
            )
    else:
        slope, intercept = _platt(_logit(score), right, weight * n / weight.sum())
        if slope > 0:
            return Calibrator(method="platt", fitted_on=epoch, n=n, errors=errors, slope=slope, intercept=intercept)
    return NotEnoughEvidence(reason="surer answers are not more often right", n=n, errors=errors)


def apply(calibrator: Calibrator | None, scores: pl.Series) -> pl.Series:
    """Confidence for each score, Float64; None: the score itself. What is no score in [0, 1] becomes null."""
    sound = (scores.is_between(0, 1) & scores.is_not_nan()).fill_null(False)
    taken = pl.DataFrame({"score": scores, "sound": sound}).select(pl.when("sound").then("score")).to_series()
    if calibrator is None:
        return taken.rename(scores.name)
    numbers = taken.fill_null(0.5).to_numpy()
    if calibrator.method == "isotonic":
        mapped = np.interp(numbers, calibrator.x, calibrator.y)
    else:
        mapped = 1 / (1 + np.exp(-(calibrator.slope * _logit(numbers) + calibrator.intercept)))
    return pl.Series(scores.name, mapped, dtype=pl.Float64).set(~sound, None)


def _platt(x: Floats, right: Floats, weight: Floats) -> tuple[float, float]:
    """Slope and intercept. Each label counts in part for the other class, as in Platt 1999, section 2.2: (k + 1) / (n + 2)."""
    good, bad = (right * weight).sum(), ((1 - right) * weight).sum()
    target = np.where(right > 0, (good + 1) / (good + 2), 1 / (bad + 2))
    model = LogisticRegression(C=np.inf, max_iter=1000)
    features, both = np.concatenate([x, x])[:, None], np.repeat([1, 0], len(x))
    model.fit(features, both, sample_weight=np.concatenate([weight * target, weight * (1 - target)]))
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _logit(score: Floats) -> Floats:
    kept = np.clip(score, EDGE, 1 - EDGE)
    result: Floats = np.log(kept / (1 - kept))
    return result

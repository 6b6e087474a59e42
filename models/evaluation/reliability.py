"""Does the confidence mean what it says (calibration), and does it tell right from wrong (discrimination)?

The two are different: a score with a calibration error of .004 can have an AUROC of .42. Both come from blind labels with
weight 1 / propensity; samples without an answer are taken to be like the answered ones of their propensity, as in `risk`.
"""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from models.evaluation import intervals
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.outcome import SETTLED, Outcome
from models.outputs import confidence as scores

Floats = NDArray[np.float64]

BINS = 10
FEWEST_ERRORS = 5  # with fewer, neither figure means anything
AUROC_FLOOR = 0.6
ECE_CEILING = 0.05
CHANCE = 0.5  # a score whose AUROC is surely below this ranks the wrong answers first


def labels(counts: pl.DataFrame) -> pl.DataFrame:
    """Answered blind samples: `confidence`, `right` (Boolean), `n` (labels), `weight` (cases they stand for).

    `counts` as in `risk`; unscorable cases are left out. A row per distinct confidence and answer.
    """
    blind = counts.filter("blind", pl.col("confidence").is_not_nan(), pl.col("n") > 0)
    answered = pl.col("outcome").is_in(SETTLED)
    share = pl.col("n").filter(answered).sum() / pl.col("n").sum()
    return (
        blind.with_columns(weight=pl.col("n") / (pl.col("propensity") * share.over("propensity")))
        .filter(answered)
        .group_by("confidence", right=pl.col("outcome") == Outcome.RIGHT)
        .agg(pl.col("n", "weight").sum())
        .sort("confidence", "right")
    )


def ece(counts: pl.DataFrame, alpha: float) -> Estimate | NotEnoughEvidence:
    """Expected calibration error: mean distance of confidence and accuracy over 10 bins of equal width, in [0, 1].

    Naeini et al. 2015, weighted. With few labels it is above 0 even where calibration is perfect. Limits: each bin's
    accuracy within its Korn and Graubard (1998) limits (Clopper-Pearson at the effective number of labels), alpha
    shared among the bins (Bonferroni), the shares of the bins taken as known; wide, and safe.
    """
    return ece_of(labels(counts), alpha)


def ece_of(labelled: pl.DataFrame, alpha: float) -> Estimate | NotEnoughEvidence:
    """`ece` of the labels that `labels` gives."""
    if labelled.is_empty():
        return _nothing()
    bins = _bins(labelled, alpha)
    confidence, true, low, high = (bins[name].to_numpy() for name in ("confidence", "right", "low", "high"))
    share = bins["share"].to_numpy()
    return _estimate(
        labelled,
        float((share * np.abs(true - confidence)).sum()),
        float((share * np.maximum(0, np.maximum(low - confidence, confidence - high))).sum()),
        float((share * np.maximum(np.abs(low - confidence), np.abs(high - confidence))).sum()),
        alpha,
        "10 bins, Korn-Graubard with Bonferroni",
    )


def table(counts: pl.DataFrame, alpha: float) -> pl.DataFrame:
    """The reliability diagram (DeGroot and Fienberg 1983): a row per bin of equal width that has a label.

    `confidence` (mean of what the model said), `right` (share it got right), `low`, `high` (limits of that, all bins
    together at 1 - alpha, as in `ece`), `n`, `errors` (labels), `share` (of the cases the labels stand for); rising.
    """
    labelled = labels(counts)
    if labelled.is_empty():
        kinds = dict.fromkeys(("confidence", "right", "low", "high"), pl.Float64)
        return pl.DataFrame(schema={**kinds, "n": pl.Int64, "errors": pl.Int64, "share": pl.Float64})
    return _bins(labelled, alpha)


def _bins(labelled: pl.DataFrame, alpha: float) -> pl.DataFrame:
    place = np.minimum((labelled["confidence"].to_numpy() * BINS).astype(np.int64), BINS - 1)
    weight, right, n = (labelled[name].to_numpy() for name in ("weight", "right", "n"))

    def total(part: Floats) -> Floats:
        return np.bincount(place, weights=part, minlength=BINS).astype(np.float64)

    mass = total(weight)
    used = mass > 0
    mass = mass[used]
    true = total(weight * right)[used] / mass
    size = mass**2 / total(_squares(labelled))[used]
    low, high = intervals.korn_graubard(true, size, alpha / used.sum())
    return pl.DataFrame(
        {
            "confidence": total(weight * labelled["confidence"].to_numpy())[used] / mass,
            "right": true,
            "low": low,
            "high": high,
            "n": total(n)[used].astype(np.int64),
            "errors": total(n * ~right)[used].astype(np.int64),
            "share": mass / mass.sum(),
        }
    )


def brier(counts: pl.DataFrame, alpha: float) -> Estimate | NotEnoughEvidence:
    """Mean squared distance of confidence and correctness, weighted, in [0, 1]; 0 best (Brier 1950).

    Limits: normal, linearised for the weights (Saerndal et al. 1992, 5.7): a figure to compare by, not a promise. With
    fewer than 5 errors they are too narrow.
    """
    labelled = labels(counts)
    if labelled.is_empty():
        return _nothing()
    loss, weight = ((labelled["confidence"] - labelled["right"]) ** 2).to_numpy(), labelled["weight"].to_numpy()
    value = float((weight * loss).sum() / weight.sum())
    spread = math.sqrt(float((_squares(labelled) * (loss - value) ** 2).sum())) / float(weight.sum())
    reach = -float(special.ndtri(alpha / 2)) * spread
    return _estimate(labelled, value, max(value - reach, 0.0), min(value + reach, 1.0), alpha, "normal, linearised")


def auroc(counts: pl.DataFrame, alpha: float) -> Estimate | NotEnoughEvidence:
    """Weighted chance that a right answer has a higher confidence than a wrong one, ties half; 0.5: no better than chance.

    Limits: Hanley and McNeil (1982) at the effective numbers of right and wrong labels, on the logit scale.
    NotEnoughEvidence with fewer than 5 wrong (or right) labels.
    """
    return auroc_of(labels(counts), alpha)


def auroc_of(labelled: pl.DataFrame, alpha: float) -> Estimate | NotEnoughEvidence:
    """`auroc` of the labels that `labels` gives."""
    sides = [labelled.filter(side) for side in (pl.col("right"), ~pl.col("right"))]
    right, wrong = (int(side["n"].sum()) for side in sides)
    if min(right, wrong) < FEWEST_ERRORS:
        reason = f"{right} right and {wrong} wrong labels, fewer than {FEWEST_ERRORS} of one"
        return NotEnoughEvidence(reason=reason, n=right + wrong, errors=wrong)
    value = _ranked_right(labelled)
    good, bad = (float(side["weight"].sum() ** 2 / _squares(side).sum()) for side in sides)
    # At 0 and 1 the formula has no spread: half a pair is taken off there.
    inner = min(max(value, 0.5 / (good * bad)), 1 - 0.5 / (good * bad))
    first, second = inner / (2 - inner) - inner**2, 2 * inner**2 / (1 + inner) - inner**2
    variance = (inner * (1 - inner) + (bad - 1) * second + (good - 1) * first) / (good * bad)
    reach = -float(special.ndtri(alpha / 2)) * math.sqrt(max(variance, 0.0)) / (inner * (1 - inner))
    middle = math.log(inner / (1 - inner))
    low, high = (1 / (1 + math.exp(-max(min(edge, 700.0), -700.0))) for edge in (middle - reach, middle + reach))
    return _estimate(labelled, value, min(low, value), max(high, value), alpha, "Hanley-McNeil, logit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What to say beside every threshold, one sentence each; with a refusal no threshold should be adopted."""

    warnings: tuple[str, ...]
    refusals: tuple[str, ...]


def too_few(errors: int) -> str:
    """That so few errors say nothing of the confidence."""
    return f"{errors} {'error' if errors == 1 else 'errors'} seen, fewer than {FEWEST_ERRORS}"


def gate(counts: pl.DataFrame, alpha: float) -> Gate:
    """Warn where calibration or discrimination is poor or unknown; refuse where the score surely ranks backwards.

    Unknown: fewer than 5 errors seen. Poor: AUROC below 0.6, ECE above 0.05, or fewer than 3 different confidences in the middles
    of ten tenths of the cases. Backwards: AUROC's upper limit below 0.5.
    """
    labelled = labels(counts)
    errors = int(labelled.filter(~pl.col("right"))["n"].sum())
    warnings = _unordered(counts)
    if errors < FEWEST_ERRORS:
        warnings.append(f"{too_few(errors)}: whether the confidence means anything is not known yet")
        return Gate(warnings=tuple(warnings), refusals=())
    refusals: list[str] = []
    ranks, distance = auroc_of(labelled, alpha), ece_of(labelled, alpha)
    if isinstance(ranks, NotEnoughEvidence):
        warnings.append(f"whether the confidence tells right from wrong is not known yet: {ranks.reason}")
    elif ranks.high < CHANCE:
        refusals.append(f"wrong answers have the higher confidence (AUROC {ranks.value:.2f}): do not route by it")
    elif ranks.value < AUROC_FLOOR:
        warnings.append(f"the confidence hardly tells right from wrong (AUROC {ranks.value:.2f}, below {AUROC_FLOOR})")
    if isinstance(distance, Estimate) and distance.value > ECE_CEILING:
        warnings.append(
            f"the confidence is off by {distance.value:.2f} on average (above {ECE_CEILING}): it is no probability until it is "
            "calibrated (retrain --kind calibrator)"
        )
    return Gate(warnings=tuple(warnings), refusals=tuple(refusals))


def _unordered(counts: pl.DataFrame) -> list[str]:
    """What to say of a confidence that tells few cases from others, whether answered or not; of fewer than 20 cases, nothing."""
    scored = counts.filter(pl.col("confidence").is_not_nan(), pl.col("n") > 0)
    kinds, cases = scores.kinds(scored["confidence"], scored["n"]), scored["n"].sum()
    if cases < scores.FEWEST_CASES or kinds >= scores.FEWEST_KINDS:
        return []
    if scored["confidence"].n_unique() == 1:
        return ["the confidence is the same in every case: it cannot order anything, so all can be released or nothing"]
    values = (
        f"{kinds} {'value' if kinds == 1 else 'values'} where ten are looked at, from the least sure to the surest case"
    )
    return [
        f"the confidence has {values}: it hardly orders answers, and a threshold releases nearly all of them or few"
    ]


def _ranked_right(labelled: pl.DataFrame) -> float:
    """Weighted share of the pairs of a right and a wrong answer in which the right one has the higher confidence."""
    sides = labelled.group_by("confidence").agg(
        good=pl.col("weight").filter("right").sum(), bad=pl.col("weight").filter(~pl.col("right")).sum()
    )
    good, bad = sides.sort("confidence").select("good", "bad").to_numpy().T
    return min(float((good * (bad.cumsum() - bad / 2)).sum() / (good.sum() * bad.sum())), 1.0)


def _squares(labelled: pl.DataFrame) -> Floats:
    """Sum of squared weights of each row's labels, all taken to weigh the same within a row."""
    squares: Floats = (labelled["weight"] ** 2 / labelled["n"]).to_numpy()
    return squares


def _estimate(labelled: pl.DataFrame, value: float, low: float, high: float, alpha: float, method: str) -> Estimate:
    n, errors = int(labelled["n"].sum()), int(labelled.filter(~pl.col("right"))["n"].sum())
    return Estimate(value=value, low=low, high=high, alpha=alpha, n=n, errors=errors, method=method)


def _nothing() -> NotEnoughEvidence:
    return NotEnoughEvidence(reason="no blind sample is answered yet", n=0, errors=0)

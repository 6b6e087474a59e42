"""How often the machine is wrong where it answers alone, measured on blind labels, with limits.

Input is one frame of counts, a row per distinct combination: `confidence` (Float64, null: unscorable), `route`,
`blind`, `propensity` (in (0, 1], fixed before sampling), `outcome` (unsampled | waiting | open | skipped | right |
wrong), `n`; and, where an answer can be wrong in part, `loss`: how much, in [0, 1]. Limits of such a mean are those of as many
answers wrong as the losses add up to, whose spread is never less. Only blind samples are evidence: an answer given beside the
model's own is not. Every blind sample counts, whatever its route, with weight 1 / propensity (Horvitz and Thompson 1952).

Samples without an answer yet (waiting, open, skipped) are taken to be like the answered ones of the same propensity: the
weights are divided by the answered share there, or by the overall share if some propensity has samples and no answer at
all. `unanswered_wrong=True` assumes the worst instead.

Where cases are right or wrong together (`group_intervals`) labels count for less: `design` says how many of them tell
as much as one. Limits are those of labels and errors divided by it, and of weights times it; the values stay as they are.

The limits hold for one look. Read every night, they are wrong at some time more often than alpha.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.evaluation import intervals
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.outcome import SETTLED, Outcome
from models.routing import policy

Floats = NDArray[np.float64]
EXACT = "Clopper-Pearson"
WEIGHTED = "Fay-Feuer"
BY_GROUP = ", by group"
_DIGITS = 6  # of what losses add up to
THRESHOLDS = 400  # of a curve: more than a page can show, and each costs two quantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """Counts by region (rows) and propensity (columns); a region is "released" or "confidence at least t"."""

    propensity: Floats  # (P,)
    cases: Floats  # (T, P), as the next three
    sampled: Floats
    answered: Floats
    wrong: Floats

    def worst(self) -> "_Evidence":
        """The same, every sample without an answer taken for a wrong one."""
        silent = self.sampled - self.answered
        return _Evidence(
            propensity=self.propensity,
            cases=self.cases,
            sampled=self.sampled,
            answered=self.sampled,
            wrong=self.wrong + silent,
        )

    def weights(self) -> Floats:
        """(T, P): what one answered sample stands for. Meaningless in a region without any answer."""
        share = np.divide(self.answered, self.sampled, out=np.ones_like(self.sampled), where=self.sampled > 0)
        sampled, answered = (self.sampled / self.propensity).sum(1), (self.answered / self.propensity).sum(1)
        overall = np.divide(answered, sampled, out=np.ones_like(sampled), where=answered > 0)
        silent = ((self.sampled > 0) & (self.answered == 0)).any(1)
        weights: Floats = 1 / (self.propensity * np.where(silent[:, None], overall[:, None], share))
        return weights

    def rate(self, alpha: float, design: float | Floats) -> tuple[Floats, Floats, Floats]:
        """Error rate of each region and its limits, alpha / 2 on each side; NaN where nothing was answered.

        Under one propensity the number sampled says nothing about errors, so the rate is wrong / answered and the limits
        are exact. Else Horvitz-Thompson over the known number of cases; the largest weight is sought among all of them.
        `design`: of each region, or of all.
        """
        n, k, total = self.answered.sum(1), self.wrong.sum(1), np.maximum(self.cases.sum(1), 1)
        weights = np.where(n[:, None] > 0, self.weights(), 1.0)
        y, v = (weights * self.wrong).sum(1), (weights**2 * self.wrong).sum(1)
        w_max = np.where(self.cases > 0, weights, 1).max(1, initial=1)  # no weight is below 1
        known = n > 0
        value = np.where(self.exact(), k / np.where(known, n, 1), np.minimum(y / total, 1))
        bounds = (
            np.where(self.exact(), exact, np.minimum(weighted / total, 1))
            for exact, weighted in zip(
                intervals.clopper_pearson(k / design, n / design, alpha),
                intervals.fay_feuer(y, v * design, w_max * design, alpha),
                strict=True,
            )
        )
        value, low, high = (np.where(known, part, math.nan) for part in (value, *bounds))
        return value, low, high

    def exact(self) -> NDArray[np.bool_]:
        """(T,): whether every case of the region had the same propensity."""
        one: NDArray[np.bool_] = (self.cases > 0).sum(1) <= 1
        return one


def _evidence(counts: pl.DataFrame, region: NDArray[np.int64], regions: int) -> _Evidence:
    """Sum the rows of `counts` into regions; `region` gives each row's own."""
    propensity, column = np.unique(counts["propensity"].to_numpy(), return_inverse=True)
    sampled = counts["blind"].to_numpy()
    answered = sampled & counts["outcome"].is_in(SETTLED).to_numpy()
    wrong = np.where(sampled & (counts["outcome"] == Outcome.WRONG).to_numpy(), 1.0, 0.0)
    if "loss" in counts.columns:
        wrong *= counts["loss"].to_numpy()

    def table(rows: NDArray[np.bool_] | Floats) -> Floats:
        cells = region * len(propensity) + column
        sums = np.bincount(cells, weights=counts["n"].to_numpy() * rows, minlength=regions * len(propensity))
        return sums.astype(np.float64).reshape(regions, len(propensity))

    return _Evidence(
        propensity=propensity,
        cases=table(np.ones_like(sampled)),
        sampled=table(sampled),
        answered=table(answered),
        wrong=table(wrong),
    )


def _estimate(evidence: _Evidence, alpha: float, design: float, *, one_sided: bool) -> Estimate | NotEnoughEvidence:
    """The single region of `evidence` as one value."""
    n, sampled = (int(part.sum()) for part in (evidence.answered, evidence.sampled))
    lost = round(float(evidence.wrong.sum()), _DIGITS)  # sums of shares such as a third
    errors = int(lost) if lost.is_integer() else lost
    if n == 0:
        reason = (
            f"none of {sampled} blind samples is answered yet"
            if sampled
            else "no case has been sampled for a blind label"
        )
        return NotEnoughEvidence(reason=reason, n=0, errors=0)
    value, low, high = (float(part[0]) for part in evidence.rate(2 * alpha if one_sided else alpha, design))
    method = _method(EXACT if evidence.exact()[0] else WEIGHTED, design) + (", one-sided" if one_sided else "")
    return Estimate(
        value=value, low=0.0 if one_sided else low, high=high, alpha=alpha, n=n, errors=errors, method=method
    )


def _method(name: str, design: float) -> str:
    return name + (BY_GROUP if design > 1 else "")


def error_among_automated(
    counts: pl.DataFrame,
    alpha: float,
    *,
    one_sided: bool = False,
    unanswered_wrong: bool = False,
    design: float = 1.0,
) -> Estimate | NotEnoughEvidence:
    """Share of wrong answers among the cases that were released, as they were routed.

    `one_sided` puts all of alpha above: "at most". `unanswered_wrong` takes every sample without an answer for a wrong
    one: the worst that late and refused labels could hide.
    """
    released = counts.filter(pl.col("route") == policy.Route.AUTOMATE)
    if not released["n"].sum():
        return NotEnoughEvidence(reason="nothing has been released yet", n=0, errors=0)
    evidence = _evidence(released, np.zeros(released.height, np.int64), 1)
    return _estimate(evidence.worst() if unanswered_wrong else evidence, alpha, design, one_sided=one_sided)


def error_at(
    counts: pl.DataFrame, threshold: float, alpha: float, *, design: float = 1.0
) -> Estimate | NotEnoughEvidence:
    """Share of wrong predictions among all cases with confidence at least `threshold`, whatever became of them."""
    sure = counts.filter(pl.col("confidence") >= threshold)
    if not sure["n"].sum():
        reason = "no case is that sure" if threshold > 0 else "no case has a confidence"
        return NotEnoughEvidence(reason=reason, n=0, errors=0)
    return _estimate(_evidence(sure, np.zeros(sure.height, np.int64), 1), alpha, design, one_sided=False)


def curve(counts: pl.DataFrame, alpha: float) -> pl.DataFrame:
    """What each threshold would release and how often that would be wrong, strictest first; at most 400 rows.

    `threshold`, `coverage` (share of all cases, unscorable ones included, with confidence at least threshold; known,
    not estimated), `error`, `low`, `high` (null: no answered sample), `n`, `errors`. Each row's limits hold for a
    threshold named beforehand, not for one picked off the curve. Thresholds are those of `steps`.
    """
    return at(counts, steps(counts), alpha)


def steps(counts: pl.DataFrame) -> list[float]:
    """Confidences that occur, strictest first; of more than 400 those nearest to even steps of coverage."""
    scored = counts.filter(pl.col("confidence").is_not_null(), pl.col("n") > 0)
    sizes = scored.group_by("confidence").agg(pl.col("n").sum()).sort("confidence", descending=True)
    reached = sizes["n"].cum_sum().to_numpy()
    if len(reached) > THRESHOLDS:
        reached = reached[np.unique(np.searchsorted(reached, np.linspace(reached[0], reached[-1], THRESHOLDS)))]
        sizes = sizes.filter(pl.col("n").cum_sum().is_in(reached))
    known: list[float] = sizes["confidence"].to_list()
    return known


def at(
    counts: pl.DataFrame, thresholds: Sequence[float], alpha: float, *, design: float | Floats = 1.0
) -> pl.DataFrame:
    """What each of these thresholds would release and how often that would be wrong: columns as those of `curve`.

    `thresholds`: distinct, strictest first. One that no case reaches has coverage 0 and no error. `design`: at each of
    them, or at all.
    """
    scored = counts.filter(pl.col("confidence").is_not_null(), pl.col("n") > 0)
    falling = np.asarray(thresholds, np.float64)
    region = np.searchsorted(-falling, -scored["confidence"].to_numpy())
    reached = region < len(falling)
    steps = _evidence(scored.filter(pl.Series(reached)), region[reached], len(falling))
    sums = (part.cumsum(axis=0) for part in (steps.cases, steps.sampled, steps.answered, steps.wrong))
    cases, sampled, answered, wrong = sums
    evidence = _Evidence(propensity=steps.propensity, cases=cases, sampled=sampled, answered=answered, wrong=wrong)
    error, low, high = evidence.rate(alpha, design)
    columns = {
        "threshold": falling,
        "coverage": cases.sum(1) / max(int(counts["n"].sum()), 1),
        "error": error,
        "low": low,
        "high": high,
        "n": answered.sum(1),
        "errors": wrong.sum(1),
    }
    return pl.DataFrame(columns).with_columns(
        pl.col("error", "low", "high").fill_nan(None), pl.col("n", "errors").cast(pl.Int64)
    )


def augrc(counts: pl.DataFrame, alpha: float, *, design: float = 1.0) -> Estimate | NotEnoughEvidence:
    """Area under generalised risk against coverage: 0 best, 0.5 worst (Traub et al. 2024, eq. 6).

    Between two thresholds the errors of a tie come in evenly, so an error enters with one minus the middle of its tie's
    coverage: a weighted sum of errors, whose limits are Fay-Feuer's.
    """
    return _area(counts, alpha, design, lambda coverage: 1 - (coverage + np.concatenate(([0.0], coverage[:-1]))) / 2)


def aurc(counts: pl.DataFrame, alpha: float, *, design: float = 1.0) -> Estimate | NotEnoughEvidence:
    """Area under selective risk against coverage: 0 best, 1 worst (Geifman and El-Yaniv 2017), by trapezoids.

    Down to no coverage at all the risk is that of the strictest threshold. `augrc` is the better figure: here an error
    at the very top enters many times over.
    """

    def entry(coverage: Floats) -> Floats:
        ends = np.concatenate(([-coverage[0]], coverage, [coverage[-1]]))  # the first trapezoid counts in full
        width = (ends[2:] - ends[:-2]) / 2 / coverage
        tail: Floats = width[::-1].cumsum()[::-1]
        return tail

    return _area(counts, alpha, design, entry)


def _area(
    counts: pl.DataFrame, alpha: float, design: float, entry: Callable[[Floats], Floats]
) -> Estimate | NotEnoughEvidence:
    """A weighted sum of the errors among scorable cases; `entry` maps coverages, strictest first, to what one adds."""
    scored = counts.filter(pl.col("confidence").is_not_null(), pl.col("n") > 0)
    if not scored.height:
        return NotEnoughEvidence(reason="no case has a confidence", n=0, errors=0)
    whole = _evidence(scored, np.zeros(scored.height, np.int64), 1)
    n, errors = int(whole.answered.sum()), int(whole.wrong.sum())
    if n == 0:
        return NotEnoughEvidence(reason="no blind sample is answered yet", n=0, errors=0)
    levels, region = np.unique(-scored["confidence"].to_numpy(), return_inverse=True)
    steps = _evidence(scored, region, len(levels))
    coverage = steps.cases.sum(1).cumsum() / steps.cases.sum()
    weights = entry(coverage)[:, None] * whole.weights()
    y, v = float((weights * steps.wrong).sum()), float((weights**2 * steps.wrong).sum())
    total = steps.cases.sum()
    low, high = intervals.fay_feuer(y, v * design, weights[steps.cases > 0].max() * design, alpha)
    return Estimate(
        value=y / total,
        low=float(low / total),
        high=float(high / total),
        alpha=alpha,
        n=n,
        errors=errors,
        method=_method(WEIGHTED, design),
    )

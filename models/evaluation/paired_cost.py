"""What a finished case costs by each of two models, and by how much less by the other, from the same sampled cases. Pure.

    cost of a case = price of the model's answer + price of a review * (1, where people read it, else the audit rate)

Means are weighted by 1 / propensity. Limits come from a paired bootstrap over groups (Efron 1979): every group stands in for
itself and the others, with both models' costs of its cases, as often as it is counted. Each resample's distance is measured in
its own standard error (the bootstrap t of Efron 1981; Hall 1988), which keeps the level where costs are skewed.

Where few groups are released by one model alone, resamples know too little of them: there the two sums have gamma limits (Fay and
Feuer 1997), put together with the rest by square and add (Zou and Donner 2008), and the wider of both limits holds.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.evaluation import intervals
from models.evaluation.estimate import Estimate, NotEnoughEvidence

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Groups = NDArray[np.int64]

METHOD = "paired bootstrap t over groups"
FEWEST = 20  # groups; below it nothing is said
FEW = 10  # groups that one model alone releases; below it resamples are not enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The sampled cases that both models were asked about, one entry each.

    `weights`: 1 / propensity, 1 and above. `group`: what each belongs with, 0 .. number of groups - 1. `ours`, `theirs`: what
    an answer of each model costs, finite. `our_release`, `their_release`: whether each model's own threshold lets the case go.
    """

    weights: Floats
    group: Groups
    ours: Floats
    theirs: Floats
    our_release: Bools
    their_release: Bools

    def __post_init__(self) -> None:
        sizes = {len(self.weights), len(self.group), len(self.ours), len(self.theirs)}
        if sizes != {len(self.our_release)} or sizes != {len(self.their_release)}:
            raise ValueError("one entry of everything per case")
        if np.any(self.weights < 1):
            raise ValueError("a case stands for at least itself: give weights of 1 and above")
        if not (np.isfinite(self.ours).all() and np.isfinite(self.theirs).all()):
            raise ValueError("what an answer costs is a finite number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """`ours`, `theirs`: the cost of a finished case by each model. `saved`: what the other saves, ours less theirs.

    In the unit of the prices. `spared`: the reviews of a case that the other spares, in [-1, 1], whatever they cost. Of each
    estimate `n` is the number of cases, `errors` that of cases which one model alone releases.
    """

    ours: Estimate
    theirs: Estimate
    saved: Estimate
    spared: Estimate

    @property
    def apart(self) -> int:
        """1: the other model is surely cheaper; -1: surely dearer; 0: that is not known."""
        return int(self.saved.low > 0) - int(self.saved.high < 0)


def compare(
    cases: Cases, *, review: float, audit_rate: float, resamples: Iterable[Floats], alpha: float
) -> Paired | NotEnoughEvidence:
    """Compare what two models cost.

    Args:
        cases: What both were asked about.
        review: The price of a review, 0 or more.
        audit_rate: The share of the released that people read too, in [0, 1].
        resamples: How often each group is counted: blocks of rows, a row per resample, a column per group.
        alpha: In (0, 1): the chance that the limits of the difference miss it; of each model's own cost likewise.
    """
    groups = int(cases.group.max(initial=-1)) + 1
    apart = cases.our_release != cases.their_release
    if groups < FEWEST:
        reason = f"both models were asked about {groups} groups of cases; it takes {FEWEST}"
        return NotEnoughEvidence(reason=reason, n=len(cases.weights), errors=int(apart.sum()))
    unread = review * (1 - audit_rate)
    ours = cases.ours + review - unread * cases.our_release
    theirs = cases.theirs + review - unread * cases.their_release
    spared = (1 - audit_rate) * (cases.their_release.astype(np.float64) - cases.our_release)
    values = np.column_stack([ours, theirs, ours - theirs, spared])
    mean, low, high = limits(cases.weights, cases.group, values, resamples, alpha)
    gained, lost = cases.their_release & ~cases.our_release, cases.our_release & ~cases.their_release
    for place, (answers, parts) in enumerate(
        [
            (cases.ours, [_rarer(cases.our_release, unread)]),
            (cases.theirs, [_rarer(cases.their_release, unread)]),
            (cases.ours - cases.theirs, [(gained, unread), (lost, -unread)]),
            (np.zeros(len(values)), [(gained, 1 - audit_rate), (lost, audit_rate - 1)]),
        ]
    ):
        few_low, few_high = _few(cases, answers, parts, mean[place], alpha)
        low[place], high[place] = min(low[place], few_low), max(high[place], few_high)

    def estimate(place: int) -> Estimate:
        return Estimate(
            value=float(mean[place]),
            low=float(min(low[place], mean[place])),
            high=float(max(high[place], mean[place])),
            alpha=alpha,
            n=len(values),
            errors=int(apart.sum()),
            method=METHOD,
        )

    return Paired(ours=estimate(0), theirs=estimate(1), saved=estimate(2), spared=estimate(3))


def limits(
    weights: Floats, group: Groups, values: Floats, resamples: Iterable[Floats], alpha: float
) -> tuple[Floats, Floats, Floats]:
    """Weighted means of columns and their two-sided limits, alpha / 2 on each side, by the bootstrap t over groups.

    `values`: a row per case. A column whose groups do not differ has itself as its limits.
    """
    mass: Floats = np.bincount(group, weights).astype(np.float64)
    sums: Floats = np.column_stack([np.bincount(group, weights * column) for column in values.T]).astype(np.float64)
    mean = sums.sum(axis=0) / mass.sum()
    errors = _errors(mass, sums, np.ones((1, len(mass))), mean[None])[0]
    distances = []
    for counts in resamples:
        there = counts @ mass
        kept = counts[there > 0]
        means = kept @ sums / there[there > 0, None]
        own = _errors(mass, sums, kept, means)
        distances.append(np.divide(means - mean, own, out=np.zeros_like(means), where=own > 0))
    low, high = np.quantile(np.concatenate(distances), [alpha / 2, 1 - alpha / 2], axis=0)
    # Fewer groups than resamples can tell apart: never narrower than Student's.
    student = special.stdtrit(len(mass) - 1, 1 - alpha / 2)
    return mean, mean - np.maximum(high, student) * errors, mean - np.minimum(low, -student) * errors


def _errors(mass: Floats, sums: Floats, counts: Floats, means: Floats) -> Floats:
    """Standard errors of the weighted means of each resample, linearised: from the sums of groups about the mean."""
    there = counts @ mass
    number = counts.sum(axis=1)
    squares = counts @ sums**2 - 2 * means * (counts @ (mass[:, None] * sums)) + means**2 * (counts @ mass**2)[:, None]
    few = number / np.maximum(number - 1, 1)
    errors: Floats = np.sqrt(np.maximum(few[:, None] * squares, 0.0)) / there[:, None]
    return errors


def _rarer(released: Bools, unread: float) -> tuple[Bools, float]:
    """The released and what each saves, or the others and what each adds: whichever are fewer."""
    return (released, -unread) if 2 * int(released.sum()) <= len(released) else (~released, unread)


def _few(
    cases: Cases, answers: Floats, parts: list[tuple[Bools, float]], mean: float, alpha: float
) -> tuple[float, float]:
    """Limits of a mean that is one of `answers` and of a price times the share of each set; itself with many groups in each.

    `parts`: sets of cases, and what a case of each adds.
    """
    whole, total = np.bincount(cases.group, cases.weights), float(cases.weights.sum())
    own = np.bincount(cases.group, cases.weights * (answers - float(cases.weights @ answers) / total))
    below = above = (special.ndtri(1 - alpha / 2) / total) ** 2 * float((own**2).sum())
    few = False
    for those, price in parts:
        sums = np.bincount(cases.group, cases.weights * those)
        few |= int((sums > 0).sum()) < FEW
        y = float(sums.sum())
        low, high = intervals.fay_feuer(y, float((sums**2).sum()), float(whole.max()), alpha)
        down, up = price * (y - float(low)) / total, price * (min(float(high), total) - y) / total
        below, above = below + (down if price > 0 else up) ** 2, above + (up if price > 0 else down) ** 2
    return (mean - math.sqrt(below), mean + math.sqrt(above)) if few else (mean, mean)

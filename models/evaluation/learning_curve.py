"""Accuracy against the time of people: a model fitted on nested shares of its labels, measured on groups it did not see. Pure.

The groups of the labels have an order, and each is of one of five folds. For each fold the model is fitted on what an eighth, a
quarter, half and all of the time outside of it gave, whole groups in their order, and asked about the fold. So each point speaks
of the same cases. Once the labels are verdicts, with every reading that made them; once first readings alone, of which the same
time gives more.

What a doubling of the time adds is the mean of a paired difference (`paired_gain`). Fits of five folds share most of their
labels, so what other labels would have taught counts too little in it: the limits are half as wide again (Nadeau and Bengio
2003).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
import polars_hash as plh
from numpy.typing import NDArray

from models.evaluation import paired_cost, paired_gain
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.learned import Curve, Fitted, Measure, Point

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.int64]

Learn = Callable[[Places, Places, bool], Floats | None]
Resamples = Callable[[int], Iterable[Floats]]  # a number of groups -> how often each is counted

SHARES = (0.125, 0.25, 0.5, 1.0)  # of the time
FOLDS = 5
WIDER = math.sqrt(
    1 + FOLDS / (FOLDS - 1)
)  # 1 / J + n2 / n1 in the place of 1 / J: one label left out for four learned from


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The labels that may be learned from, an entry each.

    `group`: what it belongs with, 0 .. groups - 1; `turn`: a number of its group, by which groups have their order. `first`: what
    its first reading took; `whole`: what all its readings took, not less. `again`: whether there was more than one. `measured`:
    it was sampled blind, so that it says how right a model is; `weight`: 1 / propensity. `right`: whether the answer of the model
    that decided the case was right.
    """

    group: Places
    turn: Floats
    first: Floats
    whole: Floats
    again: Bools
    measured: Bools
    weight: Floats
    right: Bools


def of(
    labels: Labels, learn: Learn, *, measure: Measure, resamples: Resamples, alpha: float
) -> Curve | NotEnoughEvidence:
    """Fit and measure.

    Args:
        labels: What may be learned from.
        learn: Fits on the labels at some places (True: on their first readings alone) and says of those at other places its
            score, or for `right` 1 where it answers right and 0 where it does not; None: they are too few to fit.
        measure: What is measured.
        resamples: How often each group is counted: blocks of rows, a row per resample, a column per group.
        alpha: In (0, 1): the chance that limits miss, alpha / 2 on each side.

    Returns:
        NotEnoughEvidence with fewer than 20 groups to measure by.
    """
    fold = _folds(labels)
    usable = _usable(labels, fold, measure)
    groups, n = len(np.unique(labels.group[usable])), int(usable.sum())
    wrong = int((usable & ~labels.right).sum())
    if groups < paired_cost.FEWEST:
        reason = f"{groups} groups of labels to measure by, and it takes {paired_cost.FEWEST}"
        return NotEnoughEvidence(reason=reason, n=n, errors=wrong)
    points, values = [], []
    for share in SHARES:
        by_verdicts, mean = _at(labels, fold, usable, learn, measure, share, first=False)
        by_first, mean_first = (
            _at(labels, fold, usable, learn, measure, share, first=True) if labels.again.any() else (by_verdicts, mean)
        )
        enough = labels.first.sum() >= share * labels.whole.sum()
        points.append(Point(verdicts=by_verdicts, first=by_first, spent=not enough))
        values.append((mean, mean_first))

    def difference(new: Floats | None, old: Floats | None) -> Estimate | NotEnoughEvidence:
        if new is None or old is None:
            return NotEnoughEvidence(reason="half of the labels are too few to fit", n=n, errors=wrong)
        return _difference(labels, usable, measure, new - old, resamples(groups), alpha)

    equal = max((place for place, point in enumerate(points) if not point.spent), default=0)
    return Curve(
        measure=measure,
        points=tuple(points),
        gain=difference(values[-1][0], values[-2][0]),
        better=difference(*values[equal])
        if labels.again.any()
        else NotEnoughEvidence(reason="no label took a second reading", n=n, errors=wrong),
        better_at=equal,
    )


def turns(ledger: str, groups: pl.Series) -> Floats:
    """A number of each group in [0, 1), the same for ever, by which groups are taken in turn.

    Args:
        ledger: Who the ledger is (`Ledger.identity`).
        groups: What each label belongs with, texts.

    >>> turns("0" * 32, pl.Series(["a", "b", "a"])).round(3).tolist()
    [0.532, 0.606, 0.532]
    """
    text = pl.DataFrame({"group": groups}).select(text=pl.lit(f"learning curve\n{ledger}\n") + pl.col("group"))
    digest = text.select(plh.col("text").chash.sha2_256().str.head(13).str.to_integer(base=16))
    return np.asarray(digest.to_series().to_numpy() / 2**52, dtype=np.float64)


def _folds(labels: Labels) -> Places:
    """The fold of each label: groups take turns."""
    _, first = np.unique(labels.group, return_index=True)
    order = np.argsort(labels.turn[first], kind="stable")
    place = np.empty(len(first), np.int64)
    place[order] = np.arange(len(first))
    return place[labels.group] % FOLDS


def _usable(labels: Labels, fold: Places, measure: Measure) -> Bools:
    """The labels to measure by. An order needs right and wrong answers of one fit."""
    usable = labels.measured.copy()
    if measure == "order":
        for number in range(FOLDS):
            those = usable & (fold == number)
            if not (those & labels.right).any() or not (those & ~labels.right).any():
                usable &= ~those
    return usable


def _at(
    labels: Labels, fold: Places, usable: Bools, learn: Learn, measure: Measure, share: float, *, first: bool
) -> tuple[Fitted, Floats | None]:
    """A point, and what each label adds to its measure; None where a fold has too few labels to fit."""
    values: Floats | None = np.zeros(len(fold))
    known_all, time = [], []
    for number in np.unique(fold[usable]):
        known = _taken(labels, np.flatnonzero(fold != number), share, first=first)
        known_all.append(len(known))
        time.append(float((labels.first if first else labels.whole)[known].sum()))
        rest = np.flatnonzero(usable & (fold == number))
        out = None if values is None else learn(known, rest, first)
        if values is None or out is None:
            values = None
            continue
        values[rest] = _values(measure, out, labels.right[rest], labels.weight[rest])
    value = None if values is None else float(np.average(values[usable], weights=labels.weight[usable]))
    return Fitted(labels=float(np.mean(known_all)), time=float(np.mean(time)), value=value), values


def _taken(labels: Labels, known: Places, share: float, *, first: bool) -> Places:
    """Those of some labels that a share of all their time is enough for, group by group in their order."""
    known = known[np.lexsort((labels.group[known], labels.turn[known]))]
    group = labels.group[known]
    last = np.append(group[1:] != group[:-1], True)  # of its group
    so_far = np.cumsum((labels.first if first else labels.whole)[known])
    enough = so_far <= share * labels.whole[known].sum() * (1 + 1e-9)
    ends = np.flatnonzero(last & enough)
    return known[: ends[-1] + 1] if len(ends) else known[:0]


def _values(measure: Measure, out: Floats, right: Bools, weight: Floats) -> Floats:
    """What each label of a fold adds: their weighted mean is the fold's measure."""
    return out if measure == "right" else _order(out, right, weight)


def _order(score: Floats, right: Bools, weight: Floats) -> Floats:
    """The AUROC and the influence of each label on it (DeLong, DeLong and Clarke-Pearson 1988): ties count half."""

    def below(those: Bools, others: Bools) -> Floats:
        """Of some labels the share of the others whose score is lower."""
        order = np.argsort(score[others], kind="stable")
        mass = np.concatenate([[0.0], np.cumsum(weight[others][order])]) / weight[others].sum()
        ends = (np.searchsorted(score[others][order], score[those], side=side) for side in ("left", "right"))
        return np.asarray(sum(mass[end] for end in ends) / 2, dtype=np.float64)

    placed = np.empty(len(score))
    placed[right], placed[~right] = below(right, ~right), 1 - below(~right, right)
    auroc = float(np.average(placed[right], weights=weight[right]))
    return np.asarray(auroc + (placed - auroc) / _side(right, weight), dtype=np.float64)


def _difference(
    labels: Labels, usable: Bools, measure: Measure, more: Floats, resamples: Iterable[Floats], alpha: float
) -> Estimate:
    values, weight, right = more[usable], labels.weight[usable], labels.right[usable]
    mean, low, high = paired_gain.limits(
        np.unique(labels.group[usable], return_inverse=True)[1].astype(np.int64),
        weight,
        values,
        reach=1 / _side(right, weight) if measure == "order" else np.ones(len(values)),
        counted=measure == "right",
        resamples=resamples,
        alpha=alpha,
    )
    return Estimate(
        value=mean,
        low=max(mean - WIDER * (mean - low), -1.0),
        high=min(mean + WIDER * (high - mean), 1.0),
        alpha=alpha,
        n=len(values),
        errors=int((values != 0).sum()) if measure == "right" else int((~right).sum()),
        method=paired_gain.METHOD,
    )


def _side(right: Bools, weight: Floats) -> Floats:
    """The share of the cases that are right where a label is, and of those that are wrong where it is wrong."""
    return np.asarray(np.where(right, weight[right].sum(), weight[~right].sum()) / weight.sum(), dtype=np.float64)

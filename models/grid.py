"""What a certificate fixes before the first label of its era is seen: thresholds, starts, target and significance level.

A grid, or a start, chosen from the labels that are to certify it is not covered by the promise: nothing here takes a label.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SIZE = 200  # thresholds; more make the walk longer without making its steps matter
START_COVERAGE = (0.1, 0.3, 0.5, 0.7)
START_WEIGHT = (0.1, 0.2, 0.4, 0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One era's certificate as registered: goes into the ledger whole and never changes.

    `epoch` and `era` name what is certified (model, prompt, labels, calibrator, and which of the epoch's eras); `alpha` is
    the target error, `delta` the significance level, both in (0, 1). `thresholds`: confidences in [0, 1], strictest first,
    distinct, at most 200. `starts`: indices of thresholds, rising; `weights`: each start's share of delta, sum 1.
    `group_size`: the most cases of one group that may be released. Raises ValueError on anything else.
    """

    epoch: str
    alpha: float
    delta: float
    thresholds: tuple[float, ...]
    starts: tuple[int, ...]
    weights: tuple[float, ...]
    era: int = 1
    group_size: int = 1

    def __post_init__(self) -> None:
        if not self.epoch:
            raise ValueError("a certificate belongs to an epoch: name it")
        for name, share in (("alpha", self.alpha), ("delta", self.delta)):
            if not 0 < share < 1:
                raise ValueError(f"{name} {share!r}: give a number between 0 and 1")
        if not 1 <= len(self.thresholds) <= SIZE:
            raise ValueError(f"{len(self.thresholds)} thresholds: give 1 to {SIZE}")
        if not all(0 <= threshold <= 1 for threshold in self.thresholds) or not _rising(self.thresholds[::-1]):
            raise ValueError("thresholds must be distinct confidences from 0 to 1, strictest first")
        if (
            not self.starts
            or not _rising(self.starts)
            or not 0 <= self.starts[0] <= self.starts[-1] < len(self.thresholds)
        ):
            raise ValueError(f"starts {self.starts} must be rising indices of the {len(self.thresholds)} thresholds")
        if len(self.weights) != len(self.starts) or min(self.weights) <= 0 or not math.isclose(sum(self.weights), 1):
            raise ValueError(f"weights {self.weights} must be positive, one per start, and sum to 1")
        for name, least in (("era", self.era), ("group_size", self.group_size)):
            if least < 1:
                raise ValueError(f"{name} {least}: give at least 1")


def quantiles(scores: pl.Series, size: int = SIZE) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Thresholds at even steps of coverage, and the coverage of each, both for `past` cases; strictest first.

    `scores`: Float64 confidences of cases from *before* the epoch; what is no confidence (null, NaN, out of [0, 1])
    counts as a case but is no threshold. Each threshold is a score that occurred and ties are one threshold, so a
    model that says only 0.9, 0.95 and 1.0 has three. Coverage is the share of all cases with a score at or above.
    Raises ValueError if no score is a confidence or `size` is not 1 to 200.
    """
    if not 1 <= size <= SIZE:
        raise ValueError(f"{size} thresholds: give 1 to {SIZE}")
    sound = scores.filter((scores.is_between(0, 1) & scores.is_not_nan()).fill_null(False))
    if sound.is_empty():
        raise ValueError("no past case has a confidence: use round numbers")
    falling = sound.sort(descending=True).to_numpy()
    ranks = np.ceil(np.arange(1, size + 1) / size * len(falling)).astype(np.int64) - 1
    thresholds = np.unique(falling[ranks])[::-1]
    reached = np.searchsorted(-falling, -thresholds, side="right")
    return tuple(thresholds.tolist()), tuple((reached / len(scores)).tolist())


def round_numbers(size: int = 100) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """`size` even steps from below 1 to 0, for a stream without a past, and their coverage were scores spread evenly.

    Raises ValueError if `size` is not 1 to 200.
    """
    if not 1 <= size <= SIZE:
        raise ValueError(f"{size} thresholds: give 1 to {SIZE}")
    steps = range(1, size + 1)
    return tuple((size - step) / size for step in steps), tuple(step / size for step in steps)


def denser_near_one() -> tuple[tuple[float, ...], tuple[int, ...], tuple[float, ...]]:
    """Thresholds, starts and weights for a stream without a past: round numbers, denser where trained models crowd.

    Steps of .02 below .9, .01 to .99, .001 to .999, .0001 to .9999; chains start at .99, .97, .9 and .8. What these cover
    is not known beforehand, which costs power where it is far from 10, 30, 50 and 70 %, and never the promise.
    """
    fine = [1 - step / 10**digits for digits in (4, 3, 2) for step in range(1, 10)]
    thresholds = tuple(round(value, 4) for value in (*fine, *(step / 50 for step in range(45, -1, -1))))
    return thresholds, tuple(thresholds.index(value) for value in (0.99, 0.97, 0.9, 0.8)), START_WEIGHT


FIXED_PLACES = (0.999, 0.99, 0.9)  # confidences at which a chain starts whatever share of cases reaches them
FIXED_SHARE = 0.3  # of delta, for the chains that start there; the rest is for those that start by coverage


def ranks(scores: pl.Series, size: int = SIZE) -> tuple[tuple[float, ...], tuple[int, ...], tuple[float, ...]]:
    """Thresholds, starts and weights from the ranks of scores whose labels nobody has looked at.

    `scores` as for `quantiles`; they may be those of the very cases that are labelled later, for the grid looks at no
    label. Chains start at 10, 30, 50 and 70 % coverage, and at .999, .99 and .9 where scores lie on both sides of them:
    ranks alone lose power where a model is weak, fixed places alone where scores bunch. Raises ValueError as `quantiles`.
    """
    thresholds, coverage = quantiles(scores, size - len(FIXED_PLACES))
    inside = [place for place in FIXED_PLACES if thresholds[-1] < place < thresholds[0]]
    reached = [float((scores >= place).sum()) / len(scores) for place in inside]
    merged = dict(
        sorted({**dict(zip(inside, reached, strict=True)), **dict(zip(thresholds, coverage, strict=True))}.items())
    )
    falling = list(merged)[::-1]
    by_coverage, shares = starts([merged[threshold] for threshold in falling])
    held = dict(zip(by_coverage, ((1 - FIXED_SHARE if inside else 1.0) * share for share in shares), strict=True))
    for place in inside:
        at = falling.index(place)
        held[at] = held.get(at, 0.0) + FIXED_SHARE / len(inside)
    order = sorted(held)
    return tuple(falling), tuple(order), tuple(held[at] for at in order)


def starts(coverage: Sequence[float]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Indices nearest to 10, 30, 50 and 70 % coverage and their weights .1, .2, .4, .3 (statistics 4.2).

    `coverage`: share of *past* cases at or above each threshold, rising. Where two starts fall on one threshold (ties,
    a short grid) their weights add up, so that no part of delta is lost.
    """
    rising = np.asarray(coverage, np.float64)
    held: dict[int, float] = {}
    for goal, weight in zip(START_COVERAGE, START_WEIGHT, strict=True):
        nearest = int(np.argmin(np.abs(rising - goal)))
        held[nearest] = held.get(nearest, 0.0) + weight
    return tuple(held), tuple(held.values())


def bins(confidence: pl.Series, thresholds: Sequence[float]) -> pl.Series:
    """Per case, the index of the strictest threshold it reaches (`>=`); null: none, or no confidence in [0, 1].

    `confidence` is Float64, `thresholds` strictest first. Int64, in the order of the input.
    """
    rising = np.asarray(thresholds, np.float64)[::-1]
    score = confidence.cast(pl.Float64).to_numpy()  # null becomes NaN
    with np.errstate(invalid="ignore"):
        sound = (score >= 0) & (score <= 1)
    # Only then: a NaN would sort behind every number, and so read as surer than sure.
    above = len(rising) - np.searchsorted(rising, np.where(sound, score, -1.0), side="right")
    return pl.Series("bin", above, dtype=pl.Int64).set(pl.Series(above == len(rising)), None)


def _rising(values: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(values))

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
# Chosen by what they release after 1,000 and 3,000 labels: tests/simulations/test_grid.py.
START_COVERAGE = (0.12, 0.2, 0.5, 0.8)  # shares of cases
START_WEIGHT = (0.2, 0.1, 0.55, 0.15)
FIXED_START = 0.9  # a confidence at which a chain starts whatever share of cases reaches it
FIXED_WEIGHT = 0.3  # of delta, for that chain; the rest is for those that start by coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTarget:
    """The target error of one field of a record, in (0, 1), beside that of the records. Raises ValueError outside it.

    `graded`: of the share of its list that is wrong, on average; such a field is no part of whether a record is right.
    """

    field: str
    alpha: float
    graded: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha {self.alpha!r} of field {self.field!r}: give a number between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One era's certificate as registered: goes into the ledger whole and never changes.

    `epoch` and `era` name what is certified (model, prompt, labels, calibrator, and which of the epoch's eras); `alpha` is
    the target error, `delta` the significance level, both in (0, 1). `thresholds`: confidences in [0, 1], strictest first,
    distinct, at most 200. `starts`: indices of thresholds, rising; `weights`: each start's share of delta, sum 1.
    `group_size`: the most cases of one group that may be released. `by_field`: fields of a record with a target of their own,
    which a certified threshold keeps too. `shadow_after`: of a model that was promoted, its evidence is what it said in shadow of
    samples decided under later seals, in epochs before its own; None: the era's own decisions. Raises ValueError on
    anything else.
    """

    epoch: str
    alpha: float
    delta: float
    thresholds: tuple[float, ...]
    starts: tuple[int, ...]
    weights: tuple[float, ...]
    era: int = 1
    group_size: int = 1
    by_field: tuple[FieldTarget, ...] = ()
    shadow_after: int | None = None

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
    """Thresholds at even steps of coverage, and the coverage of each, both among the cases of `scores`; strictest first.

    `scores`: Float64 confidences of cases whose labels nobody has looked at; what is no confidence (null, NaN, out of
    [0, 1]) counts as a case but is no threshold. Each threshold is a score that occurred and ties are one threshold, so a
    model that says only 0.9, 0.95 and 1.0 has three. Coverage is the share of all cases with a score at or above.
    Raises ValueError if no score is a confidence or `size` is not 1 to 200.
    """
    if not 1 <= size <= SIZE:
        raise ValueError(f"{size} thresholds: give 1 to {SIZE}")
    sound = _sound(scores)
    if sound.is_empty():
        raise ValueError("no case has a confidence: there is nothing to lay a grid on")
    falling = sound.sort(descending=True).to_numpy()
    places = np.ceil(np.arange(1, size + 1) / size * len(falling)).astype(np.int64) - 1
    thresholds = np.unique(falling[places])[::-1]
    reached = np.searchsorted(-falling, -thresholds, side="right")
    return tuple(thresholds.tolist()), tuple((reached / len(scores)).tolist())


def denser_near_one() -> tuple[tuple[float, ...], tuple[int, ...], tuple[float, ...]]:
    """Thresholds, starts and weights for a stream without a past: round numbers, denser where trained models crowd.

    Steps of .02 below .9, .01 to .99, .001 to .999, .0001 to .9999; chains start at .99, .97, .9 and .8. What these cover
    is not known beforehand, which costs power where it is far from 10, 30, 50 and 70 %, and never the promise.
    """
    fine = [1 - step / 10**digits for digits in (4, 3, 2) for step in range(1, 10)]
    thresholds = tuple(round(value, 4) for value in (*fine, *(step / 50 for step in range(45, -1, -1))))
    return thresholds, tuple(thresholds.index(value) for value in (0.99, 0.97, 0.9, 0.8)), (0.1, 0.2, 0.4, 0.3)


def ranks(scores: pl.Series, size: int = SIZE) -> tuple[tuple[float, ...], tuple[int, ...], tuple[float, ...]]:
    """Thresholds, starts and weights from the ranks of scores whose labels nobody has looked at; strictest first.

    `scores` as for `quantiles`; they may be those of the very cases that are labelled later, for the grid looks at no
    label. Chains start as `starts` says and, where scores lie on both sides of it, at .9: shares of cases alone miss the
    few sure answers of a weak model. Thresholds stricter than the first start are left out, for no chain reaches them.
    Raises ValueError as `quantiles`.
    """
    if not 1 <= size <= SIZE:
        raise ValueError(f"{size} thresholds: give 1 to {SIZE}")
    thresholds, coverage = quantiles(scores, max(1, size - 1))  # one is kept for the fixed start
    reached = dict(zip(thresholds, coverage, strict=True))
    fixed = thresholds[-1] < FIXED_START < thresholds[0]
    if fixed:
        reached[FIXED_START] = float((_sound(scores) >= FIXED_START).sum()) / len(scores)
    falling = sorted(reached, reverse=True)
    by_coverage, shares = starts([reached[threshold] for threshold in falling])
    held = dict(zip(by_coverage, shares, strict=True))
    if fixed:
        held = {place: (1 - FIXED_WEIGHT) * share for place, share in held.items()}
        place = falling.index(FIXED_START)
        held[place] = held.get(place, 0.0) + FIXED_WEIGHT
    order = sorted(held)
    return tuple(falling[order[0] :]), tuple(place - order[0] for place in order), tuple(held[place] for place in order)


def starts(coverage: Sequence[float]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Indices nearest to 12, 20, 50 and 80 % coverage and their weights .2, .1, .55, .15 (docs/method.md 4.2).

    `coverage`: share of cases at or above each threshold, rising. Where two starts fall on one threshold (ties,
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


def _sound(scores: pl.Series) -> pl.Series:
    return scores.filter((scores.is_between(0, 1) & scores.is_not_nan()).fill_null(False))


def _rising(values: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(values))

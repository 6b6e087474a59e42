"""A grid laid from the ranks of unlabelled scores releases as much as better informed ones, and keeps the promise.

Seeded. Cases come ranked from the surest (0) to the least sure (1); a model gives the confidence and the error rate at each
rank, and the error rate that is aimed at. Significance level 5 %. Labels are blind, of propensity 1.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from models.certification import certificate, e_values, era_plan
from tests.simulations.shapes import MODELS, Model

Floats = NDArray[np.float64]
Laid = tuple[Sequence[float], Sequence[int], Sequence[float]]

DELTA = 0.05
RANKS = (np.arange(100_000) + 0.5) / 100_000
HEAD = 1000  # scores from which a grid is laid: those of the first cases


def round_numbers(_: pl.Series) -> Laid:
    """What a first epoch had before: round numbers, denser near one, with starts at .99, .97, .9 and .8."""
    fine = [1 - step / 10**digits for digits in (4, 3, 2) for step in range(1, 10)]
    thresholds = tuple(round(value, 4) for value in (*fine, *(step / 50 for step in range(45, -1, -1))))
    return thresholds, tuple(thresholds.index(value) for value in (0.99, 0.97, 0.9, 0.8)), (0.1, 0.2, 0.4, 0.3)


def ranks_alone(scores: pl.Series) -> Laid:
    """What a later epoch had before: ranks, with starts at 10, 30, 50 and 70 % coverage."""
    thresholds, coverage = era_plan.quantiles(scores)
    places = [int(np.argmin(np.abs(np.array(coverage) - goal))) for goal in (0.1, 0.3, 0.5, 0.7)]
    return thresholds, places, (0.1, 0.2, 0.4, 0.3)


def released(
    confidence: Callable[[Floats], Floats], model: Model, labels: int, laid: Callable[[pl.Series], Laid], *, runs: int
) -> float:
    """Mean share of all cases that may be released after so many labels, with the grid laid from the first scores."""
    random = np.random.default_rng(18)
    rising = confidence(RANKS)[::-1]
    shares = []
    for _ in range(runs):
        rank = random.random(labels)
        scores, wrong = confidence(rank), random.random(labels) < model.error(rank)
        thresholds, starts, weights = laid(pl.Series(scores[:HEAD]))
        n, bad = (counted(part, thresholds) for part in (scores, scores[wrong]))
        passed = certificate.walk(e_values.constant(bad, n, model.target), starts, weights, delta=DELTA).passed
        line = thresholds[passed[-1]] if passed else math.inf
        shares.append(1 - float(np.searchsorted(rising, line)) / len(rising))
    return float(np.mean(shares))


def counted(scores: Floats, thresholds: Sequence[float]) -> Floats:
    """How many scores lie at or above each threshold."""
    return len(scores) - np.searchsorted(np.sort(scores), thresholds).astype(np.float64)


@pytest.mark.parametrize("labels", [1000, 3000])
@pytest.mark.parametrize("name", MODELS)
def test_ranks_release_within_two_points_of_the_better_of_round_numbers_and_ranks_alone(name: str, labels: int) -> None:
    model, runs = MODELS[name], 400
    shares = [
        released(model.confidence, model, labels, laid, runs=runs)
        for laid in (era_plan.ranks, round_numbers, ranks_alone)
    ]
    print(
        f"\n{name}, {labels} labels: ranks {shares[0]:.1%}, round numbers {shares[1]:.1%}, ranks alone {shares[2]:.1%}"
    )
    assert shares[0] >= max(shares[1:]) - 0.02


def test_round_numbers_release_nothing_of_a_sure_model_and_ranks_alone_lose_the_few_sure_of_a_weak_one() -> None:
    sure, weak = MODELS["sure"], MODELS["weak, few sure"]
    assert released(sure.confidence, sure, 3000, round_numbers, runs=100) == 0.0
    assert released(sure.confidence, sure, 3000, era_plan.ranks, runs=100) > 0.35
    assert released(weak.confidence, weak, 1000, ranks_alone, runs=100) < 0.02
    assert released(weak.confidence, weak, 1000, era_plan.ranks, runs=100) > 0.14


BUNCHED: dict[str, Callable[[Floats], Floats]] = {
    "from .9999 to 1": lambda rank: 0.9999 + 0.0001 * (1 - rank),
    "log-probabilities from 0 to -.001, by exp": lambda rank: np.exp(-0.001 * rank),
    "log-probabilities from -900 to -20, by exp": lambda rank: np.exp(-20 - 680 * rank),
}


@pytest.mark.parametrize("name", BUNCHED)
def test_bunched_scores_release_within_three_points_of_the_same_order_spread_evenly(name: str) -> None:
    model, runs = MODELS["typical"], 300
    bunched, spread = (
        released(confidence, model, 3000, era_plan.ranks, runs=runs)
        for confidence in (BUNCHED[name], lambda rank: 1 - rank)
    )
    print(f"\n{name}: {bunched:.1%}, spread evenly {spread:.1%}, round numbers 0.0%")
    assert abs(bunched - spread) <= 0.03
    assert released(BUNCHED[name], model, 3000, round_numbers, runs=50) == 0.0


def test_three_distinct_values_release_as_much_bunched_as_spread() -> None:
    """Ties are one threshold: the surest 40 %, the surest 70 % and all."""

    def three(high: float, middle: float, low: float) -> Callable[[Floats], Floats]:
        return lambda rank: np.where(rank < 0.4, high, np.where(rank < 0.7, middle, low))

    model = MODELS["typical"]
    bunched = released(three(1.0, 0.99999, 0.9999), model, 3000, era_plan.ranks, runs=300)
    spread = released(three(0.8, 0.5, 0.2), model, 3000, era_plan.ranks, runs=300)
    assert bunched == pytest.approx(spread, abs=0.03)
    assert bunched > 0.2


@pytest.mark.parametrize(("name", "above"), [("sure", 1.0), ("typical", 1.01)])
def test_a_grid_laid_on_the_unlabelled_scores_of_the_very_cases_keeps_the_promise(name: str, above: float) -> None:
    """All thresholds have an error of just the target, or just above: whatever is certified is false. 20 looks."""
    model, target, runs, labels = MODELS[name], 0.05, 1000, 1000
    random = np.random.default_rng(1939)
    looks = np.arange(50, labels + 1, 50)
    ever = 0
    for _ in range(runs):
        scores = model.confidence(random.random(labels))
        wrong = random.random(labels) < above * target
        thresholds, starts, weights = era_plan.ranks(pl.Series(scores))
        seen = [[counted(part, thresholds) for part in (scores[:look], scores[:look][wrong[:look]])] for look in looks]
        n, bad = (np.array([pair[place] for pair in seen]) for place in (0, 1))
        log_e = np.maximum.accumulate(e_values.constant(bad, n, target), axis=0)
        ever += any(
            certificate.walk(log_e[look], starts, weights, delta=DELTA).passed
            for look in np.flatnonzero(log_e.max(1) >= -math.log(DELTA))
        )
    print(f"\n{name}, {above} times the target: ever certified in {ever / runs:.1%} of runs")
    assert ever / runs <= DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / runs)


def test_a_grid_laid_on_the_labels_would_break_the_promise() -> None:
    """The negative control of the test above: one chain, started where the labels look best."""
    target, runs, labels = 0.05, 300, 1000
    random = np.random.default_rng(1940)
    ever = 0
    for _ in range(runs):
        scores, wrong = random.random(labels), random.random(labels) < target
        thresholds, _, _ = era_plan.ranks(pl.Series(scores))
        n, bad = (counted(part, thresholds) for part in (scores, scores[wrong]))
        ever += float(e_values.binomial(bad, n, target)[n >= 100].max()) >= -math.log(DELTA)
    assert ever / runs > DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / runs)

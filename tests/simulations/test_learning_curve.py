"""A learner that more labels teach nothing is called a rising one in no more runs than promised; one that they teach is. Seeded.

A share may differ by three binomial standard errors of the runs.
"""

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.evaluation import learning_curve
from models.evaluation.estimate import Estimate
from models.evaluation.learned import Curve, Measure
from models.evaluation.learning_curve import Labels

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

RUNS, ALPHA, CASES = 300, 0.05, 240
MOST = ALPHA / 2 + 3 * math.sqrt(ALPHA / 2 * (1 - ALPHA / 2) / RUNS)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small matrices wait for threads, not for work."""
    with threadpool_limits(limits=1):
        yield


@cache
def counts(groups: int) -> Floats:
    return np.random.default_rng(7).poisson(1.0, (400, groups)).astype(np.float64)


def resamples(groups: int) -> Iterator[Floats]:
    yield counts(groups)


def labels(rng: np.random.Generator, right: NDArray[np.bool_], group: Places, again: NDArray[np.bool_]) -> Labels:
    """Each reading takes some half a minute, and a second one as long."""
    first, second = rng.exponential(30.0, (2, len(right)))
    return Labels(
        group=group,
        turn=rng.random(int(group.max()) + 1)[group],
        first=first,
        whole=first + again * second,
        again=again,
        measured=np.ones(len(right), np.bool_),
        weight=np.ones(len(right)),
        right=right,
    )


def chosen(rng: np.random.Generator, accuracies: tuple[float, ...], *, size: int = 1, alone: bool = False) -> Curve:
    """A learner that takes one of several rules with these accuracies, whichever its labels happen to lead it to.

    Cases of a group of `size` are alike. `alone`: each is taken for a group of its own.
    """
    groups = CASES // size
    right = np.repeat(rng.random((groups, len(accuracies))) < accuracies, size, axis=0)

    def learn(known: Places, rest: Places, first: bool) -> Floats:
        return np.asarray(right[rest, int(known.sum()) % len(accuracies)], dtype=np.float64)

    member = np.arange(CASES) if alone else np.repeat(np.arange(groups), size)
    never = np.zeros(CASES, np.bool_)
    curve = learning_curve.of(
        labels(rng, right[:, 0], member, never), learn, measure="right", resamples=resamples, alpha=ALPHA
    )
    assert isinstance(curve, Curve)
    return curve


def rising(seed: int, accuracies: tuple[float, ...], *, size: int = 1, alone: bool = False) -> float:
    rng = np.random.default_rng(seed)
    return float(np.mean([chosen(rng, accuracies, size=size, alone=alone).course == "rising" for _ in range(RUNS)]))


@pytest.mark.parametrize("size", [1, 12])
@pytest.mark.parametrize("accuracies", [(0.8, 0.8), (0.8, 0.8, 0.8, 0.8), (0.97, 0.97)])
def test_a_learner_that_more_labels_teach_nothing_is_hardly_ever_called_rising(
    accuracies: tuple[float, ...], size: int
) -> None:
    assert rising(21, accuracies, size=size) <= MOST


def test_the_harness_can_fail_cases_of_a_group_taken_each_for_itself_are_called_rising_too_often() -> None:
    assert rising(22, (0.8, 0.8), size=12, alone=True) > MOST


def fitted(rng: np.random.Generator, *, measure: Measure, width: int, denied: float = 0.0) -> Curve:
    """Least squares on `width` columns of which each tells a little. First readers deny that share of right answers."""
    x = rng.normal(0, 1, (CASES, width))
    right = x @ np.full(width, 1 / math.sqrt(width)) + rng.normal(0, 0.3, CASES) > -0.5
    first = right & (rng.random(CASES) >= denied)

    def learn(known: Places, rest: Places, by_first: bool) -> Floats:
        design = np.column_stack([np.ones(CASES), x])
        target = (first if by_first else right).astype(np.float64)
        inner = design[known].T @ design[known] + 0.1 * np.eye(width + 1)
        score = design[rest] @ np.linalg.solve(inner, design[known].T @ target[known])
        if measure == "right":
            return np.asarray((score > 0.5) == right[rest], dtype=np.float64)
        return np.asarray(score, dtype=np.float64)

    # Who finds nothing wrong is not read again.
    known = labels(rng, right, np.arange(CASES), ~first)
    curve = learning_curve.of(known, learn, measure=measure, resamples=resamples, alpha=ALPHA)
    assert isinstance(curve, Curve)
    return curve


@pytest.mark.parametrize("measure", ["right", "order"])
def test_the_limits_hold_what_a_doubling_adds_whatever_the_labels_and_one_that_they_teach_is_called_rising(
    measure: Measure,
) -> None:
    rng = np.random.default_rng(23)
    curves = [fitted(rng, measure=measure, width=80) for _ in range(60)]
    gains = [curve.gain for curve in curves if isinstance(curve.gain, Estimate)]
    truth = float(np.mean([gain.value for gain in gains]))
    assert np.mean([gain.low <= truth <= gain.high for gain in gains]) >= 1 - ALPHA - 3 * math.sqrt(
        ALPHA * (1 - ALPHA) / 60
    )
    assert np.mean([curve.course == "rising" for curve in curves]) > 0.7


def better(denied: float, seed: int) -> list[Estimate]:
    rng = np.random.default_rng(seed)
    results = [fitted(rng, measure="right", width=5, denied=denied).better for _ in range(60)]
    return [one for one in results if isinstance(one, Estimate)]


def test_where_first_readers_deny_much_verdicts_teach_more_in_the_same_time_and_where_they_deny_nothing_they_do_not() -> (
    None
):
    assert np.mean([one.low > 0 for one in better(0.4, 25)]) > 0.8
    assert np.mean([one.low > 0 for one in better(0.0, 26)]) <= MOST

"""Accuracy against the time of people: which labels each fit may have, and what is measured on which."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.evaluation import learning_curve
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.learned import Curve, Measure
from models.evaluation.learning_curve import Labels

RANDOM = np.random.default_rng(2)
CASES, SIZE = 200, 2
Places = NDArray[np.int64]
Fits = list[tuple[Places, Places, bool]]


def resamples(groups: int) -> Iterator[NDArray[np.float64]]:
    yield np.random.default_rng(7).poisson(1.0, (200, groups)).astype(np.float64)


def labels(**changes: Any) -> Labels:
    """Pairs of cases; a first reading takes 10, and every fourth case is read again for another 20."""
    again = np.arange(CASES) % 4 == 0
    known = Labels(
        group=np.arange(CASES) // SIZE,
        turn=np.random.default_rng(3).random(CASES // SIZE)[np.arange(CASES) // SIZE],
        first=np.full(CASES, 10.0),
        whole=10.0 + 20.0 * again,
        again=again,
        measured=np.ones(CASES, np.bool_),
        weight=np.ones(CASES),
        right=np.arange(CASES) % 3 > 0,
    )
    return replace(known, **changes)


def curve(known: Labels, *, measure: Measure = "right", fewest: int = 0) -> tuple[Curve, Fits]:
    """The curve of a learner that is right with the more labels the more often, and all that it was asked."""
    fits: Fits = []

    def learn(learned: Places, rest: Places, first: bool) -> NDArray[np.float64] | None:
        fits.append((learned, rest, first))
        if len(learned) < fewest:
            return None
        return np.asarray(rest % 100 < len(learned) / 2, dtype=np.float64)

    result = learning_curve.of(known, learn, measure=measure, resamples=resamples, alpha=0.05)
    assert isinstance(result, Curve)
    return result, fits


def test_a_fit_never_sees_a_group_that_it_is_asked_about() -> None:
    known = labels()
    _, fits = curve(known)
    assert len(fits) == 2 * len(learning_curve.SHARES) * learning_curve.FOLDS
    for learned, rest, _ in fits:
        assert not set(known.group[learned]) & set(known.group[rest])
    asked = np.concatenate([rest for learned, rest, first in fits[: learning_curve.FOLDS]])
    assert sorted(asked) == list(range(CASES)), "and each case is asked about once"


def test_the_shares_are_nested_of_whole_groups_and_of_the_time_that_verdicts_took() -> None:
    known = labels()
    _, fits = curve(known)
    for number in range(learning_curve.FOLDS):
        of_fold = [one for one in fits if set(one[1]) == set(fits[number][1])]
        for first, took in ((False, known.whole), (True, known.first)):
            parts = [learned for learned, _, by_first in of_fold if by_first == first]
            assert all(set(smaller) < set(larger) for smaller, larger in itertools.pairwise(parts))
            budget = known.whole[of_fold[-1][0]].sum()
            for share, part in zip(learning_curve.SHARES, parts, strict=True):
                assert set(np.unique(known.group[part], return_counts=True)[1]) == {SIZE}
                assert share * budget - 60 < took[part].sum() <= share * budget or len(part) == 160


def test_first_readings_of_the_same_time_are_more_labels_until_there_are_no_more() -> None:
    result, _ = curve(labels())
    for point in result.points[:-1]:
        assert point.first.time == pytest.approx(point.verdicts.time, rel=0.15)
        assert point.first.labels > 1.3 * point.verdicts.labels
        assert not point.spent
    last = result.points[-1]
    assert last.spent
    assert (last.first.labels, last.verdicts.labels) == (160.0, 160.0), "four of five folds"
    assert result.better_at == 2


def test_without_second_readings_both_are_one_and_are_fitted_once() -> None:
    result, fits = curve(labels(again=np.zeros(CASES, np.bool_), whole=np.full(CASES, 10.0)))
    assert len(fits) == len(learning_curve.SHARES) * learning_curve.FOLDS
    assert all(point.first == point.verdicts for point in result.points)
    assert isinstance(result.better, NotEnoughEvidence)


def test_only_what_was_sampled_blind_says_how_right_a_model_is_and_each_counts_for_what_it_stands_for() -> None:
    measured, weight = np.arange(CASES) % 2 == 0, np.where(np.arange(CASES) % 100 < 50, 1.0, 3.0)
    result, fits = curve(labels(measured=measured, weight=weight))
    assert set(np.concatenate([rest for _, rest, _ in fits]) % 2) == {0}
    right = np.arange(CASES) % 100 < 80
    expected = np.average(right[measured], weights=weight[measured])
    assert result.points[-1].verdicts.value == pytest.approx(expected)


def test_what_a_doubling_adds_is_the_difference_of_the_last_two_points() -> None:
    result, _ = curve(labels())
    half, whole = (point.verdicts.value for point in result.points[-2:])
    assert isinstance(result.gain, Estimate)
    assert half is not None
    assert whole is not None
    assert result.gain.value == pytest.approx(whole - half)
    assert (result.course, result.gain.n, result.gain.errors) == ("rising", CASES, round(CASES * (whole - half)))


def test_where_half_of_the_labels_are_too_few_to_fit_the_gain_is_not_known() -> None:
    result, _ = curve(labels(), fewest=100)
    assert [point.verdicts.value is None for point in result.points] == [True, True, True, False]
    assert isinstance(result.gain, NotEnoughEvidence)
    assert (result.gain.reason, result.course) == ("half of the labels are too few to fit", "unknown")


def test_with_few_groups_nothing_is_measured() -> None:
    one = learning_curve.of(
        labels(group=np.arange(CASES) // 20), lambda *_: None, measure="right", resamples=resamples, alpha=0.05
    )
    assert isinstance(one, NotEnoughEvidence)
    assert one.reason == "10 groups of labels to measure by, and it takes 20"


@pytest.mark.parametrize("weighted", [False, True])
def test_the_order_is_scikit_learns_auroc_of_each_fold_ties_half(weighted: bool) -> None:
    right, score = RANDOM.random(CASES) < 0.7, RANDOM.random(CASES).round(1)
    weight = RANDOM.uniform(1, 5, CASES) if weighted else np.ones(CASES)
    values = learning_curve._order(score, right, weight)
    assert np.average(values, weights=weight) == pytest.approx(roc_auc_score(right, score, sample_weight=weight))


def test_the_limits_of_an_order_are_as_wide_as_delongs() -> None:
    """With 40 wrong answers of 200 and an AUROC of some .76, DeLong's standard error is .04."""
    right = np.arange(CASES) % 5 > 0
    score = right + RANDOM.normal(0, 1, CASES)
    values = learning_curve._order(score, right, np.ones(CASES))
    good, bad = score[right], score[~right]
    placed = (good[:, None] > bad).mean(axis=1), (good[:, None] > bad).mean(axis=0)
    error = np.sqrt(sum(one.var(ddof=1) / len(one) for one in placed))
    assert values.std(ddof=1) / np.sqrt(CASES) == pytest.approx(error, rel=0.05)


def test_turns_depend_on_the_ledger_and_the_group_alone() -> None:
    groups = pl.Series(["a", "b", "c", "a"])
    first, other = (learning_curve.turns(ledger * 32, groups) for ledger in "01")
    assert first[0] == first[3]
    assert not set(first) & set(other)
    assert first[:2].tolist() == learning_curve.turns("0" * 32, groups[:2]).tolist()

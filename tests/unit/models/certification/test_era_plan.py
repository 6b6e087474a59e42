"""A grid of thresholds from unlabelled scores: what is a threshold, where chains start, and what each start may spend."""

import math

import numpy as np
import polars as pl
import pytest

from models.certification import era_plan

EVEN = pl.Series(np.arange(1000) / 1000)


def test_the_strictest_threshold_is_the_first_start_for_no_chain_reaches_a_stricter_one() -> None:
    thresholds, starts, weights = era_plan.ranks(EVEN)
    assert (starts[0], thresholds[0]) == (0, 0.9)
    assert sum(weights) == pytest.approx(1.0)


def test_chains_start_at_12_20_50_and_80_percent_of_cases_and_at_nine_tenths_confidence() -> None:
    scores = EVEN / 2 + 0.45  # the top tenth is .9 and above
    cases = pl.concat([scores, scores + 0.01])
    thresholds, starts, weights = era_plan.ranks(cases)
    covered = [(cases >= thresholds[start]).sum() / len(cases) for start in starts]
    assert covered == pytest.approx([0.11, 0.12, 0.2, 0.5, 0.8], abs=0.005)
    assert weights == pytest.approx([0.3, 0.14, 0.07, 0.385, 0.105])
    assert thresholds[starts[0]] == 0.9


def test_where_no_confidence_lies_below_nine_tenths_only_coverage_counts() -> None:
    thresholds, starts, weights = era_plan.ranks(0.9999 + EVEN / 10_000)
    assert len(starts) == 4
    assert weights == (0.2, 0.1, 0.55, 0.15)
    assert len(thresholds) > 150


def test_what_is_no_confidence_is_a_case_and_no_threshold() -> None:
    scores = pl.Series([0.95] * 5 + [0.85] * 5 + [math.nan, math.inf, 5.0, -1.0, None, None, None, None, None, None])
    thresholds, starts, weights = era_plan.ranks(scores)
    assert thresholds == (0.95, 0.9, 0.85)
    assert starts == (0, 1, 2)
    assert weights == pytest.approx((0.21, 0.3, 0.49))


@pytest.mark.parametrize("size", [1, 2, 3, 10, 200])
def test_a_grid_is_never_longer_than_asked_for_and_makes_a_plan(size: int) -> None:
    thresholds, starts, weights = era_plan.ranks(EVEN, size)
    assert 1 <= len(thresholds) <= size
    era_plan.Plan(epoch="e", alpha=0.05, delta=0.05, thresholds=thresholds, starts=starts, weights=weights)


def test_one_value_is_one_threshold_and_holds_all_of_delta() -> None:
    assert era_plan.ranks(pl.Series([0.7] * 9)) == ((0.7,), (0,), (1.0,))


@pytest.mark.parametrize("size", [0, 201])
def test_a_size_outside_1_to_200_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="give 1 to 200"):
        era_plan.ranks(EVEN, size)


def test_scores_without_a_confidence_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing to lay a grid on"):
        era_plan.ranks(pl.Series([None, math.nan, 7.0], dtype=pl.Float64))

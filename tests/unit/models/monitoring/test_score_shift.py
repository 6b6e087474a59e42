"""Have the scores moved? The distance is that of Kolmogorov and Smirnov, and its warning needs size and surety."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from models.monitoring import score_shift


def counted(scores: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame({"confidence": scores, "n": 1}, schema={"confidence": pl.Float64, "n": pl.Int64})


def test_the_distance_is_that_of_scipy() -> None:
    rng = np.random.default_rng(7)
    before, after = rng.beta(5, 2, 400).round(2), rng.beta(4, 2, 300).round(2)
    shift = score_shift.shift(counted(list(before)), counted(list(after)))
    theirs = stats.ks_2samp(before, after, method="asymp")
    assert shift is not None
    assert shift.distance == pytest.approx(theirs.statistic)
    assert (shift.before, shift.after) == (400, 300)
    # The limiting law against scipy's exact sizes: the same answer to two decimals at these sizes.
    assert shift.p == pytest.approx(theirs.pvalue, abs=0.01)


def test_cases_without_a_score_lie_below_every_score() -> None:
    shift = score_shift.shift(counted([0.0, 0.5]), counted([None, float("nan")]))
    assert shift is not None
    assert shift.distance == 1.0


@pytest.mark.parametrize(("distance", "p", "warn"), [(0.1, 0.001, True), (0.0999, 1e-9, False), (0.5, 0.0011, False)])
def test_a_warning_needs_a_distance_worth_a_persons_time_and_more_than_chance(
    distance: float, p: float, warn: bool
) -> None:
    assert score_shift.Shift(distance=distance, p=p, before=10, after=10).warn is warn


def test_one_empty_period_is_no_shift_and_a_negative_count_is_refused() -> None:
    assert score_shift.shift(counted([]), counted([0.5])) is None
    with pytest.raises(ValueError, match="below zero"):
        score_shift.shift(counted([0.5]).with_columns(n=pl.lit(-1)), counted([0.5]))

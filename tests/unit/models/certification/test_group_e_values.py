"""A group is one unit of evidence and one unit of what limits count."""

import numpy as np
import pytest

from models.certification import e_values, group_e_values
from models.evaluation import group_intervals, intervals


def test_groups_of_one_case_are_the_bets_of_single_labels() -> None:
    ratio = np.array([1.0, 0.25])
    single = e_values.unequal([[300, 80], [0, 5]], [[2, 3], [1, 0]], ratio, 0.05)
    groups = group_e_values.log_e(
        1, [[0, 0, 1, 1]] * 2, [*ratio, *ratio], 1, 0.05, times=[[300, 80, 2, 3], [0, 5, 1, 0]]
    )
    assert groups == pytest.approx(single)


def test_whole_groups_that_are_right_are_worth_one_label_each_however_many_cases_they_hold() -> None:
    assert group_e_values.log_e(5, 0, 1.0, 5, 0.02, times=[300]) == pytest.approx(e_values.constant(0, 300, 0.02))


def test_a_case_of_a_small_group_is_worth_its_part_of_the_largest() -> None:
    alone, largest = (float(group_e_values.log_e(1, 0, 1.0, m, 0.02, times=[300])) for m in (1, 5))
    assert largest < alone / 3


def test_a_bet_on_groups_has_mean_one_where_the_error_is_the_target() -> None:
    """Whole groups wrong with chance alpha: the mean of the factor is 1 at every stake."""
    alpha = 0.1
    factors = [np.exp(group_e_values.bets([4], [k], [0.5], 4, alpha)) for k in (0, 4)]
    assert (1 - alpha) * factors[0] + alpha * factors[1] == pytest.approx(np.ones(48))


@pytest.mark.parametrize(
    ("n", "k", "ratio", "alpha"),
    [(3, 0, 1.0, 0.1), (1, 2, 1.0, 0.1), (1, 0, 0.0, 0.1), (1, 0, 1.0, 1.0), (1, 0, 1.1, 0.1)],
)
def test_what_no_group_can_be_is_refused(n: int, k: int, ratio: float, alpha: float) -> None:
    with pytest.raises(ValueError):
        group_e_values.log_e([n], [k], [ratio], 2, alpha)


def above(wrong: list[int], group: list[int]) -> tuple[float, float, float]:
    ones = np.ones(len(wrong))
    parts = group_intervals.above(ones, np.array(wrong, float), np.array(group), ones, np.zeros(1), 0.05)
    value, low, high = (float(part[0]) for part in parts)
    return value, low, high


def test_limits_of_groups_that_are_wholly_right_or_wrong_are_those_of_as_many_labels() -> None:
    """20 of 200 groups wrong, 3 cases in each: as 20 of 200, but for the degrees of freedom."""
    value, low, high = above([1] * 60 + [0] * 540, [place // 3 for place in range(600)])
    exact = intervals.clopper_pearson(20, 200, 0.05)
    assert 0.1 == value
    assert (low, high) == pytest.approx([float(limit) for limit in exact], rel=0.03)


def test_limits_of_cases_each_in_a_group_of_its_own_are_exact_ones() -> None:
    _, low, high = above([1] * 60 + [0] * 540, list(range(600)))
    assert (low, high) == pytest.approx([float(limit) for limit in intervals.clopper_pearson(60, 600, 0.05)], rel=0.01)


def test_without_an_error_the_number_of_groups_is_what_counts() -> None:
    _, low, high = above([0] * 120, [place // 3 for place in range(120)])
    assert 0 == low
    assert float(intervals.clopper_pearson(0, 40, 0.05)[1]) <= high < 0.1

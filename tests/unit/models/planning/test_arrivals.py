"""A history as days of arriving cases: groups stay together, and each case comes as often as it stands for cases."""

import numpy as np
import polars as pl
import pytest

from models.planning import arrivals

HISTORY = pl.DataFrame(
    {
        "confidence": [0.9, 0.8, None, 0.6, 0.5],
        "right": [True, False, True, None, True],
        "group": ["a", "b", "a", "b", "c"],
    }
)


def test_cases_without_a_truth_are_left_out_and_groups_lie_side_by_side() -> None:
    cases = arrivals.Cases.of(HISTORY)
    assert cases.first.tolist() == [0, 2, 3, 4]
    assert cases.largest == 2
    assert cases.right.tolist() == [True, True, False, True]
    assert np.isnan(cases.confidence[1])


def test_a_case_that_was_chosen_by_a_chance_stands_for_as_many_as_it_must() -> None:
    chosen = HISTORY.drop("group").with_columns(chance=pl.Series([1.0, 0.25, 0.5, 0.1, 1.0]))
    cases = arrivals.Cases.of(chosen)
    assert len(cases.right) == 1 + 4 + 2 + 1
    assert int((~cases.right).sum()) == 4


def test_a_history_without_a_truth_is_refused() -> None:
    with pytest.raises(ValueError, match="no case has a truth"):
        arrivals.Cases.of(HISTORY.with_columns(right=pl.lit(None, pl.Boolean)))


def test_every_day_has_its_cases_the_history_comes_round_whole_and_a_salt_has_its_own_order() -> None:
    cases = arrivals.Cases.of(pl.DataFrame({"confidence": [0.5] * 10, "right": [True] * 10}))
    three = list(arrivals.days(cases, 3, 10, "salt"))
    assert [sorted(groups.tolist()) for groups, _ in three] == [list(range(10))] * 3
    assert all(((draw >= 0) & (draw < 1)).all() for _, draw in three)
    again, other = (list(arrivals.days(cases, 3, 10, salt)) for salt in ("salt", "pepper"))
    assert [groups.tolist() for groups, _ in again] == [groups.tolist() for groups, _ in three]
    assert [groups.tolist() for groups, _ in other] != [groups.tolist() for groups, _ in three]


def test_the_rows_of_groups_come_group_by_group() -> None:
    place, sizes = arrivals.rows(np.array([0, 2, 3, 6]), np.array([2, 0]))
    assert place.tolist() == [3, 4, 5, 0, 1]
    assert sizes.tolist() == [3, 2]

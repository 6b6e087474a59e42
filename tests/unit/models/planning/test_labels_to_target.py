"""How many labels show a target: against published numbers, by hand, and what moves it."""

import numpy as np
import pytest

from models.certification import e_values
from models.planning import labels_to_target, start


def test_without_an_error_it_is_the_fewest_labels_of_the_certificate() -> None:
    assert labels_to_target.needed(0.0, 0.01, 0.05) == labels_to_target.Labels(n=377, chance=1.0)
    for target, level in ((0.02, 0.05), (0.05, 0.0125)):
        one = labels_to_target.needed(0.0, target, level)
        assert one is not None
        assert one.n == start.labels_for(target, level)


def test_the_chance_is_the_sum_over_all_orders_in_which_wrong_labels_can_come() -> None:
    """By hand: no error among the first n0, or one there and none in the rest up to n1."""
    target, level, rate = 0.2, 0.2, 0.02
    first, second = (
        next(n for n in range(wrong, 200) if e_values.constant(wrong, n, target) >= -np.log(level)) for wrong in (0, 1)
    )
    none = (1 - rate) ** first
    later = first * rate * (1 - rate) ** (first - 1) * (1 - rate) ** (second - first)
    one = labels_to_target.needed(rate, target, level, chance=none + later / 2)
    assert one is not None
    assert one.n == second
    assert one.chance == pytest.approx(none + later)


def test_more_wrong_labels_and_a_stricter_target_take_more() -> None:
    counts = [one.n for rate in (0.0, 0.002, 0.005, 0.01) if (one := labels_to_target.needed(rate, 0.02, 0.05))]
    assert len(counts) == 4
    assert counts == sorted(counts)
    easy, strict, groups = (
        labels_to_target.needed(0.002, target, 0.05, group_size=size)
        for target, size in ((0.02, 1), (0.01, 1), (0.02, 3))
    )
    assert easy is not None
    assert strict is not None
    assert groups is not None
    assert easy.n < strict.n
    assert easy.n < groups.n, "of a group of three a single label tells less"


def test_a_chance_that_is_asked_for_is_reached_and_not_before() -> None:
    for chance in (0.5, 0.8, 0.95):
        one = labels_to_target.needed(0.004, 0.02, 0.05, chance=chance)
        assert one is not None
        assert chance <= one.chance < chance + 0.2


def test_as_many_errors_as_the_target_has_or_nearly_so_are_never_enough() -> None:
    assert labels_to_target.needed(0.02, 0.02, 0.05) is None
    assert labels_to_target.needed(1.0, 0.02, 0.05) is None
    assert labels_to_target.needed(0.0195, 0.02, 0.05) is None
    assert labels_to_target.most(0.02, 0.05) == 40 * 149

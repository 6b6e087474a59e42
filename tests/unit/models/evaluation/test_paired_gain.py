"""Limits of a paired difference: McNemar's for single cases, wider where cases come in groups or few of them differ."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.evaluation import paired_gain

RANDOM = np.random.default_rng(4)


def resamples(groups: int) -> Iterator[NDArray[np.float64]]:
    yield np.random.default_rng(7).poisson(1.0, (1000, groups)).astype(np.float64)


def limits(
    values: NDArray[Any], group: NDArray[Any] | None = None, *, counted: bool = True, reach: float = 1.0
) -> tuple[float, float, float]:
    n = len(values)
    member = np.arange(n) if group is None else group
    return paired_gain.limits(
        member.astype(np.int64),
        np.ones(n),
        values.astype(np.float64),
        reach=np.full(n, reach),
        counted=counted,
        resamples=resamples(int(member.max()) + 1),
        alpha=0.05,
    )


def test_single_cases_of_which_many_differ_have_about_mcnemars_limits() -> None:
    values = np.repeat([1, -1, 0], [60, 40, 900])
    mean, low, high = limits(values)
    assert mean == pytest.approx(0.02)
    assert (low, high) == pytest.approx((0.0004, 0.0396), abs=0.0015), (
        "0.02, plus and minus 1.96 times the root of 100 / 1000^2"
    )


@pytest.mark.parametrize(("gained", "sure"), [(4, False), (5, False), (6, True), (9, True)])
def test_few_gains_without_a_loss_are_sure_where_mcnemars_exact_test_is(gained: int, sure: bool) -> None:
    """The chance that so many fair coins fall alike: 1/16, 1/32, 1/64 (below a fortieth)."""
    _, low, _ = limits(np.repeat([1, 0], [gained, 200 - gained]))
    assert (low > 0) == sure


def test_where_nothing_differs_as_much_may_as_one_more_case_would_make_it() -> None:
    mean, low, high = limits(np.zeros(300))
    assert (mean, high) == (0.0, -low)
    assert low == pytest.approx(-3.69 / 300, abs=1e-4)
    assert limits(np.zeros(300), counted=False, reach=5.0)[2] == pytest.approx(5 * high)


def test_groups_that_gain_or_lose_as_a_whole_have_wider_limits() -> None:
    values = RANDOM.choice([1, -1, 0], 60, p=[0.3, 0.3, 0.4])
    alone, alike = limits(np.repeat(values, 5)), limits(np.repeat(values, 5), np.repeat(np.arange(60), 5))
    assert alike[0] == alone[0]
    assert alike[2] - alike[1] > 2 * (alone[2] - alone[1])


def test_values_of_any_size_take_the_bootstrap_where_many_differ() -> None:
    values = RANDOM.normal(0.01, 0.1, 400)
    mean, low, high = limits(values, counted=False)
    assert (mean - low, high - mean) == pytest.approx((1.96 * 0.1 / 20, 1.96 * 0.1 / 20), rel=0.15)

"""The smallest propensity that a policy gives any case at or above a threshold: from its rules, before any case has come."""

import numpy as np
import polars as pl
import pytest

from models.certification import case_counts
from models.routing.policy import Policy, route

GRID = np.array([0.99, 0.95, 0.93, 0.9, 0.8, 0.5])
RISING = ((0.8, 0.04), (0.9, 0.05), (0.95, 0.09))


def smallest(rule: Policy) -> list[float]:
    lowest: list[float] = case_counts.smallest({0: rule}, GRID)[0].tolist()
    return lowest


def test_nothing_released_has_the_blind_rate_everywhere() -> None:
    assert [0.3] * 6 == smallest(Policy(threshold=None, audit_rate=0.05, blind_rate=0.3))


def test_released_cases_have_the_audit_rate_and_below_the_threshold_the_smaller_of_both() -> None:
    assert [0.05] * 6 == smallest(Policy(threshold=0.8, audit_rate=0.05, blind_rate=0.2))
    assert [0.3] * 5 + [0.2] == smallest(Policy(threshold=0.8, audit_rate=0.3, blind_rate=0.2))


def test_of_bands_it_is_the_smallest_rate_of_a_band_that_reaches_above_the_threshold() -> None:
    falling = tuple(zip((0.8, 0.9, 0.95), (0.09, 0.05, 0.03), strict=True))
    assert [0.03] * 6 == smallest(Policy(threshold=0.8, audit_rate=0.05, blind_rate=0.2, by_band=falling))
    assert [0.09, 0.09, 0.05, 0.05, 0.04, 0.02] == smallest(
        Policy(threshold=0.8, audit_rate=0.05, blind_rate=0.02, by_band=RISING)
    )


@pytest.mark.parametrize("bands", [None, RISING, ((0.8, 0.03), (0.94, 0.07)), ((0.8, 0.09), (0.95, 0.03))])
def test_no_case_at_or_above_a_threshold_is_sampled_at_less(bands: tuple[tuple[float, float], ...] | None) -> None:
    rule = Policy(threshold=0.8, audit_rate=0.05, blind_rate=0.2, by_band=bands)
    confidence = pl.Series(np.linspace(0, 1, 1001))
    ids = pl.Series(map(str, range(1001)), dtype=pl.String)
    propensity = route(confidence, ids, policy=rule, salt="0" * 32)["propensity"]
    least = [float(propensity.filter(confidence >= threshold).min()) for threshold in GRID]  # type: ignore[arg-type]
    assert least == smallest(rule)

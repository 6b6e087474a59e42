"""What an answer costs and how long it takes lies within its limits, from what people read and a sample of what went out alone.

Amounts are exp(normal), those of the released smaller; a tenth of the released is sampled. Seeded. A share may differ by three
binomial standard errors of the runs.
"""

import math

import numpy as np
import pytest
from scipy import optimize, special

from models.evaluation import amounts
from models.evaluation.estimate import Estimate

RUNS, ALPHA = 300, 0.05
FLOOR = 1 - ALPHA - 3 * math.sqrt(ALPHA * (1 - ALPHA) / RUNS)
DAYS, A_DAY, RELEASED, AUDITED, SPREAD, CHEAPER = 14, 60, 0.7, 0.1, 0.6, 0.5


def truth(share: float | None, of_day: float) -> float:
    """The mean, or a quantile, of all answers."""
    wide = math.hypot(SPREAD, of_day)
    if share is None:
        return math.exp(wide**2 / 2) * (RELEASED * math.exp(-CHEAPER) + 1 - RELEASED)

    def above(log: float) -> float:
        return float(
            RELEASED * special.ndtr((log + CHEAPER) / wide) + (1 - RELEASED) * special.ndtr(log / wide) - share
        )

    return math.exp(optimize.brentq(above, -9, 9))


def covered(share: float | None, of_day: float, *, by_day: bool = True, weighted: bool = True) -> float:
    """How often the limits hold the truth, among the runs that say anything."""
    rng, real = np.random.default_rng(21), truth(share, of_day)
    day = np.repeat(np.arange(DAYS), A_DAY)
    hits = runs = 0
    for _ in range(RUNS):
        released = rng.random(len(day)) < RELEASED
        whole = np.exp(
            rng.normal(0, SPREAD, len(day)) + rng.normal(0, of_day, DAYS)[day] - CHEAPER * released.astype(float)
        )
        seen = ~released | (rng.random(len(day)) < AUDITED)
        some, weights = whole[seen], np.where(released & weighted, 1 / AUDITED, 1.0)[seen]
        groups = day[seen] if by_day else np.arange(len(some))
        figure = (
            amounts.mean(some, weights, groups, ALPHA)
            if share is None
            else amounts.quantile(some, weights, groups, share, ALPHA)
        )
        if isinstance(figure, Estimate):
            runs += 1
            hits += figure.low <= real <= figure.high
    assert runs > 0.7 * RUNS
    return hits / runs


@pytest.mark.parametrize("share", [None, 0.5, 0.95])
@pytest.mark.parametrize("of_day", [0.0, 0.3])
def test_the_limits_hold_the_mean_the_median_and_the_95th_percentile(share: float | None, of_day: float) -> None:
    assert covered(share, of_day) >= FLOOR


def test_the_harness_can_fail() -> None:
    """Cases taken each for itself where days differ, and what people read taken for all."""
    assert covered(None, 0.3, by_day=False) < 0.85
    assert covered(None, 0.0, weighted=False) < 0.5
    assert covered(0.5, 0.0, weighted=False) < 0.5

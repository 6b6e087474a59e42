"""The watchdog barks as rarely as it says and soon after a jump; flags on many slices are as rare as on one.

Seeded. Tolerances are three standard errors of the number of runs.
"""

import math

import numpy as np
import polars as pl
import pytest

from models import limits, slices, watchdog

ALPHA = 0.01


def test_false_alarms_are_at_least_the_stated_run_length_apart() -> None:
    """Runs cut at 30 000 labels only make the mean shorter."""
    rng, runs, longest = np.random.default_rng(10), 300, 30_000
    found = [watchdog.alarm(rng.random(longest) < ALPHA, ALPHA) for _ in range(runs)]
    lengths = np.array([longest if place is None else place + 1 for place in found], np.float64)
    assert lengths.mean() - 3 * lengths.std() / math.sqrt(runs) >= watchdog.RUN_LENGTH


def test_a_shorter_run_length_barks_more_often() -> None:
    rng, runs = np.random.default_rng(11), 300
    streams = [rng.random(5000) < ALPHA for _ in range(runs)]
    often, rarely = (
        float(np.mean([watchdog.alarm(one, ALPHA, length) is not None for one in streams])) for length in (100, 10_000)
    )
    assert often - rarely > 3 * math.sqrt((often * (1 - often) + rarely * (1 - rarely)) / runs)


@pytest.mark.parametrize(("jump", "median"), [(0.02, 2012), (0.03, 645), (0.05, 210)])
def test_a_jump_of_the_error_is_noticed_within_the_published_median(jump: float, median: int) -> None:
    """The standard error of a median is about 1.25 of a mean's; delays spread about as wide as their median."""
    rng, runs = np.random.default_rng(12), 800
    found = [watchdog.alarm(rng.random(30 * median) < jump, ALPHA) for _ in range(runs)]
    delays = np.array([30 * median if place is None else place + 1 for place in found], np.float64)
    assert float(np.median(delays)) == pytest.approx(median, abs=3 * 1.25 * float(delays.std()) / math.sqrt(runs))


def test_flags_on_ten_sound_slices_are_rare_and_without_holm_they_are_not() -> None:
    rng, runs, alpha, target = np.random.default_rng(1979), 400, 0.05, 0.1
    flagged = naive = 0
    for _ in range(runs):
        wrong = rng.binomial(400, target, size=10)
        rows = [(str(i), o, n) for i, k in enumerate(wrong.tolist()) for o, n in (("wrong", k), ("right", 400 - k))]
        counts = pl.DataFrame(rows, schema=("slice", "outcome", "n"), orient="row").with_columns(
            confidence=0.9, route=pl.lit("AUTOMATE"), blind=True, propensity=0.5
        )
        flagged += any(one.flagged for one in slices.table(counts, target, alpha))
        naive += bool(np.any(limits.clopper_pearson(wrong, 400, 2 * alpha)[0] > target))
    bound = alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert flagged / runs <= bound
    assert naive / runs > bound

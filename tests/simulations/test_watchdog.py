"""The watchdog barks as rarely as it says and soon after a jump; flags on many slices are as rare as on one.

Seeded. Tolerances are three standard errors of the number of runs.
"""

import math

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from models.evaluation import intervals, slices
from models.monitoring import change_detection

Floats = NDArray[np.float64]

ALPHA = 0.01


def delays(alpha: float, error: float, runs: int, rng: np.random.Generator, *, to_the_end: bool = False) -> Floats:
    """Labels until the alarm in each of many rows, in closed form from error to error; only wrong labels raise one.

    m right labels take SR to SR r^m + r (1 - r^m) / (1 - r), r the factor of one. Not `to_the_end`: stops when half of the
    rows are through and no other can be among the first half; those left are infinite.
    """
    worse = np.array([rise * alpha for rise in change_detection.RISES if rise * alpha < 1])
    right, wrong = (1 - worse) / (1 - alpha), worse / alpha
    level = change_detection.run_length(alpha) * len(worse)
    summed: Floats = np.zeros((runs, len(worse)))
    labels = np.zeros(runs)
    result, going = np.full(runs, np.inf), np.arange(runs)
    while len(going) and (to_the_end or labels[going].min() <= np.median(result)):
        gap = rng.geometric(error, len(going))
        shrunk = right ** (gap - 1)[:, None]
        summed = (summed * shrunk + right * (1 - shrunk) / (1 - right) + 1) * wrong
        labels[going] += gap
        raised = summed.sum(1) >= level
        result[going[raised]] = labels[going[raised]]
        going, summed = going[~raised], summed[~raised]
    return result


def first(wrong: NDArray[np.bool_]) -> float:
    """Labels until the alarm of the detector itself."""
    raised = change_detection.alarm(wrong, ALPHA)
    return math.inf if raised is None else raised + 1.0


def median_error(floats: Floats) -> float:
    """Three standard errors of a median, from the ranks that far from the middle of the sample."""
    ranks = np.sort(floats)
    reach = int(np.ceil(3 * math.sqrt(len(ranks)) / 2))
    middle = len(ranks) // 2
    return float(max(ranks[middle + reach] - ranks[middle], ranks[middle] - ranks[middle - reach]))


@pytest.mark.parametrize("alpha", [0.002, 0.01, 0.05, 0.2])
def test_false_alarms_are_at_least_the_stated_run_length_apart(alpha: float) -> None:
    """Of the pair, with the error exactly at the target; and not so far apart that the statement means nothing."""
    runs = 3000
    lengths = delays(alpha, alpha, runs, np.random.default_rng(10), to_the_end=True)
    error = 3 * float(lengths.std()) / math.sqrt(runs)
    assert lengths.mean() - error >= change_detection.run_length(alpha)
    assert lengths.mean() + error <= 3 * change_detection.run_length(alpha)


def test_a_shorter_run_length_barks_more_often() -> None:
    rng, runs = np.random.default_rng(11), 100
    streams = [rng.random(5000) < ALPHA for _ in range(runs)]
    often, rarely = (
        float(np.mean([change_detection.alarm(one, ALPHA, length) is not None for one in streams]))
        for length in (100, 10_000)
    )
    assert often - rarely > 3 * math.sqrt((often * (1 - often) + rarely * (1 - rarely)) / runs)


@pytest.mark.parametrize(("jump", "published"), [(0.02, 2012), (0.03, 645), (0.05, 210)])
def test_a_jump_of_the_error_is_noticed_sooner_than_by_the_cusum_alone(jump: float, published: int) -> None:
    """`published`: medians of the e-CUSUM for q = 1.5 to 10 at the same run length (docs/method.md 4.4)."""
    result = delays(ALPHA, jump, 4000, np.random.default_rng(12))
    assert float(np.median(result)) + median_error(result) < published


def test_the_closed_form_from_error_to_error_is_the_detector() -> None:
    rng, runs = np.random.default_rng(13), 300
    detected = np.array([first(rng.random(4000) < 2 * ALPHA) for _ in range(runs)])
    closed = delays(ALPHA, 2 * ALPHA, 10_000, rng)
    assert float(np.median(detected)) == pytest.approx(float(np.median(closed)), abs=median_error(detected))


@pytest.mark.parametrize("rise", [1.5, 2.0])
@pytest.mark.parametrize("alpha", [0.0005, 0.004, 0.01, 0.0123, 0.025, 0.04, 0.06, 0.085, 0.12, 0.17, 0.23, 0.33, 0.43])
def test_the_days_a_rise_goes_unnoticed_are_the_simulated_ones_within_four_percent(alpha: float, rise: float) -> None:
    """Targets of the table and between; a median of whole labels is only known to a label."""
    result = delays(alpha, rise * alpha, 20_000, np.random.default_rng(14))
    median = float(np.median(result))
    assert change_detection.unnoticed(alpha, rise, 1.0) == pytest.approx(median, abs=max(0.04 * median, 1.0))


@pytest.mark.parametrize(("before", "after"), [(0.5, 1.5), (0.5, 5.0), (0.8, 2.0), (1.0, 1.5), (1.0, 5.0)])
def test_no_label_from_a_jump_on_is_taken_for_clean_and_the_cusum_alone_takes_many(before: float, after: float) -> None:
    """The rule before this one, the last label at which the CUSUM was not ahead, left suspects out in most alarms."""
    alpha, calm, rng = 0.05, 500, np.random.default_rng(15)
    late, old, alarms = 0, 0, 0
    for _ in range(120):
        wrong = np.concatenate([rng.random(calm) < before * alpha, rng.random(3000) < after * alpha])
        raised = change_detection.alarm(wrong, alpha)
        if raised is None or raised < calm:
            continue
        alarms += 1
        late += change_detection.clean(wrong, alpha, raised) >= calm
        quiet = np.flatnonzero(change_detection.cusum(wrong[:raised], alpha) <= 0)
        old += len(quiet) > 0 and quiet[-1] >= calm
    assert alarms >= 100
    assert late == 0
    assert old / alarms > 0.1


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
        naive += bool(np.any(intervals.clopper_pearson(wrong, 400, 2 * alpha)[0] > target))
    bound = alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert flagged / runs <= bound
    assert naive / runs > bound

"""Limits cover as often as they say, under unequal propensities too; an estimate without weights does not.

Seeded. A method may fall short of its nominal coverage by three binomial standard errors of the number of runs.
"""

import math

import numpy as np
import polars as pl

from models.evaluation import intervals, risk
from models.evaluation.estimate import Estimate

RUNS = 1500
DELTA = 0.05
AREA_RUNS = 400  # ten strata each


def floor(runs: int) -> float:
    return 1 - DELTA - 3 * math.sqrt(DELTA * (1 - DELTA) / runs)


FLOOR = floor(RUNS)
# Released under three policies: most errors hide where audits are rare. (cases, errors, audit rate)
STRATA = ((3000, 210, 0.03), (1200, 12, 0.1), (800, 2, 0.5))
CASES, ERRORS = (sum(stratum[place] for stratum in STRATA) for place in (0, 1))


def sampled(
    rng: np.random.Generator, strata: tuple[tuple[int, int, float], ...], answered: float = 1.0
) -> pl.DataFrame:
    """One audit of a fixed batch: which of its right and wrong answers were sampled, and which of these answered."""
    rows = []
    for cases, errors, rate in strata:
        for outcome, size in (("wrong", errors), ("right", cases - errors)):
            sampled = int(rng.binomial(size, rate))
            known = int(rng.binomial(sampled, answered))
            rows += [
                (0.9, "AUTOMATE", True, rate, outcome, known),
                (0.9, "AUTOMATE", True, rate, "open", sampled - known),
                (0.9, "AUTOMATE", False, rate, "unsampled", size - sampled),
            ]
    columns = ("confidence", "route", "blind", "propensity", "outcome", "n")
    return pl.DataFrame(rows, schema=columns, orient="row").filter(pl.col("n") > 0)


def bound(counts: pl.DataFrame) -> Estimate:
    error_among_automated = risk.error_among_automated(counts, DELTA, one_sided=True)
    assert isinstance(error_among_automated, Estimate)
    return error_among_automated


def test_weighted_limits_cover_under_unequal_propensities_and_unweighted_ones_fail() -> None:
    rng = np.random.default_rng(1997)
    weighted = naive = 0
    values = []
    for _ in range(RUNS):
        result = bound(sampled(rng, STRATA))
        assert result.method == "Fay-Feuer, one-sided"
        values.append(result.value)
        weighted += result.high >= ERRORS / CASES
        naive += float(intervals.upper(result.errors, result.n, DELTA)) >= ERRORS / CASES
    assert weighted / RUNS >= FLOOR
    assert naive / RUNS < 0.2
    spread = 3 * float(np.std(values)) / math.sqrt(RUNS)
    assert abs(float(np.mean(values)) - ERRORS / CASES) < spread, "the estimate itself is unbiased"


def test_weighted_limits_cover_when_a_third_of_the_samples_is_never_answered() -> None:
    rng = np.random.default_rng(1952)
    covered = sum(bound(sampled(rng, STRATA, answered=0.67)).high >= ERRORS / CASES for _ in range(RUNS))
    assert covered / RUNS >= FLOOR


def test_exact_limits_cover_under_one_propensity_and_so_do_those_of_the_closed_batch() -> None:
    rng = np.random.default_rng(1934)
    exact = batch = plugged_in = 0
    truth = 30 / 1500
    for _ in range(RUNS):
        result = bound(sampled(rng, ((1500, 30, 0.1),)))
        assert result.method == "Clopper-Pearson, one-sided"
        exact += result.high >= truth
        batch += intervals.batch_upper(int(result.errors), result.n, 1500, DELTA) >= truth
        plugged_in += result.value >= truth
    assert exact / RUNS >= FLOOR
    assert batch / RUNS >= FLOOR
    assert plugged_in / RUNS < 0.7, "the harness can fail: the bare rate is no limit"


def test_two_sided_limits_miss_on_each_side_at_most_half_the_time() -> None:
    rng = np.random.default_rng(1841)
    above = below = 0
    for _ in range(RUNS):
        error_among_automated = risk.error_among_automated(sampled(rng, STRATA), 2 * DELTA)
        assert isinstance(error_among_automated, Estimate)
        below += error_among_automated.low <= ERRORS / CASES
        above += error_among_automated.high >= ERRORS / CASES
    assert min(above, below) / RUNS >= FLOOR


def test_the_limits_of_the_area_under_the_curve_cover() -> None:
    """Ranked cases of rising error, audited at 5 % where sure and 30 % where not."""
    rng = np.random.default_rng(2024)
    levels = np.linspace(0.95, 0.05, 10)
    errors = (2, 2, 3, 4, 6, 9, 14, 22, 35, 60)
    whole = [
        (level, "REVIEW", True, 1.0, outcome, n)
        for level, k in zip(levels, errors, strict=True)
        for outcome, n in (("wrong", k), ("right", 200 - k))
    ]
    columns = ("confidence", "route", "blind", "propensity", "outcome", "n")
    truth = risk.augrc(pl.DataFrame(whole, schema=columns, orient="row"), DELTA)
    assert isinstance(truth, Estimate)
    covered = 0
    for _ in range(AREA_RUNS):
        parts = [
            sampled(rng, ((200, k, 0.05 if level > 0.5 else 0.3),)).with_columns(confidence=pl.lit(level))
            for level, k in zip(levels, errors, strict=True)
        ]
        augrc = risk.augrc(pl.concat(parts), 2 * DELTA)
        assert isinstance(augrc, Estimate)
        covered += augrc.high >= truth.value
    assert covered / AREA_RUNS >= floor(AREA_RUNS)

"""Limits cover as often as they say where cases that come together are right or wrong together; plain counts cover far less.

Seeded. A method may fall short of its nominal coverage by three binomial standard errors of the number of runs.
"""

import math

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from models.evaluation import group_intervals, risk
from models.evaluation.estimate import Estimate

DELTA = 0.05
RUNS = 600
FLOOR = 1 - DELTA - 3 * math.sqrt(DELTA * (1 - DELTA) / RUNS)
COLUMNS = ("confidence", "route", "blind", "propensity", "outcome", "n")


def counted(wrong: NDArray[np.bool_], sampled: NDArray[np.bool_], rate: NDArray[np.float64]) -> pl.DataFrame:
    """Counts of a batch of released cases, `rate` each case's chance of being sampled."""
    frame = pl.DataFrame({"wrong": wrong, "blind": sampled, "propensity": rate})
    outcome = pl.when(~pl.col("blind")).then(pl.lit("unsampled")).when("wrong").then(pl.lit("wrong"))
    return (
        frame.with_columns(outcome=outcome.otherwise(pl.lit("right")), confidence=0.9, route=pl.lit("AUTOMATE"))
        .group_by(COLUMNS[:-1])
        .agg(n=pl.len().cast(pl.Int64))
        .select(COLUMNS)
    )


def covers(value: object, truth: float) -> bool:
    assert isinstance(value, Estimate)
    return value.low <= truth <= value.high


@pytest.mark.parametrize("error", [0.01, 0.1], ids=["few groups with an error", "many"])
def test_limits_of_clusters_of_five_cover_by_group_and_not_by_case(error: float) -> None:
    """300 groups sampled, all of a group right or all wrong."""
    rng = np.random.default_rng(20260112)
    group = np.repeat(np.arange(300), 5)
    ones = np.ones(len(group))
    by_group = by_case = 0
    for _ in range(RUNS):
        wrong = np.repeat(rng.random(300) < error, 5)
        counts = counted(wrong, ones > 0, ones / 10)
        design = group_intervals.design(wrong.astype(float), group, ones)
        by_group += covers(risk.error_among_automated(counts, DELTA, design=design), error)
        by_case += covers(risk.error_among_automated(counts, DELTA), error)
    assert by_group / RUNS >= FLOOR
    assert by_case / RUNS < 0.8


def test_weighted_limits_of_clusters_cover_by_group_and_not_by_case() -> None:
    """Two policies, one of which samples a group in 5, the other one in 20; sizes of 1 to 9, a fixed batch of 8 000 groups."""
    rng = np.random.default_rng(20260113)
    size = rng.choice([1, 5, 9], 8000)
    group = np.repeat(np.arange(8000), size)
    rate = np.where(np.arange(8000) < 4000, 0.2, 0.05)
    wrong = np.repeat(rng.random(8000) < 0.05, size)
    by_group = by_case = 0
    for _ in range(RUNS):
        sampled = np.repeat(rng.random(8000) < rate, size)
        counts = counted(wrong, sampled, rate[group])
        design = group_intervals.design(wrong[sampled].astype(float), group[sampled], 1 / rate[group][sampled])
        by_group += covers(risk.error_among_automated(counts, DELTA, design=design), wrong.mean())
        by_case += covers(risk.error_among_automated(counts, DELTA), wrong.mean())
    assert by_group / RUNS >= FLOOR
    assert by_case / RUNS < 0.8


def test_limits_at_a_strict_threshold_cover_where_only_sure_groups_are_alike() -> None:
    """Below 0.8 each case errs by itself in 30 of 100, above it whole groups in 3 of 100: one factor for both covers less."""
    rng = np.random.default_rng(20260114)
    sure = np.repeat(np.arange(400) < 200, 5)
    group, ones, confidence = np.repeat(np.arange(400), 5), np.ones(2000), np.where(sure, 0.9, 0.5)
    own = one = 0
    for _ in range(RUNS):
        wrong = np.where(sure, np.repeat(rng.random(400) < 0.03, 5), rng.random(2000) < 0.3)
        counts = counted(wrong[sure], ones[sure] > 0, ones[sure])
        falling, sums = group_intervals.designs(confidence, wrong.astype(float), group, ones)
        design = group_intervals.Design(released=1.0, worst=1.0, falling=falling, sums=sums)
        at, everywhere = design.at([0.8, 0.0])
        own += covers(risk.error_at(counts, 0.8, DELTA, design=float(at)), 0.03)
        one += covers(risk.error_at(counts, 0.8, DELTA, design=float(everywhere)), 0.03)
    assert own / RUNS >= FLOOR
    assert one / RUNS < FLOOR - 0.1

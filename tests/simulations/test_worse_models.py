"""A model that keeps the target and is worse than the one in force: how often it is called better, cheaper or sparing of reviews.

Seeded. Labels are those that three policies sampled (`test_other_models`). The candidate errs a little more often at every score,
and its own certified threshold releases one case in a hundred fewer than the one in force does: any such claim is false.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from models.evaluation import comparison, paired_cost
from models.evaluation.estimate import Estimate
from review.adoption import equal_risk, other_models, shadow_look
from review.queries.shadows import Compared
from tests.simulations.test_other_models import ALPHA, DELTA, POLICIES, sampled

RUNS = 120
PRICE = 0.01  # of an answer, by both
ERRS = 1.02  # times the errors of the one in force
RELEASES = 0.01  # fewer of the cases
MONEY = equal_risk.Money(
    review=0.5,
    minutes_known="stated",
    audit_rate=0.05,
    cases=6000,
    cases_a_day=100.0,
    outlay_a_day=(0.0, 0.0),
    outlay=(0.0, 0.0),
    for_all_a_day=0.0,
    entered=(False, False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Shares of runs."""

    certified: float
    better: float
    cheaper: float
    spares: float


def error(score: comparison.Floats) -> comparison.Floats:
    """Of the model in force, at each confidence."""
    return 0.005 + 0.3 * (1 - score) ** 3


def resamples(rng: np.random.Generator, groups: int) -> list[paired_cost.Floats]:
    return [rng.poisson(1.0, (200, groups)).astype(np.float64)]


def claims(runs: int, *, foreseen: float = 0.0) -> Claims:
    """`foreseen`: of the labels that measure the candidate, those it was trained on."""
    counted = np.zeros(4)
    for run in range(runs):
        rng = np.random.default_rng([30, run])
        cases = sampled(rng)
        score = rng.random(len(cases))
        ours = rng.random(len(cases)) >= error(cases["confidence"].to_numpy())
        theirs = (rng.random(len(cases)) >= ERRS * error(score)) | (rng.random(len(cases)) < foreseen)
        cases = cases.with_columns(
            prediction=pl.Series(np.where(ours, "right", "wrong")),
            answer=pl.Series(np.where(theirs, "right", "wrong")),
            score=pl.Series(score),
            our_cost=pl.lit(PRICE),
            cost=pl.lit(PRICE),
        )
        seen = other_models.of(
            Compared(model_id="m", cases=cases),
            lambda answer, truth: (answer == truth, {}),
            POLICIES,
            target=ALPHA,
            delta=DELTA,
        )
        in_force = 0.5 if seen.threshold is None else seen.threshold
        spending = equal_risk.of(
            cases,
            MONEY,
            ours={"": in_force - RELEASES},
            theirs=seen.threshold,
            resamples=partial(resamples, rng),
            alpha=shadow_look.level(DELTA, 1),
        )
        assert isinstance(seen.paired, comparison.Paired)
        assert isinstance(spending.today, paired_cost.Paired)
        assert isinstance(spending.reviews, Estimate)
        counted += (
            seen.threshold is not None,
            seen.paired.apart == 1,
            spending.today.apart == 1,
            spending.reviews.low > 0,
        )
    return Claims(**dict(zip(Claims.__dataclass_fields__, (counted / runs).tolist(), strict=True)))


def bound(level: float, runs: int) -> float:
    return level + 3 * math.sqrt(level * (1 - level) / runs)


def test_a_worse_model_is_called_better_cheaper_or_sparing_in_no_more_runs_than_promised() -> None:
    seen = claims(RUNS)
    assert seen.certified > 0.5, "it keeps the target where it is sure: else there is nothing to propose"
    assert seen.better <= bound(DELTA, RUNS)
    assert max(seen.cheaper, seen.spares) <= bound(shadow_look.level(DELTA, 1), RUNS)


def test_one_that_was_trained_on_the_labels_that_measure_it_is_called_better_though_it_is_worse() -> None:
    assert claims(20, foreseen=0.8).better > bound(DELTA, 20)

"""Five models are held against labels that other policies sampled: how often one is certified that is as wrong as it may not be.

Seeded. Labels come from three policies with propensities of .05, .2 and 1. Each model gives a score of its own to every case.
"""

import math

import numpy as np
import polars as pl
import pytest

from models.certification.era_plan import FieldTarget
from models.routing.policy import Policy
from review.adoption import other_models
from review.queries.shadows import Compared

ALPHA = DELTA = 0.05
MODELS, RUNS, SIZE = 5, 120, 6000
BOUND = DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / RUNS)
POLICIES = {
    "cold": Policy(threshold=None, audit_rate=0.05, blind_rate=1.0),
    "warm": Policy(threshold=0.5, audit_rate=0.2, blind_rate=0.2),
    "late": Policy(threshold=0.5, audit_rate=0.05, blind_rate=0.2),
}


def sampled(rng: np.random.Generator) -> pl.DataFrame:
    """The blind samples of a stream that went through the three policies: in the order of decision."""
    version = np.repeat([0, 1, 2], [300, 1200, SIZE - 1500])
    confidence = rng.random(SIZE)
    below_and_above = np.array(
        [(rule.blind_rate, rule.audit_rate if rule.releases else rule.blind_rate) for rule in POLICIES.values()]
    )
    propensity = below_and_above[version, (confidence >= 0.5).astype(np.int64)]
    kept = rng.random(SIZE) < propensity
    count = int(kept.sum())
    return pl.DataFrame(
        {
            "seal": np.arange(count),
            "member": pl.Series(np.arange(count), dtype=pl.UInt64),
            "confidence": confidence[kept],
            "prediction": ["right"] * count,
            "our_cost": [None] * count,
            "our_latency_ms": [None] * count,
            "settled": [True] * count,
            "policy_id": np.array(list(POLICIES))[version[kept]],
            "propensity": propensity[kept],
            "truth": ["right"] * count,
            "cost": [None] * count,
            "latency_ms": [None] * count,
            "asked": [True] * count,
            "ours": [True] * count,
            "held": [False] * count,
            "answered": [1] * count,
        },
        schema_overrides=dict.fromkeys(("our_cost", "our_latency_ms", "cost", "latency_ms"), pl.Float64),
    )


def ever(error: float, *, split: bool = True, leak: float = 0.0, runs: int = RUNS) -> float:
    """The share of runs in which any of five models with this error everywhere is certified anywhere.

    `split`: each has its part of delta; else all of it. `leak`: of the labels a model was trained on these.
    """
    number = 0
    for run in range(runs):
        rng = np.random.default_rng([26, run])
        cases = sampled(rng)
        held = []
        for nth in range(1, MODELS + 1):
            right = (rng.random(len(cases)) >= error) | (rng.random(len(cases)) < leak)
            answered = cases.with_columns(
                answer=pl.Series(np.where(right, "right", "wrong")), score=pl.Series(rng.random(len(cases)))
            )
            one = other_models.of(
                Compared(model_id="m", cases=answered, nth=nth if split else 1),
                lambda answer, truth: (answer == truth, {}),
                POLICIES,
                target=ALPHA,
                delta=DELTA,
            )
            held.append(one.threshold is not None)
        number += any(held)
    return number / runs


def test_of_five_models_at_the_target_one_is_certified_no_more_often_than_promised() -> None:
    assert ever(ALPHA) <= BOUND


def test_models_well_below_the_target_are_certified() -> None:
    assert ever(ALPHA / 5, runs=20) > 0.9


def test_a_model_that_was_trained_on_the_labels_that_measure_it_breaks_the_promise() -> None:
    assert ever(3 * ALPHA, leak=0.8, runs=20) > BOUND, "so training never sees them: models.routing.measuring"


def test_a_field_with_a_target_of_its_own_is_kept_by_the_other_model_too() -> None:
    rng = np.random.default_rng(1)
    cases = sampled(rng).with_columns(answer=pl.lit("right"), score=pl.lit(float(rng.random())))
    target = FieldTarget(field="total", alpha=0.02)

    def threshold(wrong: float) -> float | None:
        return other_models.of(
            Compared(model_id="m", cases=cases),
            lambda *_: (True, {"total": wrong}),
            POLICIES,
            target=ALPHA,
            delta=DELTA,
            by_field=(target,),
        ).threshold

    assert threshold(0.0) is not None
    assert threshold(0.1) is None


@pytest.mark.parametrize("missing", ["settled", "asked"])
def test_what_is_missing_creates_no_evidence(missing: str) -> None:
    """A share of the samples with an error is not there, each at a moment when later ones are."""
    rng = np.random.default_rng(2)
    cases = sampled(rng)
    right = rng.random(len(cases)) >= 3 * ALPHA
    answered = cases.with_columns(
        pl.Series(missing, right | (rng.random(len(cases)) < 0.1)),
        answer=pl.Series(np.where(right, "right", "wrong")),
        score=pl.Series(rng.random(len(cases))),
    )
    one = other_models.of(
        Compared(model_id="m", cases=answered),
        lambda answer, truth: (answer == truth, {}),
        POLICIES,
        target=ALPHA,
        delta=DELTA,
    )
    assert one.threshold is None

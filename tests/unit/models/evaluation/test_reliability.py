"""Calibration and discrimination of the confidence against scikit-learn, and a gate that says when neither is known."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score

from models.evaluation import reliability
from models.evaluation.estimate import Estimate, NotEnoughEvidence

RANDOM = np.random.default_rng(5)
SCORE = RANDOM.beta(5, 2, 3000).round(2)
RIGHT = RANDOM.random(3000) < SCORE
PROPENSITY = np.where(SCORE > 0.7, 0.25, 1.0)


def counts(score: NDArray[Any], right: NDArray[Any], propensity: NDArray[Any] | float = 1.0) -> pl.DataFrame:
    """One answered blind sample each, grouped as the ledger groups them."""
    one = pl.DataFrame({"confidence": score, "outcome": np.where(right, "right", "wrong")})
    return (
        one.with_columns(propensity=pl.lit(propensity) if isinstance(propensity, float) else pl.Series(propensity))
        .group_by("confidence", "outcome", "propensity")
        .agg(n=pl.len().cast(pl.Int64))
        .with_columns(blind=True, route=pl.lit("REVIEW"), late=False)
    )


def value(figure: Estimate | NotEnoughEvidence) -> float:
    assert isinstance(figure, Estimate)
    assert figure.low <= figure.value <= figure.high
    return figure.value


def test_auroc_and_brier_are_scikit_learns_with_the_weights_of_the_samples() -> None:
    seen, weight = counts(SCORE, RIGHT, PROPENSITY), 1 / PROPENSITY
    assert value(reliability.auroc(seen, 0.05)) == pytest.approx(roc_auc_score(RIGHT, SCORE, sample_weight=weight))
    expected = brier_score_loss(RIGHT, SCORE, sample_weight=weight)
    assert value(reliability.brier(seen, 0.05)) == pytest.approx(expected)


def test_ece_is_the_mean_distance_of_confidence_and_accuracy_over_bins() -> None:
    """Ten at .95 of which nine are right, ten at .55 of which two are: (.05 + .35) / 2."""
    score = np.array([0.95] * 10 + [0.55] * 10)
    right = np.array([True] * 9 + [False] + [True] * 2 + [False] * 8)
    assert value(reliability.ece(counts(score, right), 0.05)) == pytest.approx(0.2)


def test_the_gate_warns_of_a_blind_score_refuses_one_that_ranks_backwards_and_is_quiet_on_a_good_one() -> None:
    assert reliability.gate(counts(SCORE, RIGHT), 0.05) == reliability.Gate(warnings=(), refusals=())
    blind = reliability.gate(counts(SCORE, RANDOM.random(3000) < 0.71), 0.05)
    assert any("hardly tells right from wrong" in warning for warning in blind.warnings)
    assert any(
        "ranks" in refusal or "higher confidence" in refusal
        for refusal in reliability.gate(counts(1 - SCORE, RIGHT), 0.05).refusals
    )
    few = reliability.gate(counts(SCORE[:100], np.array([True] * 97 + [False] * 3)), 0.05)
    assert few.warnings == ("3 errors seen, fewer than 5: whether the confidence means anything is not known yet",)


def test_the_gate_says_that_a_confidence_with_one_or_two_values_orders_nothing() -> None:
    right = RANDOM.random(3000) < 0.9
    (same, *_) = reliability.gate(counts(np.full(3000, 0.9), right), 0.05).warnings
    assert "the same in every case: it cannot order anything" in same
    (two, *_) = reliability.gate(counts(np.where(SCORE > 0.5, 0.9, 0.8), right), 0.05).warnings
    assert "has 2 values where ten are looked at" in two
    skewed = np.where(np.arange(3000) < 60, SCORE, 0.95)  # one case in fifty has another
    assert "has 1 value where ten are looked at" in reliability.gate(counts(skewed, right), 0.05).warnings[0]
    few = reliability.gate(counts(np.full(19, 0.9), right[:19]), 0.05).warnings
    assert not any("order" in one for one in few)


def test_the_diagram_has_a_row_per_bin_with_labels_and_adds_up_to_the_error() -> None:
    seen = counts(SCORE, RIGHT, PROPENSITY)
    bins = reliability.table(seen, 0.05)
    error = reliability.ece(seen, 0.05)
    assert isinstance(error, Estimate)
    assert bins["confidence"].is_sorted()
    assert (int(bins["n"].sum()), int(bins["errors"].sum())) == (error.n, error.errors)
    assert (bins["share"] * (bins["right"] - bins["confidence"]).abs()).sum() == pytest.approx(error.value)
    assert (bins["low"] <= bins["right"]).all()
    assert (bins["right"] <= bins["high"]).all()
    assert reliability.table(seen.clear(), 0.05).is_empty()

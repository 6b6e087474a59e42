"""Our estimators give what well-known libraries give where the two overlap."""

import numpy as np
import polars as pl
import pytest
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from models.certification import e_values
from models.evaluation import intervals, reliability, slices
from models.evaluation.estimate import Estimate
from models.planning import study

RNG = np.random.default_rng(20260105)


def history(cases: int = 4000) -> pl.DataFrame:
    score = np.round(RNG.beta(5, 1, cases), 3)
    return pl.DataFrame({"confidence": score, "right": RNG.random(cases) < score})


@pytest.mark.parametrize(("errors", "n"), [(0, 30), (4, 20), (7, 312), (20, 20)])
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1])
def test_clopper_pearson_is_that_of_statsmodels(errors: int, n: int, alpha: float) -> None:
    ours = [float(limit) for limit in intervals.clopper_pearson(errors, n, alpha)]
    assert ours == pytest.approx(proportion_confint(errors, n, alpha=alpha, method="beta"), abs=1e-9)


@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_the_single_looks_p_value_is_that_of_mapies_learn_then_test(alpha: float) -> None:
    """For a binary loss MAPIE takes the smaller of Hoeffding's and the exact one. With n a power of two, k / n is exact:
    elsewhere its ceiling rounds some error counts up by one."""
    n = 1024
    errors = np.arange(0, 60)
    theirs = compute_hoeffding_bentkus_p_value(errors / n, n, alpha, binary=True)[:, 0]
    ours = np.exp(-e_values.binomial(errors, np.full(60, n), alpha))
    below = errors / n < alpha
    assert ours[below] == pytest.approx(theirs[below], rel=1e-9)


def test_auroc_brier_and_ece_of_a_study_are_scikit_learns() -> None:
    cases = history()
    result = study.of(cases, target=0.05, delta=0.05)
    right, score = cases["right"].to_numpy(), cases["confidence"].to_numpy()
    assert isinstance(result.auroc, Estimate)
    assert isinstance(result.brier, Estimate)
    assert isinstance(result.ece, Estimate)
    assert result.auroc.value == pytest.approx(roc_auc_score(right, score), abs=1e-9)
    assert result.brier.value == pytest.approx(brier_score_loss(right, score), abs=1e-9)
    true, message = calibration_curve(right, score, n_bins=reliability.BINS)
    place = np.minimum((score * reliability.BINS).astype(int), reliability.BINS - 1)
    share = np.bincount(place, minlength=reliability.BINS) / len(score)
    assert result.ece.value == pytest.approx(float((share[share > 0] * np.abs(true - message)).sum()), abs=2e-3)


def test_holms_flags_are_those_of_statsmodels() -> None:
    target, alpha, n = 0.05, 0.05, 200
    errors = [10, 18, 19, 20, 22, 30, 5, 12]
    rows = [
        {"slice": f"{place}", "outcome": outcome, "n": count}
        for place, wrong in enumerate(errors)
        for outcome, count in (("wrong", wrong), ("right", n - wrong))
    ]
    counts = pl.DataFrame(rows).with_columns(
        route=pl.lit("AUTOMATE"), blind=pl.lit(True), propensity=pl.lit(0.1), confidence=pl.lit(0.9)
    )
    # P(at least so many errors were the rate the target): the test whose lower limit is Clopper and Pearson's.
    p = [1 - float(np.exp(-e_values.binomial(wrong - 1, n, target))) for wrong in errors]
    theirs = multipletests(p, alpha=alpha, method="holm")[0].tolist()
    assert theirs == [part.flagged for part in slices.table(counts, target, alpha)]
    assert 0 < sum(theirs) < len(errors)

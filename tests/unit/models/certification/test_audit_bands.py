"""Audit rates by band of confidence: cut from scores, tilted mildly towards errors, and none where they do not pay."""

import numpy as np
import polars as pl
import pytest

from models.certification import audit_bands
from models.evaluation.outcome import Outcome
from models.routing import policy

RATE, TARGET = 0.05, 0.01


def counts(wrong: list[int], *, labels: int = 1000, propensity: float = 1.0) -> pl.DataFrame:
    """Ten steps of confidence from .80 to .89, so many labels in each, of which so many are wrong, the least sure step first."""
    rows = []
    for step, errors in enumerate(wrong):
        row = {
            "confidence": 0.8 + step / 100,
            "route": "REVIEW",
            "blind": True,
            "propensity": propensity,
            "late": False,
        }
        rows += [
            row | {"outcome": Outcome.RIGHT, "n": labels - errors},
            row | {"outcome": Outcome.WRONG, "n": errors},
            row | {"blind": False, "outcome": Outcome.UNSAMPLED, "n": round(labels * (1 / propensity - 1))},
        ]
    return pl.DataFrame(rows)


def chosen(frame: pl.DataFrame, threshold: float = 0.8, rate: float = RATE) -> audit_bands.Bands:
    bands = audit_bands.choose(frame, threshold, audit_rate=rate, target=TARGET)
    assert bands is not None
    policy.Policy(threshold=threshold, audit_rate=rate, blind_rate=0.2, by_band=bands)
    return bands


LATE = [40, 10, 5, 2, 1, 1, 0, 0, 0, 0]


def test_the_less_sure_band_with_more_errors_is_audited_more_often() -> None:
    rates = [rate for _, rate in chosen(counts(LATE))]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 1.5 * RATE
    assert len(rates) == len(set(rates)) <= policy.BANDS


def test_the_mean_over_the_released_stays_the_stated_rate_and_no_band_falls_below_six_tenths() -> None:
    frame = counts([80, 10, 0, 0, 0, 0, 0, 0, 0, 0])
    begins, rates = np.array(chosen(frame)).T
    scores = np.repeat(0.8 + np.arange(10) / 100, 1000)
    mean = rates[np.searchsorted(begins, scores, side="right") - 1].mean()
    assert float(mean) == pytest.approx(RATE)
    assert min(rates) >= 0.6 * RATE - 1e-12


def test_no_rate_is_above_one_where_nearly_all_is_audited() -> None:
    frame = counts(LATE)
    assert max(rate for _, rate in chosen(frame, rate=0.6)) <= 1
    assert audit_bands.choose(frame, 0.8, audit_rate=1.0, target=TARGET) is None


def test_labels_below_the_threshold_choose_nothing() -> None:
    errors = [40, 20, 10, 5, 2, 1, 0, 0, 0]
    assert chosen(counts([0, *errors]), 0.81) == chosen(counts([500, *errors]), 0.81)


def test_there_are_no_bands_with_few_errors_with_errors_everywhere_alike_or_with_one_score() -> None:
    for wrong in ([19, 0, 0, 0, 0, 0, 0, 0, 0, 0], [6] * 10):
        assert audit_bands.choose(counts(wrong), 0.8, audit_rate=RATE, target=TARGET) is None
    assert audit_bands.choose(counts(LATE), 0.89, audit_rate=RATE, target=TARGET) is None
    assert audit_bands.choose(counts(LATE), 0.95, audit_rate=RATE, target=TARGET) is None


def test_there_are_none_where_so_little_is_wrong_that_every_label_is_worth_the_same() -> None:
    """Far below the target evidence grows with the smallest propensity: to lower it for some costs more than it saves."""
    wrong = [4, 2, 2, 1, 1, 1, 1, 1, 1, 1]
    assert audit_bands.choose(counts(wrong), 0.8, audit_rate=RATE, target=0.2) is None


def test_what_was_sampled_less_often_stands_for_more() -> None:
    """The same errors by labels that each stand for ten cases, in one half of the confidences, and for one in the other."""
    seldom, often = counts(LATE[:5], labels=100, propensity=0.1), counts(LATE[5:])
    shifted = often.with_columns(confidence=pl.col("confidence") + 0.05)
    rates = np.array(chosen(pl.concat([seldom, shifted])))[:, 1]
    plain = np.array(chosen(counts([10 * errors for errors in LATE[:5]] + LATE[5:])))[:, 1]
    assert rates.tolist() == pytest.approx(plain.tolist(), rel=0.1)


def test_errors_that_rise_with_the_confidence_by_chance_are_taken_together() -> None:
    begins, rates = np.array(chosen(counts([20, 40, 5, 2, 1, 1, 0, 0, 0, 0]))).T
    assert rates.tolist() == sorted(rates, reverse=True)
    assert 0.8 == begins[0]
    assert begins[1] > 0.81, "one band from the threshold to above the second step"


def test_bands_are_cut_at_scores_that_occur_and_ties_are_one_band() -> None:
    begins, share = audit_bands.cut(0.5, np.array([0.6, 0.9, 0.95]), np.array([1, 98, 1]))
    assert ([0.5, 0.9], [0.01, 0.99]) == (begins.tolist(), share.tolist())
    begins, share = audit_bands.cut(0.5, np.array([]), np.array([], np.int64))
    assert ([0.5], [1.0]) == (begins.tolist(), share.tolist())


def test_growth_is_that_of_the_bets_and_none_where_the_error_is_at_the_target() -> None:
    one = np.ones(1)
    assert audit_bands.growth(RATE * one, 0.02 * one, one, TARGET) == 0
    assert audit_bands.growth(RATE * one, 0.0 * one, one, TARGET) == pytest.approx(
        RATE * np.log1p(0.98 * TARGET / (1 - TARGET))
    )

"""Estimates from counts: blind labels only, weighted by propensity, honest about what is missing."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from models.evaluation import intervals, risk
from models.evaluation.estimate import Estimate, NotEnoughEvidence

COLUMNS = {
    "confidence": pl.Float64,
    "route": pl.String,
    "blind": pl.Boolean,
    "propensity": pl.Float64,
    "outcome": pl.String,
    "n": pl.Int64,
}
Numbers = NDArray[Any]
Row = tuple[float | None, str, bool, float, str, int]
A, R = "AUTOMATE", "REVIEW"


def counts(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=COLUMNS, orient="row")


def labelled(confidence: Numbers, correct: Numbers) -> pl.DataFrame:
    """Every case blind-labelled at propensity one."""
    pairs = zip(confidence.tolist(), correct.tolist(), strict=True)
    return counts(*((sure, R, True, 1.0, "right" if right else "wrong", 1) for sure, right in pairs))


def estimate(figure: Estimate | NotEnoughEvidence) -> Estimate:
    assert isinstance(figure, Estimate)
    return figure


def test_with_one_propensity_the_limits_are_exact() -> None:
    seen = counts(
        (0.9, A, False, 0.1, "unsampled", 180), (0.9, A, True, 0.1, "right", 16), (0.9, A, True, 0.1, "wrong", 4)
    )
    result = estimate(risk.error_among_automated(seen, 0.10))
    assert (result.value, result.n, result.errors, result.method) == (0.2, 20, 4, "Clopper-Pearson")
    assert (result.low, result.high) == pytest.approx((0.071354, 0.401029), abs=1e-6)


def test_at_most_puts_all_of_alpha_above() -> None:
    seen = counts((0.9, A, True, 0.1, "right", 299))
    result = estimate(risk.error_among_automated(seen, 0.05, one_sided=True))
    assert (result.low, result.method) == (0.0, "Clopper-Pearson, one-sided")
    assert result.high == pytest.approx(1 - 0.05 ** (1 / 299))


def test_with_two_propensities_each_label_stands_for_one_over_its_own() -> None:
    """y = 2/0.5 + 1/0.1 = 14, v = 2*4 + 100 = 108, largest weight 10, of 400 released."""
    seen = counts(
        (0.9, A, False, 0.5, "unsampled", 100),
        (0.9, A, True, 0.5, "right", 98),
        (0.9, A, True, 0.5, "wrong", 2),
        (0.9, A, False, 0.1, "unsampled", 180),
        (0.9, A, True, 0.1, "right", 19),
        (0.9, A, True, 0.1, "wrong", 1),
    )
    result = estimate(risk.error_among_automated(seen, 0.05))
    low, high = intervals.fay_feuer(14, 108, 10, 0.05)
    assert (result.n, result.errors, result.method) == (120, 3, "Fay-Feuer")
    assert result.value == pytest.approx(14 / 400)
    assert (result.low, result.high) == pytest.approx((float(low) / 400, float(high) / 400))


def test_an_answer_beside_the_models_own_is_no_evidence() -> None:
    blind = counts((0.9, A, True, 0.1, "right", 50), (0.9, A, True, 0.1, "wrong", 1))
    assisted = counts((0.9, A, False, 0.1, "wrong", 30))
    result = estimate(risk.error_among_automated(pl.concat([blind, assisted]), 0.05))
    assert (result.n, result.errors) == (51, 1)


def test_what_was_not_released_does_not_enter_the_error_of_the_released() -> None:
    seen = counts((0.9, A, True, 0.1, "right", 50), (0.4, R, True, 0.3, "wrong", 40))
    assert estimate(risk.error_among_automated(seen, 0.05)).errors == 0


def test_unanswered_samples_are_taken_for_like_the_answered_of_their_propensity() -> None:
    """Half of the 20 samples at 0.1 are answered, so each answered one stands for twenty cases, not ten."""
    seen = counts(
        (0.9, A, True, 1.0, "right", 100),
        (0.9, A, False, 0.1, "unsampled", 180),
        (0.9, A, True, 0.1, "right", 9),
        (0.9, A, True, 0.1, "wrong", 1),
        (0.9, A, True, 0.1, "open", 6),
        (0.9, A, True, 0.1, "skipped", 3),
        (0.9, A, True, 0.1, "waiting", 1),
    )
    result = estimate(risk.error_among_automated(seen, 0.05))
    assert result.n == 110
    assert result.value == pytest.approx(20 / 300)


def test_a_propensity_without_any_answer_is_spoken_for_by_the_others() -> None:
    """Answered: 50 at weight 2. Silent: 10 at weight 10. The answered stand for twice what they did."""
    seen = counts(
        (0.9, A, False, 0.5, "unsampled", 50),
        (0.9, A, True, 0.5, "right", 45),
        (0.9, A, True, 0.5, "wrong", 5),
        (0.9, A, False, 0.1, "unsampled", 90),
        (0.9, A, True, 0.1, "open", 10),
    )
    assert estimate(risk.error_among_automated(seen, 0.05)).value == pytest.approx(20 / 200)


def test_the_worst_case_takes_every_silent_sample_for_wrong() -> None:
    seen = counts((0.9, A, True, 0.1, "right", 90), (0.9, A, True, 0.1, "open", 6), (0.9, A, True, 0.1, "skipped", 4))
    result = estimate(risk.error_among_automated(seen, 0.05, unanswered_wrong=True))
    assert (result.value, result.n, result.errors) == (0.1, 100, 10)
    assert estimate(risk.error_among_automated(seen, 0.05)).errors == 0


def test_the_largest_weight_is_that_of_any_released_case_sampled_or_not() -> None:
    """Nobody of the 40 at 0.02 was sampled, yet an error there would have counted fifty times."""
    seen = counts((0.9, A, True, 1.0, "right", 60), (0.9, A, False, 0.02, "unsampled", 40))
    assert estimate(risk.error_among_automated(seen, 0.10)).high == 1.0  # 50 * -log(0.05) / 100, cut at one


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (counts(), "nothing has been released yet"),
        (counts((0.4, R, True, 1.0, "right", 9)), "nothing has been released yet"),
        (counts((0.9, A, False, 0.1, "unsampled", 9)), "no case has been sampled for a blind label"),
        (counts((0.9, A, True, 0.1, "open", 9)), "none of 9 blind samples is answered yet"),
    ],
)
def test_too_little_data_is_an_answer(seen: pl.DataFrame, reason: str) -> None:
    assert risk.error_among_automated(seen, 0.05) == NotEnoughEvidence(reason=reason, n=0, errors=0)


def test_the_curve_counts_every_blind_sample_above_each_distinct_confidence() -> None:
    seen = counts(
        (0.9, A, True, 1.0, "right", 3),
        (0.9, R, True, 1.0, "wrong", 1),
        (0.5, R, True, 1.0, "wrong", 4),
        (0.2, R, False, 0.5, "unsampled", 1),
        (None, R, True, 1.0, "wrong", 1),
    )
    rows = risk.curve(seen, 0.05).select("threshold", "coverage", "error", "n", "errors").rows()
    assert rows[:2] == [(0.9, 0.4, 0.25, 4, 1), (0.5, 0.8, 0.625, 8, 5)]
    assert rows[2] == (0.2, 0.9, pytest.approx(5 / 9), 8, 5)


def test_a_threshold_without_labels_has_no_error_rather_than_a_nan() -> None:
    seen = counts((0.9, R, False, 0.5, "unsampled", 5), (0.5, R, True, 0.5, "right", 5))
    assert risk.curve(seen, 0.05)["error"].to_list() == [None, 0.0]


def test_a_curve_has_at_most_400_thresholds_its_ends_among_them_and_right_sums() -> None:
    sure = np.linspace(0.0, 1.0, 5000)
    seen = risk.curve(labelled(sure, np.arange(5000) % 2), 0.05)
    assert 350 < seen.height <= 400
    assert (seen["threshold"][0], seen["threshold"][-1]) == (1.0, 0.0)
    assert seen["n"].to_list() == (5000 * seen["coverage"]).round().cast(pl.Int64).to_list()
    assert seen["errors"][-1] == 2500


def test_an_empty_stream_has_an_empty_curve() -> None:
    assert risk.curve(counts(), 0.05).height == 0


def test_the_curves_last_point_is_the_error_were_everything_released() -> None:
    seen = counts(
        (0.9, A, True, 0.1, "right", 30), (0.4, R, True, 0.3, "wrong", 5), (0.4, R, False, 0.3, "unsampled", 9)
    )
    result, last = estimate(risk.error_at(seen, 0.0, 0.05)), risk.curve(seen, 0.05).row(-1, named=True)
    assert (result.value, result.low, result.high) == (last["error"], last["low"], last["high"])


HALF = np.repeat([0.0, 1.0], 50)


@pytest.mark.parametrize(
    ("confidence", "correct", "aurc", "augrc"),
    [
        (np.linspace(0, 1, 100), np.arange(100) % 2, 0.48281112575762547, 0.2475),
        (HALF, HALF, 0.125, 0.125),
        (1 - HALF, HALF, 0.875, 0.375),
        (np.full(100, 0.5), HALF, 0.5, 0.25),
    ],
)
def test_areas_are_those_of_the_published_reference(
    confidence: Numbers, correct: Numbers, aurc: float, augrc: float
) -> None:
    seen = labelled(confidence, correct)
    assert estimate(risk.aurc(seen, 0.05)).value == pytest.approx(aurc, abs=1e-6)
    assert estimate(risk.augrc(seen, 0.05)).value == pytest.approx(augrc, abs=1e-6)


def test_areas_weigh_a_label_by_its_propensity() -> None:
    """One of two sure cases sampled, both doubtful ones labelled: the area is that of four labelled cases."""
    sampled = counts(
        (0.9, A, True, 0.5, "wrong", 1),
        (0.9, A, False, 0.5, "unsampled", 1),
        (0.1, R, True, 1.0, "right", 1),
        (0.1, R, True, 1.0, "wrong", 1),
    )
    whole = labelled(np.array([0.9, 0.9, 0.1, 0.1]), np.array([0, 0, 1, 0]))
    for area in (risk.aurc, risk.augrc):
        assert estimate(area(sampled, 0.05)).value == pytest.approx(estimate(area(whole, 0.05)).value)


def test_areas_of_nothing_say_so() -> None:
    assert risk.augrc(counts((None, R, True, 1.0, "wrong", 2)), 0.05) == NotEnoughEvidence(
        reason="no case has a confidence", n=0, errors=0
    )


def test_at_given_thresholds_the_curve_is_the_one_of_the_cases_above_each() -> None:
    seen = counts((0.9, A, True, 0.5, "right", 8), (0.7, R, True, 0.5, "wrong", 2), (None, R, True, 0.5, "wrong", 10))
    rows = (
        risk.at(seen, [0.95, 0.9, 0.8, 0.7, 0.0], 0.05).select("threshold", "coverage", "error", "n", "errors").rows()
    )
    assert rows == [
        (0.95, 0.0, None, 0, 0),
        (0.9, 0.4, 0.0, 8, 0),
        (0.8, 0.4, 0.0, 8, 0),
        (0.7, 0.5, 0.2, 10, 2),
        (0.0, 0.5, 0.2, 10, 2),
    ]


def test_errors_of_labels_that_are_wrong_in_part_are_what_the_losses_add_up_to() -> None:
    rows = counts((0.9, A, True, 0.1, "right", 20), (0.9, A, True, 0.1, "wrong", 3))
    graded = rows.with_columns(loss=pl.Series([0.0, 0.25]))
    result = estimate(risk.error_among_automated(graded, 0.05))
    assert (result.n, result.errors) == (23, 0.75)
    thirds = rows.with_columns(loss=pl.Series([0.0, 1 / 3]))
    whole = estimate(risk.error_among_automated(thirds, 0.05)).errors
    assert (whole, type(whole)) == (1, int), "of whole errors a whole number"

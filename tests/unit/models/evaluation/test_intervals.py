"""Limits agree with published figures, and with what they mean."""

import math

import numpy as np
import pytest

from models.evaluation import intervals


def test_clopper_pearson_gives_the_textbook_limits() -> None:
    low, high = intervals.clopper_pearson(4, 20, 0.10)
    assert float(low) == pytest.approx(0.071354, abs=1e-6)
    assert float(high) == pytest.approx(0.401029, abs=1e-6)


def test_clopper_pearson_is_open_where_nothing_was_seen_and_shut_at_the_ends() -> None:
    low, high = intervals.clopper_pearson([0, 0, 7], [0, 7, 7], 0.05)
    assert low.tolist() == [0.0, 0.0, pytest.approx(0.025 ** (1 / 7))]
    assert high.tolist() == [1.0, pytest.approx(1 - 0.025 ** (1 / 7)), 1.0]


def test_more_errors_than_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="more errors than labels"):
        intervals.upper(3, 2, 0.05)


def test_fay_and_feuers_own_example_comes_out_to_the_published_digit() -> None:
    """Down syndrome in Michigan, mothers' fifth child and later, per 100 000 births (Fay and Feuer 1997, table II)."""
    cases = np.array([0, 8, 63, 112, 262, 295])
    births = np.array([327, 30666, 123419, 149919, 104088, 34392])
    standard = np.array([319933, 931318, 786511, 488235, 237863, 61313])
    weights = 1e5 * standard / (births * standard.sum())
    y, v = float((weights * cases).sum()), float((weights**2 * cases).sum())
    low, high = intervals.fay_feuer(y, v, weights.max(), 0.05)
    assert y == pytest.approx(75.52901, abs=1e-5)
    assert float(low) == pytest.approx(67.70212, abs=1e-5)
    assert float(high) == pytest.approx(188.30017, abs=1e-5)


def test_with_equal_weights_the_gamma_limits_are_the_exact_poisson_ones() -> None:
    """Garwood 1936: three events, 0.618672 to 8.767273."""
    low, high = intervals.fay_feuer(3, 3, 1, 0.05)
    assert (float(low), float(high)) == pytest.approx((0.618672, 8.767273), abs=1e-6)


def test_without_an_error_the_gamma_limit_is_that_of_one_largest_weight() -> None:
    low, high = intervals.fay_feuer(0, 0, 20, 0.10)
    assert (float(low), float(high)) == pytest.approx((0.0, 20 * -np.log(0.05)), abs=1e-6)


@pytest.mark.parametrize(
    ("errors", "needed"),
    [
        (0, [149, 99, 74, 59, 49, 42, 36, 32, 29, 19, 14]),
        (1, [236, 157, 117, 93, 78, 66, 58, 51, 46, 30, 22]),
    ],
)
def test_labels_needed_are_the_auditors_tables(errors: int, needed: list[int]) -> None:
    tolerable = [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.15, 0.20]
    assert [intervals.labels_needed(rate, 0.05, errors=errors) for rate in tolerable] == needed


def test_one_percent_at_95_percent_takes_299_labels_and_more_with_each_error() -> None:
    assert [intervals.labels_needed(0.01, 0.05, errors=k) for k in range(6)] == [299, 473, 628, 773, 913, 1049]
    assert intervals.labels_needed(1e-9, 0.05) == math.ceil(math.log(0.05) / math.log1p(-1e-9))  # more than 2^31


def test_labels_needed_put_the_limit_below_the_target_and_one_fewer_does_not() -> None:
    assert float(intervals.upper(2, 628, 0.05)) <= 0.01 < float(intervals.upper(2, 627, 0.05))


def test_a_batch_labelled_whole_is_known_exactly() -> None:
    assert intervals.batch_upper(3, 200, 200, 0.05) == 3 / 200


def test_the_limit_of_a_closed_batch_is_the_largest_that_could_have_hidden() -> None:
    """10 of 20 sampled, none wrong: with 3 wrong the chance to miss all is C(17,10)/C(20,10) = 0.105, with 4 0.043."""
    assert intervals.batch_upper(0, 10, 20, 0.05) == 3 / 20
    assert intervals.batch_upper(0, 10, 20, 0.11) == 2 / 20


def test_the_limit_of_a_large_batch_nears_that_of_the_process() -> None:
    assert intervals.batch_upper(2, 300, 10_000_000, 0.05) == pytest.approx(
        float(intervals.upper(2, 300, 0.05)), abs=1e-5
    )


def test_a_sample_larger_than_its_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="5 labels of 4 cases"):
        intervals.batch_upper(0, 5, 4, 0.05)


def test_limits_at_an_effective_number_are_those_of_whole_labels_where_it_is_whole_and_never_pass_the_rate() -> None:
    low, high = intervals.korn_graubard([0.0, 0.02, 1.0], [100.0, 100.0, 100.0], 0.05)
    assert np.array([low, high]) == pytest.approx(np.array(intervals.clopper_pearson([0, 2, 100], 100, 0.05)))
    wide, narrow = (intervals.korn_graubard(0.02, size, 0.05) for size in (0.7, 1000.3))
    assert wide[0] < narrow[0] < 0.02 < narrow[1] < wide[1]
    assert [float(limit) for limit in intervals.korn_graubard(0.3, 0.0, 0.05)] == [0.0, 1.0]

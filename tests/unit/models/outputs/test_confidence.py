"""Confidence from probabilities: in [0, 1], or nothing."""

import math
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import columns
from models.outputs import confidence

NAN, INF = math.nan, math.inf
SCORES = [confidence.max_probability, confidence.margin, confidence.entropy]
Score = Callable[[columns.Matrix], pl.Series]


def matrix(*rows: list[float]) -> columns.Matrix:
    return np.array(rows, dtype=np.float64)


def test_each_score_of_a_known_distribution() -> None:
    p = matrix([0.7, 0.2, 0.1])
    assert confidence.max_probability(p).to_list() == [0.7]
    assert confidence.margin(p).round(12).to_list() == [0.5]
    bits = -(0.7 * math.log(0.7) + 0.2 * math.log(0.2) + 0.1 * math.log(0.1)) / math.log(3)
    assert confidence.entropy(p).round(12).to_list() == [round(1 - bits, 12)]


@pytest.mark.parametrize("score", SCORES)
def test_certainty_is_one(score: Score) -> None:
    assert score(matrix([0.0, 1.0, 0.0])).to_list() == [1.0]


@pytest.mark.parametrize(("score", "lowest"), list(zip(SCORES, [0.25, 0.0, 0.0], strict=True)))
def test_the_uniform_answer_is_the_least_sure(score: Score, lowest: float) -> None:
    assert score(matrix([0.25] * 4)).round(12).to_list() == [lowest]


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    "row", [[0.5, 0.4], [0.6, 0.5], [1.2, -0.2], [NAN, 1.0], [INF, 0.0], [INF, -INF], [0.0, 0.0]], ids=str
)
def test_what_is_no_distribution_has_no_score_and_its_neighbour_does(score: Score, row: list[float]) -> None:
    assert score(matrix(row, [0.0, 1.0])).to_list() == [None, 1.0]


@pytest.mark.parametrize("score", SCORES)
def test_a_sum_within_a_thousandth_of_one_is_a_distribution(score: Score) -> None:
    assert score(matrix([0.0, 1.0009], [0.333, 0.6661])).null_count() == 0
    assert score(matrix([0.0, 1.0009]))[0] == 1.0
    assert score(matrix([0.0, 1.0011]))[0] is None


def test_rounded_numbers_may_sum_to_what_rounding_can_explain() -> None:
    twelve = [0.9, 0.05, 0.01, *[0.0] * 8, 0.02]  # 0.98, which twelve numbers of two decimals may
    assert confidence.max_probability(matrix(twelve)).round(12).to_list() == [round(0.9 / 0.98, 12)]
    assert confidence.margin(matrix(twelve)).round(12).to_list() == [round(0.85 / 0.98, 12)]
    above = [0.93, 0.05, 0.01, *[0.0] * 8, 0.03]
    assert confidence.rounded(matrix(above, twelve, [1.0] + [0.0] * 11)).tolist() == [True, True, False]
    single = np.array([twelve], dtype=np.float32).astype(np.float64)  # as a file of 32 bits has them
    assert confidence.max_probability(single)[0] == pytest.approx(0.9 / 0.98)


@pytest.mark.parametrize(
    "row",
    [
        [0.5, 0.495],  # three decimals and two numbers: 0.001 at most
        [0.97, 0.0, 0.0],
        [0.9, 0.05, 0.01, *[0.0] * 8, 0.020001],  # of six decimals
        [1.02, *[0.0] * 11],  # no probability is above 1
        [0.04] * 20,  # off by 0.2
    ],
    ids=str,
)
def test_what_rounding_cannot_explain_is_no_distribution(row: list[float]) -> None:
    assert confidence.distributions(matrix(row)).tolist() == [False]


def test_the_probability_of_a_named_label() -> None:
    p = matrix([0.7, 0.3], [0.2, 0.2], [0.4, 0.6])
    assert confidence.of_label(p, np.array([1, 0, 1])).to_list() == [0.3, None, 0.6]


@given(st.lists(st.lists(st.floats(), min_size=3, max_size=3), min_size=1, max_size=20))
def test_a_score_is_in_range_or_null_whatever_the_numbers(rows: list[list[float]]) -> None:
    for score in SCORES:
        result = score(matrix(*rows))
        assert result.drop_nulls().is_between(0, 1).all()
        assert result.is_not_null().to_list() == confidence.distributions(matrix(*rows)).tolist()


def test_probabilities_come_as_columns_lists_or_the_text_of_lists() -> None:
    apart = pl.DataFrame({"a": ["0.9", "x"], "b": [0.1, 0.2]})
    lists = pl.DataFrame({"p": [[0.9, 0.1], [0.2]]})
    texts = pl.DataFrame({"p": ["[0.9, 0.1]", "0.2"]})
    expected = {"apart": [[0.9, 0.1], [NAN, 0.2]], "lists": [[0.9, 0.1], [NAN, NAN]]}
    np.testing.assert_array_equal(columns.matrix(apart, 2), expected["apart"])
    np.testing.assert_array_equal(columns.matrix(lists, 2), expected["lists"])
    np.testing.assert_array_equal(columns.matrix(texts, 2), expected["lists"])

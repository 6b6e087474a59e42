"""Scores of any scale, in [0, 1] and in their order."""

import math

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.outputs import scale

NAN, INF = math.nan, math.inf
LARGEST = 1.7976931348623157e308
steady = settings(deadline=None)


def numbers(*number: float | None) -> pl.Series:
    return pl.Series(number, dtype=pl.Float64)


@pytest.mark.parametrize(
    ("name", "items", "expected"),
    [
        ("unit", [0.0, 0.25, 1.0, -0.1, 1.1], [0.0, 0.25, 1.0, None, None]),
        ("percent", [0.0, 25.0, 100.0, 100.005, -1.0, 101.0], [0.0, 0.25, 1.0, 1.0, None, None]),
        ("logprob", [0.0, -800.0, 0.00005, 0.5], [1.0, 0.0, 1.0, None]),
        ("real", [0.0, 1.0, -1.0, 3.0, -3.0], [0.5, 0.75, 0.25, 5 / 6, 1 / 6]),
        *((name, [NAN, None, INF], [None] * 3) for name in scale.CALIBRATORS),
    ],
)
def test_a_number_of_its_scale_is_one_from_0_to_1_and_any_other_is_none(
    name: str, items: list[float | None], expected: list[float | None]
) -> None:
    values = scale.unit(numbers(*items), name).to_list()
    assert [None if value is None else round(value, 12) for value in values] == [
        None if value is None else round(value, 12) for value in expected
    ]


def test_a_log_probability_becomes_its_probability() -> None:
    assert scale.unit(numbers(math.log(0.9)), "logprob").round(15).to_list() == [0.9]


def test_the_whole_number_line_fits_between_0_and_1() -> None:
    low, high = scale.unit(numbers(-LARGEST, LARGEST), "real")
    assert 0 < low < 0.001
    assert 0.999 < high < 1


@steady
@given(pair=st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2).map(sorted))
@example(pair=[-LARGEST, LARGEST])
@example(pair=[0.0, 5e-324])
def test_the_map_of_all_numbers_never_turns_an_order_round(pair: list[float]) -> None:
    low, high = scale.unit(numbers(*pair), "real")
    assert low <= high


@steady
@given(x=st.floats(-1e15, 1e15), steps=st.floats(1, 1000))
@example(x=1e15, steps=1)
@example(x=-1e15, steps=1)
@example(x=0.0, steps=1)
def test_scores_that_differ_in_the_twelfth_digit_stay_apart(x: float, steps: float) -> None:
    """As the module's head says: 1e-15 between -1 and 1, a share of 1e-12 beyond; twice that is asked, for rounding."""
    higher = x + steps * 2 * max(1e-15, 1e-12 * abs(x) if abs(x) > 1 else 0)
    low, high = scale.unit(numbers(x, higher), "real")
    assert low < high


@pytest.mark.parametrize("name", ["unit", "percent", "logprob"])
@steady
@given(x=st.floats(0, 1), y=st.floats(0, 1))
def test_every_map_rises(name: str, x: float, y: float) -> None:
    pair = {"unit": (x, y), "percent": (100 * x, 100 * y), "logprob": (700 * (x - 1), 700 * (y - 1))}[name]
    low, high = scale.unit(numbers(*sorted(pair)), name)
    assert low <= high


def test_bunched_log_probabilities_stay_apart() -> None:
    series = pl.Series([-1e-4 * (1 - n / 20_000) for n in range(20_000)])
    assert scale.unit(series, "logprob").n_unique() == 20_000


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([0.5] * 1000, None),
        ([0.5] * 500 + [2.0, 3.0, 4.0, 5.0, 6.0], None),  # five, but of 505: less than one in a hundred
        ([0.5] * 490 + [2.0, 3.0, 4.0, 5.0, 6.0], (490, "percent")),
        ([0.5] * 5 + [2.0, 3.0, 4.0, 5.0], None),  # only four
        ([0.5] * 5 + [2.0, 3.0, 4.0, 5.0, -6.0], (5, "real")),
        ([2.0], None),
        ([2.0, 3.0], (0, "percent")),
        ([2.0, None, INF, NAN, 3.0], (0, "percent")),
        ([None, -1.0, -2.0], (1, "logprob")),
        ([-1.0] * 9, None),  # one number is no scale
        ([None, NAN, INF], None),
        ([], None),
    ],
)
def test_so_many_strays_are_another_scale(items: list[float | None], expected: tuple[int, str] | None) -> None:
    assert scale.another(numbers(*items), "unit", named=True) == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([1.0, 0.95, 97.0, 88.0], (2, "percent")),  # the 1.0 and 0.95 would be the surest
        ([0.5] * 1000 + [1.5], (1000, "percent")),
        ([-1.0, 60.0, -1.0, 0.5], (1, "percent")),  # -1 for "unknown" is of no scale
        ([-3.0, 60.0, -1.0, 0.5], (1, "real")),
        ([0.5, 250.0], (1, "real")),
        ([0.5] * 5 + [1.0000064, 1.0001], None),  # a rounding
        ([0.5] * 500 + [-3.0, -4.0, -5.0, -6.0, -7.0], None),
        ([None, -1.0, -2.0], (1, "logprob")),
        ([0.5, INF, NAN], None),
    ],
)
def test_where_nobody_named_the_scale_one_number_above_its_end_is_enough(
    items: list[float | None], expected: tuple[int, str] | None
) -> None:
    assert scale.another(numbers(*items), "unit", named=False) == expected


def test_no_number_is_of_another_scale_than_real() -> None:
    assert scale.another(numbers(-5.0, 1e9, 3.0), "real", named=True) is None

"""Thresholds are shown with as many digits as tell them apart, and spans as people plan by them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.estimate import Estimate
from review import formats


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.9, 0.3], ["0.9", "0.3"]),
        ([1.0, 0.5, 0.0], ["1", "0.5", "0"]),
        ([0.864036123, 0.86403, 0.5], ["0.864036", "0.864", "0.5"]),
        ([0.99995512, 0.99995487, 0.9999], ["0.999955", "0.999954", "0.9999"]),
        ([0.99999987], ["0.99999987"]),
        ([1e-7, 0.0], ["0.0000001", "0"]),
        ([-0.25, -12.5], ["-0.25", "-12.5"]),
    ],
)
def test_a_threshold_has_the_fewest_decimals_that_tell_it_from_the_others(
    values: list[float], shown: list[str]
) -> None:
    assert formats.thresholds(values) == shown


def test_scores_that_rounding_alone_sets_apart_are_shown_as_one() -> None:
    one, other = 0.87 / 0.99, math.nextafter(0.87 / 0.99, 0)
    assert ["0.8787"] == formats.thresholds([one], [other, 0.5])
    assert ["0.8787878787878788", "0.8787"] == formats.thresholds([one, other])  # both are shown


@given(st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=40, unique=True))
def test_the_texts_differ_and_each_selects_the_values_that_its_threshold_selects(values: list[float]) -> None:
    texts = formats.thresholds(values)
    assert len(set(texts)) == len(values)
    for value, text in zip(values, texts, strict=True):
        assert {other for other in values if other >= float(text)} == {other for other in values if other >= value}


@pytest.mark.parametrize(
    ("days", "text"), [(0.3, "less than a day"), (1.0, "1 day"), (1.53, "1.5 days"), (6.0, "6 days"), (41.2, "42 days")]
)
def test_a_span_of_days_is_said_as_people_plan_by_it(days: float, text: str) -> None:
    assert formats.days(days).replace(formats.SPACE, " ") == text


@pytest.mark.parametrize(
    ("hours", "text"),
    [(0.001, "1 min of people"), (0.5, "30 min of people"), (1.0, "1 hour of people"), (11.2, "12 hours of people")],
)
def test_work_is_said_in_hours_of_people(hours: float, text: str) -> None:
    assert formats.people(hours).replace(formats.SPACE, " ") == text


def test_a_line_is_known_from_its_neighbours_where_the_page_tells_them_apart() -> None:
    reported = {0.54723: "0.5472", 0.54728: "0.54728"}
    assert dict(zip(reported, formats.thresholds([*reported]), strict=True)) == reported
    assert formats.releases(0.54728, None, reported) == "released at 0.54728 and above"
    assert (
        formats.releases(0.5, {"bug": 0.54728, "other": None}, reported)
        == "released by class: bug at 0.54728 and above"
    )
    assert formats.releases(0.54728, None) == "released at 0.5472 and above"


@pytest.mark.parametrize(
    ("price", "low", "high", "text"),
    [
        (0.0021, 0.002, 0.00221, "2.10 EUR (limits 2.00 to 2.21)"),
        (0.5, 0.4999, 0.5001, "500 EUR (limits 499 to 501)"),
        (0.00000123, 0.000001211, 0.00000129, "0.0012 EUR (limits 0.0012 to 0.0013)"),
        (0.0, 0.0, 0.0, "0 EUR (limits 0 to 0)"),
    ],
)
def test_a_price_is_that_of_a_thousand_and_its_limits_lie_outside(
    price: float, low: float, high: float, text: str
) -> None:
    known = Estimate(value=price, low=low, high=high, alpha=0.05, n=40, errors=0, method="by hand")
    assert formats.plain(formats.thousand(known, "EUR")) == text

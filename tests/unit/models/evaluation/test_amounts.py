"""A mean and a quantile of amounts count each case as often as it stands for others, and say nothing on too little."""

import numpy as np
import pytest

from models.evaluation import amounts
from models.evaluation.estimate import Estimate, NotEnoughEvidence

ALPHA = 0.05
DAYS = np.arange(60) // 6
ONES = np.ones(60)


def known(figure: Estimate | NotEnoughEvidence) -> Estimate:
    assert isinstance(figure, Estimate)
    return figure


def figure(some: amounts.Floats, share: float | None) -> Estimate:
    """The mean, or a quantile."""
    if share is None:
        return known(amounts.mean(some, ONES, DAYS, ALPHA))
    return known(amounts.quantile(some, ONES, DAYS, share, ALPHA))


def test_a_case_that_stands_for_ten_counts_ten_times() -> None:
    cheap, dear = np.repeat([1.0, 5.0], 30), np.repeat([10.0, 1.0], 30)
    assert known(amounts.mean(cheap, dear, DAYS % 5, ALPHA)).value == pytest.approx((300 + 150) / 330)
    assert known(amounts.quantile(cheap, dear, DAYS % 5, 0.5, ALPHA)).value == 1.0


def test_the_scale_of_the_amounts_is_that_of_the_figures() -> None:
    some = np.array([1.0 + n * 7 % 60 / 30 for n in range(60)])
    for share in (None, 0.5):
        one, many = figure(some, share), figure(1000 * some, share)
        assert (many.value, many.low, many.high) == pytest.approx((1000 * one.value, 1000 * one.low, 1000 * one.high))
        assert one.low < one.value < one.high
        assert (one.n, one.errors, one.alpha) == (60, 0, ALPHA)


@pytest.mark.parametrize("price", [0.0, 0.5])
def test_one_price_everywhere_has_itself_for_its_limits(price: float) -> None:
    for share in (None, 0.5, 0.95):
        one = figure(price * ONES, share)
        assert (one.low, one.value, one.high) == pytest.approx((price, price, price))


def test_days_that_differ_widen_the_limits() -> None:
    mixed, apart = np.tile([1.0, 2.0], 30), np.repeat([1.0, 2.0], 30)
    by_day = [known(amounts.mean(one, ONES, DAYS, ALPHA)) for one in (mixed, apart)]
    assert by_day[1].high - by_day[1].low > 2 * (by_day[0].high - by_day[0].low)


def test_too_little_is_said_to_be_so() -> None:
    few = slice(0, amounts.FEWEST - 1)
    some = np.array([float(n) for n in range(1, 61)])
    assert amounts.mean(some[few], ONES[few], DAYS[few], ALPHA) == NotEnoughEvidence(
        reason="29 of 30 answers so far", n=29, errors=0
    )
    day = amounts.mean(some, ONES, np.zeros(60, np.int64), ALPHA)
    assert isinstance(day, NotEnoughEvidence)
    assert day.reason == "answers of one day alone so far"
    assert isinstance(amounts.quantile(some, ONES, DAYS, 0.95, ALPHA), NotEnoughEvidence), (
        "60 of them never reach so far"
    )
    wild: amounts.Floats = np.where(np.arange(60) == 7, 1e6, 1.0).astype(np.float64)
    assert isinstance(amounts.mean(wild, ONES, np.arange(60) // 30, ALPHA), NotEnoughEvidence)


@pytest.mark.parametrize(
    ("some", "weights", "days"),
    [
        (np.ones(60), np.ones(59), DAYS),
        (-np.ones(60), ONES, DAYS),
        (np.full(60, np.nan), ONES, DAYS),
        (np.ones(60), 0.5 * ONES, DAYS),
        (np.ones(60), ONES * np.nan, DAYS),
    ],
)
def test_what_cannot_be_is_refused(some: amounts.Floats, weights: amounts.Floats, days: amounts.Numbers) -> None:
    with pytest.raises(ValueError, match=r"per case|0 or more"):
        amounts.mean(some, weights, days, ALPHA)

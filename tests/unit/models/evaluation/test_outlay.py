"""Money spread over days: how much falls on a day, and on all days until one."""

from datetime import date, timedelta

import pytest

from models.evaluation import outlay
from models.evaluation.outlay import Outlay

NOVEMBER = Outlay(model_id="m-2", amount=300.0, from_day=date(2026, 11, 1), to_day=date(2026, 11, 30))
TRAINING = Outlay(model_id=None, amount=70.0, from_day=date(2026, 11, 30), to_day=date(2026, 11, 30))


def test_all_days_together_are_the_whole_amount() -> None:
    days = [date(2026, 10, 30) + timedelta(days=number) for number in range(40)]
    assert sum(outlay.on([NOVEMBER, TRAINING], day) for day in days) == pytest.approx(370.0)
    assert outlay.until([NOVEMBER, TRAINING], days[-1]) == 370.0


def test_until_a_day_is_what_fell_on_the_days_before_and_on_that_day() -> None:
    days = [date(2026, 10, 30) + timedelta(days=number) for number in range(40)]
    sums = [sum(outlay.on([NOVEMBER, TRAINING], day) for day in days[: number + 1]) for number in range(40)]
    assert [outlay.until([NOVEMBER, TRAINING], day) for day in days] == pytest.approx(sums)


def test_an_outlay_is_of_one_model_or_of_all() -> None:
    both = [NOVEMBER, TRAINING]
    assert outlay.of(both, "m-2") == (NOVEMBER,)
    assert outlay.of(both, "m-1") == ()
    assert outlay.shared(both) == (TRAINING,)


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf")])
def test_an_amount_is_finite_and_not_negative(amount: float) -> None:
    with pytest.raises(ValueError, match="a finite number, 0 or more"):
        Outlay(model_id=None, amount=amount, from_day=date(2026, 11, 1), to_day=date(2026, 11, 30))


def test_the_last_day_does_not_lie_before_the_first() -> None:
    with pytest.raises(ValueError, match="2026-10-31 lies before 2026-11-01"):
        Outlay(model_id=None, amount=1.0, from_day=date(2026, 11, 1), to_day=date(2026, 10, 31))

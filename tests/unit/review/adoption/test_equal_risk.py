"""What another model costs beside this one: which cases count, what each would release, and what an unknown price is."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.evaluation import paired_cost
from models.evaluation.estimate import NotEnoughEvidence
from models.evaluation.paired_cost import Paired
from review.adoption import equal_risk
from review.adoption.equal_risk import Money, Spending

MONEY = Money(
    review=1.0,
    minutes_known="stated",
    audit_rate=0.1,
    cases=4000,
    cases_a_day=100.0,
    outlay_a_day=(5.0, 20.0),
    outlay=(50.0, 400.0),
    for_all_a_day=10.0,
    entered=(True, True),
)


def resamples(groups: int) -> Iterator[paired_cost.Floats]:
    yield np.random.default_rng(3).poisson(1.0, (200, groups)).astype(np.float64)


def cases(count: int = 100, **columns: object) -> pl.DataFrame:
    """Cases that both models answered, all of them alike but for what is named."""
    alike = {
        "member": pl.Series(range(count), dtype=pl.UInt64),
        "ours": pl.lit(value=True),
        "held": pl.lit(value=False),
        "propensity": pl.lit(0.5),
        "prediction": pl.lit("ham"),
        "confidence": pl.lit(0.8),
        "score": pl.lit(0.8),
        "our_cost": pl.lit(0.02),
        "cost": pl.lit(0.01),
        "asked": pl.lit(value=True),
    }
    changed = {name: pl.lit(one) if isinstance(one, str | float) else one for name, one in columns.items()}
    return pl.DataFrame({"n": range(count)}).select(**alike | changed)  # type: ignore[arg-type]


def of(
    frame: pl.DataFrame, money: Money = MONEY, ours: dict[str, float | None] | None = None, theirs: float | None = 0.5
) -> Spending:
    return equal_risk.of(frame, money, ours=ours or {"": 0.9}, theirs=theirs, resamples=resamples, alpha=0.05)


def costs(spending: Spending) -> tuple[float, float]:
    assert isinstance(spending.paired, Paired)
    return spending.paired.ours.value, spending.paired.theirs.value


def test_each_releases_what_reaches_its_own_threshold() -> None:
    assert costs(of(cases())) == pytest.approx((1.02, 0.11))
    assert costs(of(cases(), theirs=None)) == pytest.approx((1.02, 1.01)), "nothing is certified of the other"
    assert costs(of(cases(), ours={"": None})) == pytest.approx((1.02, 0.11))
    unsure = cases(score=pl.lit(None, pl.Float64), confidence=pl.lit(None, pl.Float64))
    assert costs(of(unsure, ours={"": 0.0}, theirs=0.0)) == pytest.approx((1.02, 1.01)), "without a score it waits"


def test_what_a_rule_keeps_with_people_neither_releases() -> None:
    assert costs(of(cases(held=pl.lit(value=True)), ours={"": 0.5})) == pytest.approx((1.02, 1.01))


def test_a_threshold_of_each_class_releases_by_the_class() -> None:
    half = cases(prediction=pl.when(pl.col("n") % 2 == 0).then(pl.lit("ham")).otherwise(pl.lit("spam")))
    assert costs(of(half, ours={"ham": 0.5, "spam": 0.9}))[0] == pytest.approx(0.02 + 0.5 * 0.1 + 0.5)
    assert costs(of(half, ours={"ham": 0.5, "spam": None}))[0] == pytest.approx(0.02 + 0.5 * 0.1 + 0.5)


def test_what_either_model_was_not_asked_does_not_count() -> None:
    half = pl.when(pl.col("n") < 50)
    two = cases(ours=pl.col("n") < 50, our_cost=half.then(0.02).otherwise(9.0))
    assert costs(of(two))[0] == pytest.approx(1.02)
    some = of(cases(asked=pl.col("n") < 40, cost=half.then(0.01).otherwise(9.0)))
    assert isinstance(some.paired, Paired)
    assert some.paired.saved.n == 40
    assert costs(some)[1] == pytest.approx(0.11)
    assert isinstance(of(cases(ours=pl.lit(value=False))).paired, NotEnoughEvidence)


def test_an_answer_without_a_price_costs_what_the_others_do_and_none_costs_nothing() -> None:
    some = cases(cost=pl.when(pl.col("n") % 2 == 0).then(0.04))
    assert costs(of(some))[1] == pytest.approx(0.1 + 0.04)
    none = of(cases(cost=pl.lit(None, pl.Float64)))
    assert costs(none)[1] == pytest.approx(0.1)
    assert none.priced == (True, False)


def test_outlays_are_shared_by_the_cases_of_a_day() -> None:
    spending = of(cases())
    assert isinstance(spending.today, Paired)
    assert spending.today.ours.value == pytest.approx(1.02 + 15 / 100)
    assert spending.today.theirs.value == pytest.approx(0.11 + 30 / 100)
    assert spending.today.saved.value == pytest.approx(0.91 - 15 / 100)
    assert not isinstance(spending.break_even, NotEnoughEvidence)
    assert spending.break_even.value == pytest.approx(15 / 0.91)
    assert not isinstance(spending.lines, NotEnoughEvidence)
    assert spending.lines.cheaper.value == pytest.approx(4000 * 0.91 - 350)


def test_before_the_first_day_there_is_no_line() -> None:
    spending = of(cases(), replace(MONEY, cases_a_day=0.0, cases=0))
    assert spending.today == spending.paired
    assert isinstance(spending.lines, NotEnoughEvidence)

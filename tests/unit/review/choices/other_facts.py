"""Other models with the costs that a test names, beside a model called m-1."""

from dataclasses import replace

from models.evaluation import break_even, crossing
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.paired_cost import Paired
from review import formats
from review.adoption.equal_risk import Money, Spending
from review.adoption.other_models import OtherModel

FEW = NotEnoughEvidence(reason="both models were asked about 7 groups of cases; it takes 20", n=7, errors=0)
MONEY = Money(
    review=0.5,
    minutes_known="stated",
    audit_rate=0.05,
    cases=4000,
    cases_a_day=100.0,
    outlay_a_day=(0.0, 0.0),
    outlay=(0.0, 0.0),
    for_all_a_day=0.0,
    entered=(False, False),
)


def estimate(low: float, value: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, alpha=0.05, n=400, errors=60, method="a test")


def other(
    name: str = "m-2",
    *,
    saved: tuple[float, float, float] | None = (0.1, 0.15, 0.2),
    reviews: tuple[float, float, float] = (0.2, 0.3, 0.4),
    outlay_a_day: float = 0.0,
    outlay: float = 0.0,
    priced: bool = True,
    groups: int | None = None,
) -> OtherModel:
    """It saves so much a case and spares so many reviews (None: nobody knows), with outlays that are its own alone.

    `groups`: of the cases that both were asked about; None: each is one by itself.
    """
    entered = (False, bool(outlay_a_day or outlay))
    money = replace(MONEY, outlay_a_day=(0.0, outlay_a_day), outlay=(0.0, outlay), entered=entered)
    spending = Spending(
        money=money,
        priced=(True, priced),
        groups=FEW.n if groups is None else groups,
        paired=FEW,
        today=FEW,
        reviews=FEW,
        break_even=FEW,
        lines=FEW,
    )
    if saved is not None:
        gain = estimate(*saved)
        spared = estimate(*reviews)
        paired = Paired(
            spared=spared, ours=estimate(0.28, 0.3, 0.32), theirs=estimate(0.0, 0.3 - gain.value, 0.6), saved=gain
        )
        each = outlay_a_day / money.cases_a_day
        spending = replace(
            spending,
            groups=gain.n,
            paired=paired,
            today=replace(paired, theirs=crossing.moved(paired.theirs, by=each), saved=crossing.moved(gain, by=-each)),
            reviews=spared,
            break_even=break_even.volume(outlay_a_day, gain),
            lines=crossing.of(
                gain,
                cases=money.cases,
                outlay=outlay,
                outlay_a_day=outlay_a_day,
                cases_a_day=money.cases_a_day,
            ),
        )
    return OtherModel(
        model_id=name,
        asked=400,
        labels=380,
        paired=NotEnoughEvidence(reason="it is not asked for here", n=0, errors=0),
        threshold=0.9,
        coverage=0.8,
        needed=None,
        ours=0.5,
        cost=0.01 if priced else None,
        latency_ms=None,
        our_cost=0.02,
        our_latency_ms=None,
        spending=spending,
    )


plain = formats.plain

"""What a finished case costs by another model and by this one, each at its own certified threshold for the same target. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.evaluation import break_even, crossing, paired_cost
from models.evaluation.crossing import Lines
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.paired_cost import Paired

Resamples = Callable[[int], Iterable[paired_cost.Floats]]  # a number of groups -> how often each is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """`review`: the price of one, and how its minutes are known. `audit_rate`: of the released. `cases`: so far.

    Of each pair this model's comes first: `outlay_a_day`, what is entered for today, and `outlay`, for all days until today.
    `for_all_a_day`: what is entered for today whatever model answers.
    """

    review: float
    minutes_known: str
    audit_rate: float
    cases: int
    cases_a_day: float
    outlay_a_day: tuple[float, float]
    outlay: tuple[float, float]
    for_all_a_day: float
    entered: tuple[bool, bool]  # whether any outlay is


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """`paired`: the cost of a finished case without outlays, in the stream's currency; `today` with those of today, by its cases.

    `reviews`: the share of cases that the other model spares a reader, in [-1, 1]. `break_even`: cases a day; `lines`:
    cumulative cost. `priced`: whether this model's and the other's answers have a price; without one they count as nothing.
    `groups`: of the cases that both models were asked about.
    """

    money: Money
    priced: tuple[bool, bool]
    groups: int
    paired: Paired | NotEnoughEvidence
    today: Paired | NotEnoughEvidence
    reviews: Estimate | NotEnoughEvidence
    break_even: Estimate | NotEnoughEvidence
    lines: Lines | NotEnoughEvidence


def of(
    cases: pl.DataFrame,
    money: Money,
    *,
    ours: Mapping[str, float | None],
    theirs: float | None,
    resamples: Resamples,
    alpha: float,
) -> Spending:
    """Compare what another model costs with what this one does.

    `cases`: of `review.queries.shadows.Compared`; those of which one of both said nothing do not count. `ours`: this model's
    certified threshold by scope ("": all cases, else the class); `theirs`: the other's. None: it would release nothing.
    """
    both = cases.filter("asked", "ours")
    priced = (both["our_cost"].count() > 0, both["cost"].count() > 0)
    sampled = paired_cost.Cases(
        weights=(1 / both["propensity"]).to_numpy(),
        group=(both["member"].rank("dense").cast(pl.Int64) - 1).to_numpy(),
        ours=_prices(both["our_cost"]),
        theirs=_prices(both["cost"]),
        our_release=_released(both, ours),
        their_release=np.zeros(len(both), np.bool_)
        if theirs is None
        else both.select((~pl.col("held") & (pl.col("score") >= theirs)).fill_null(value=False)).to_series().to_numpy(),
    )
    groups = int(sampled.group.max(initial=-1)) + 1
    paired = paired_cost.compare(
        sampled, review=money.review, audit_rate=money.audit_rate, resamples=resamples(groups), alpha=alpha
    )
    more = money.outlay_a_day[1] - money.outlay_a_day[0]
    return Spending(
        money=money,
        priced=priced,
        groups=groups,
        paired=paired,
        today=_today(paired, money) if isinstance(paired, Paired) and money.cases_a_day > 0 else paired,
        reviews=paired.spared if isinstance(paired, Paired) else paired,
        break_even=break_even.volume(more, paired.saved) if isinstance(paired, Paired) else paired,
        lines=_lines(paired, money, more),
    )


def _lines(paired: Paired | NotEnoughEvidence, money: Money, more: float) -> Lines | NotEnoughEvidence:
    if isinstance(paired, NotEnoughEvidence):
        return paired
    if money.cases_a_day <= 0:
        return NotEnoughEvidence(reason="no case has come yet", n=paired.saved.n, errors=paired.saved.errors)
    outlay = money.outlay[1] - money.outlay[0]
    return crossing.of(paired.saved, cases=money.cases, outlay=outlay, outlay_a_day=more, cases_a_day=money.cases_a_day)


def _today(paired: Paired, money: Money) -> Paired:
    """With the outlays of today, shared by the cases of a day."""
    ours, theirs = ((one + money.for_all_a_day) / money.cases_a_day for one in money.outlay_a_day)
    return Paired(
        ours=crossing.moved(paired.ours, by=ours),
        theirs=crossing.moved(paired.theirs, by=theirs),
        saved=crossing.moved(paired.saved, by=ours - theirs),
        spared=paired.spared,
    )


def _prices(column: pl.Series) -> paired_cost.Floats:
    """What each answer costs: where one does not say, what the others cost on average; nothing where none says."""
    mean = column.mean()
    return column.fill_null(float(mean) if isinstance(mean, int | float) else 0.0).to_numpy()


def _released(cases: pl.DataFrame, thresholds: Mapping[str, float | None]) -> paired_cost.Bools:
    """Whether this model's thresholds let each case go."""
    if "" in thresholds:
        at = pl.lit(thresholds[""], pl.Float64)
    else:
        at = pl.col("prediction").replace_strict(dict(thresholds), default=None, return_dtype=pl.Float64)
    return cases.select((~pl.col("held") & (pl.col("confidence") >= at)).fill_null(value=False)).to_series().to_numpy()

"""What a threshold costs, and how much review it asks for.

    K(t) = c_err G(t) + c_rev (1 - C(t)) + c_hum P(human wrong, s < t) + c_rev audit C(t) + c_model     (statistics 3)

per routed case, in the stream's currency. Choosing inside the certified set costs no certainty: all of it is certified at once.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from statistics import NormalDist

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What things cost, in one currency, all finite and at least 0.

    `error`: a wrong answer released. `review`: one review (minutes times the price of a minute). `human_error`: a wrong
    answer by a person. `human_error_rate`: share of reviewed cases a person gets wrong, in [0, 1]. `audit_rate`: share
    of the released that is labelled too, in (0, 1]. `model`: one answer of the model. Raises ValueError on anything else.
    """

    error: float
    review: float
    audit_rate: float
    human_error: float = 0.0
    human_error_rate: float = 0.0
    model: float = 0.0

    def __post_init__(self) -> None:
        for name in ("error", "review", "human_error", "model"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} {getattr(self, name)!r}: a cost is a finite number, 0 or more")
        if not 0 <= self.human_error_rate <= 1:
            raise ValueError(f"human_error_rate {self.human_error_rate!r}: give a share from 0 to 1")
        if not 0 < self.audit_rate <= 1:
            raise ValueError(f"audit_rate {self.audit_rate!r}: give a probability above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One threshold and what it means. `cost_low`, `cost_high`: with the error at its limits; cost is per routed case.

    `threshold` None: nothing is released.
    """

    threshold: float | None
    coverage: float
    cost: float
    cost_low: float
    cost_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Review at one threshold. `reviews`: per day, audits included; `late`: of these, above what people can do a day."""

    threshold: float | None
    coverage: float
    reviews: float
    late: float


def curve(rows: pl.DataFrame, prices: Prices) -> pl.DataFrame:
    """The rows with `cost`, `cost_low`, `cost_high`: K(t), and K with the error at its limits; null where unknown.

    `rows`, one per threshold, as `risk.curve` gives them: `threshold`, `coverage` (share of all cases), `error`, `low`,
    `high` (of the cases at or above; null: no answered sample). Limits hold for a threshold named beforehand.
    """
    share = pl.col("coverage")
    people = (1 - share) * (prices.review + prices.human_error * prices.human_error_rate)
    fixed = people + prices.review * prices.audit_rate * share + prices.model
    return rows.with_columns(
        (prices.error * share * pl.col(error) + fixed).alias(name)
        for error, name in (("error", "cost"), ("low", "cost_low"), ("high", "cost_high"))
    )


def to_come(choice: Choice, prices: Prices, error: float, cases: float, alpha: float) -> Choice:
    """The cost with limits for cases to come, of which a share reaches the threshold that is itself only counted so far.

    `error`: of the cases that reach it. `cases`: so far, at least 1; where they come in groups, the groups. The limits of
    `choice` take the share as known; both uncertainties are joined by square and add (Zou and Donner 2008), that of the share
    by the normal law.
    """
    alone = prices.review + prices.human_error * prices.human_error_rate
    slope = prices.error * error + prices.review * prices.audit_rate - alone
    share = choice.coverage
    spread = NormalDist().inv_cdf(1 - alpha / 2) * abs(slope) * math.sqrt(share * (1 - share) / cases)
    return replace(
        choice,
        cost_low=choice.cost - math.hypot(choice.cost - choice.cost_low, spread),
        cost_high=choice.cost + math.hypot(choice.cost_high - choice.cost, spread),
    )


def full_review(prices: Prices) -> Choice:
    """What it costs to release nothing."""
    cost = prices.review + prices.human_error * prices.human_error_rate + prices.model
    return Choice(threshold=None, coverage=0.0, cost=cost, cost_low=cost, cost_high=cost)


def cheapest(rows: pl.DataFrame, prices: Prices, certified: Collection[float]) -> Choice:
    """The certified threshold with the lowest expected cost, or full review if that is cheaper or nothing is certified.

    `rows` as for `curve`; `certified`: thresholds, compared exactly, those not among the rows or without an estimate are
    left out. Of equal costs the stricter.
    """
    priced = curve(rows, prices).filter(pl.col("threshold").is_in(list(certified)), pl.col("cost").is_not_null())
    review = full_review(prices)
    if priced.is_empty():
        return review
    best = priced.sort("cost", "threshold", descending=[False, True]).row(0, named=True)
    if best["cost"] >= review.cost:
        return review
    return Choice(**{name: best[name] for name in Choice.__dataclass_fields__})


def load(threshold: float | None, coverage: float, *, cases: float, capacity: float, audit_rate: float) -> Load:
    """Reviews a day when a share `coverage` of `cases` a day is released and `audit_rate` of these is labelled too.

    Raises ValueError if `cases` or `capacity` is negative, or a share is not in [0, 1].

    >>> load(0.9, coverage=0.6, cases=100, capacity=40, audit_rate=0.1)
    Load(threshold=0.9, coverage=0.6, reviews=46.0, late=6.0)
    """
    if min(cases, capacity) < 0 or not 0 <= coverage <= 1 or not 0 <= audit_rate <= 1:
        raise ValueError(f"{cases} cases, capacity {capacity}, coverage {coverage}, audit rate {audit_rate} cannot be")
    reviews = cases * (1 - coverage + audit_rate * coverage)
    return Load(threshold=threshold, coverage=coverage, reviews=reviews, late=max(reviews - capacity, 0.0))


def affordable(rows: pl.DataFrame, *, cases: float, capacity: float, audit_rate: float) -> Load:
    """The strictest threshold whose reviews people can do; if none is, the least strict, with what would be late.

    `rows`: `threshold`, `coverage`. `cases`, `capacity`: cases routed and reviews done per day. Release nothing counts
    as a threshold (None). It says what the reviewers can carry, not what is certified: show it beside the certificate.
    Raises ValueError as `load` does.
    """
    falling = rows.sort("threshold", descending=True).select("threshold", "coverage").rows()
    loads = [
        load(threshold, coverage, cases=cases, capacity=capacity, audit_rate=audit_rate)
        for threshold, coverage in [(None, 0.0), *falling]
    ]
    return next((one for one in loads if not one.late), loads[-1])

"""What the certificate allows today, and what beside it is cheapest and what people can carry. Pure."""

from dataclasses import dataclass, replace

import polars as pl

from models.certification import certificate
from models.config.stream import Stream
from models.evaluation import cost, group_intervals, reliability, risk
from models.planning import what_if
from review.adoption import verdict

MINUTES = 1.0  # of a review, while none was measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`threshold` is the least strict certified one (None: none is), `coverage` the share of cases it would release.

    What may be proposed of it says the verdict. `certified`: all certified thresholds, strictest first. `labels`,
    `errors`: blind labels at or above it that the certificate rests on, weighted to the smallest propensity. `needed`:
    what the next step takes; None: nothing helps or nothing is left to certify. `next`: thresholds that the walks did not
    pass, each the next step of one. `blocking`: fields of records whose own targets no number of labels would show to be kept
    there. `cheapest`: lowest expected cost per case among what may be adopted, full review
    included. `carried`: what people can carry by the stream's stated capacity; None: none is stated. `gate`: what speaks
    against trusting the confidence at all; its refusals are the verdict's.
    """

    alpha: float
    delta: float
    looks: int
    threshold: float | None
    coverage: float | None
    certified: tuple[float, ...]
    labels: float
    errors: float
    needed: certificate.Needed | None
    next: tuple[float, ...]
    cheapest: cost.Choice
    carried: cost.Load | None
    gate: reliability.Gate
    blocking: tuple[str, ...] = ()


def of(
    progress: certificate.Progress,
    counts: pl.DataFrame,
    stream: Stream,
    *,
    by_day: pl.DataFrame,
    reviewers: pl.DataFrame,
    ruling: verdict.Verdict,
    design: group_intervals.Design = group_intervals.ALONE,
) -> Proposal:
    """From the last look, the epoch's counts (`risk`), the verdict on them, and the ledger's states by day and reviewer; limits
    widened for groups by `design`."""
    plan = progress.plan
    rows = risk.at(counts, plan.thresholds, plan.delta, design=design.at(plan.thresholds))
    certified = tuple(plan.thresholds[index] for index in progress.certified)
    place = progress.certified[-1] if certified else None
    covered = None if place is None else rows.filter(pl.col("threshold") == plan.thresholds[place])["coverage"]
    return Proposal(
        alpha=plan.alpha,
        delta=plan.delta,
        looks=progress.looks,
        threshold=progress.threshold,
        coverage=float(covered[0]) if covered is not None and len(covered) else None,
        certified=certified,
        labels=0.0 if place is None else progress.labels[place],
        errors=0.0 if place is None else progress.errors[place],
        needed=certificate.needed(progress),
        next=tuple(plan.thresholds[stop.at] for stop in progress.stops if stop.at not in progress.certified),
        blocking=certificate.blocking(progress),
        cheapest=cost.cheapest(rows, prices(stream, reviewers), ruling.allowed),
        carried=_carried(rows, stream, by_day),
        gate=replace(reliability.gate(counts, plan.delta), refusals=ruling.refusals),
    )


def prices(stream: Stream, reviewers: pl.DataFrame) -> cost.Prices:
    """What an error and a review cost, by the stream file; a review's minutes as measured where it does not say."""
    return cost.Prices(
        error=stream.costs.error,
        review=stream.costs.review_minute * minutes(stream, reviewers)[0],
        audit_rate=stream.policy.audit_rate,
        human_error=stream.costs.error,
        human_error_rate=stream.costs.human_error or 0.0,
    )


def minutes(stream: Stream, reviewers: pl.DataFrame) -> tuple[float, what_if.Known]:
    """Minutes of a review and how they are known: by the stream file, else by the median reader, else assumed."""
    if stream.costs.minutes_per_review is not None:
        return stream.costs.minutes_per_review, "stated"
    measured = reviewers["median_seconds"].median() if len(reviewers) else None
    return (measured / 60, "measured") if isinstance(measured, float) else (MINUTES, "assumed")


def _carried(rows: pl.DataFrame, stream: Stream, by_day: pl.DataFrame) -> cost.Load | None:
    capacity = stream.review.capacity_per_day
    if capacity is None or by_day.is_empty():
        return None
    return cost.affordable(rows, cases=what_if.daily(by_day), capacity=capacity, audit_rate=stream.policy.audit_rate)

"""The six answers of a stream's owner, gathered from its ledger."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl

from flows.planning import choices_costs
from flows.runtime import runs
from models import timestamps
from models.certification import certificate
from models.evaluation import cost, risk, waiting_times
from models.evaluation.estimate import Estimate
from models.reviewers import single_readings
from models.routing.policy import Route
from review import formats
from review.adoption import proposal
from review.adoption.evidence_counts import Part
from review.choices import more_data, oversight, regions, timing
from review.choices.answer import Answer
from review.choices.work import Work
from review.queries import candidates, overlap, policy_history, waits
from review.queries.outcomes import Outcomes
from review.report.figures import Report

Progresses = Mapping[str, certificate.Progress]


def of(
    run: runs.Run,
    in_force: policy_history.PolicyInForce,
    cases: Outcomes,
    report: Report,
    *,
    progress_by_scope: Progresses,
    whole: Part,
    waited: pl.DataFrame,
) -> tuple[Answer, ...]:
    """The answers in the order of the questions. `report`: of the same ledger; `whole`: all its cases of the epoch; `waited`: as
    `waited` gives them."""
    costs = run.stream.costs
    minutes = None if report.what_if.minutes_known == "assumed" else report.what_if.minutes
    work = Work(minutes=minutes, minute_cost=costs.review_minute, currency=costs.currency)
    buy, upkeep, adaptation = choices_costs.costs(run, in_force, cases, report.others, work)
    return (
        buy,
        upkeep,
        _more_data(run, in_force, cases, progress_by_scope, report, work),
        _timing(in_force, waited, report.made_at, work),
        adaptation,
        _oversight(run, report, in_force, whole, progress_by_scope.get("")),
    )


def _more_data(
    run: runs.Run,
    in_force: policy_history.PolicyInForce,
    cases: Outcomes,
    progress_by_scope: Progresses,
    report: Report,
    work: Work,
) -> Answer:
    region = _region(in_force, progress_by_scope, report)
    claims = overlap.claims(run.ledger, run.stream.name, run.stream.review.overlap)
    claims = claims.filter(pl.col("epoch_id") == in_force.epoch_id)
    if region.threshold is not None:
        claims = claims.filter(pl.col("confidence") >= region.threshold)
    if region.of_class:
        claims = claims.filter(pl.col("prediction") == region.of_class)
    read = single_readings.of(overlap.twice_read(claims, cases.people), in_force.delta)
    seconds = cases.people.readings.filter("blind")["seconds"].drop_nulls().to_numpy()
    return more_data.answer(
        region,
        read,
        target=in_force.target_error,
        work=work,
        seconds=waiting_times.quantile(seconds, np.zeros(len(seconds), bool), 0.5, in_force.delta),
        second_opinion=run.stream.review.second_opinion,
        stream=run.stream.name,
        candidate=candidates.with_curve(run.ledger, run.stream.name),
    )


def _region(in_force: policy_history.PolicyInForce, progress_by_scope: Progresses, report: Report) -> regions.Region:
    """Where the next certificate would stand; of a stream with a threshold per class the class that is nearest to one."""
    if not progress_by_scope:
        return regions.Region(threshold=None, level=in_force.delta, seen=0)
    steps = {part: certificate.needed(one) for part, one in progress_by_scope.items()}
    part = min(steps, key=lambda name: (step.labels if (step := steps[name]) is not None else certificate.FAR, name))
    nearest = steps[part]
    step = None if nearest is None else nearest.threshold
    region = regions.of(progress_by_scope[part], step, part, today=in_force.policy.threshold)
    if nearest is None or part:
        return region
    return replace(region, expected=nearest.labels, share=_share(report, nearest.threshold))


def _share(report: Report, threshold: float) -> float | None:
    """Of all cases, those that a threshold would release; None: it is none of those looked at."""
    there = report.what_if.rows.filter(pl.col("threshold") == threshold)
    return None if there.is_empty() else there["coverage"].item(0)


def waited(run: runs.Run, cases: Outcomes, now: str) -> pl.DataFrame:
    """The cases for people of the last days, with their times (`review.queries.waits`)."""
    since = timestamps.text(timestamps.parse(now) - timedelta(days=timing.DAYS))
    return waits.of(
        run.ledger, run.stream.name, cases.people, since=since, second_opinion=run.stream.review.second_opinion
    )


def _timing(in_force: policy_history.PolicyInForce, rows: pl.DataFrame, now: str, work: Work) -> Answer:
    at = timestamps.parse(now).timestamp()
    return timing.answer(rows, now=at, alpha=in_force.delta, work=work, model=in_force.model_id)


def _oversight(
    run: runs.Run,
    report: Report,
    in_force: policy_history.PolicyInForce,
    whole: Part,
    progress: certificate.Progress | None,
) -> Answer:
    rest = whole.counts.filter(pl.col("route") == Route.REVIEW)
    today, era = in_force.policy.threshold, report.era
    carried = era is not None and era.state == "carried"
    return oversight.answer(
        cases=report.cases,
        released=report.released,
        error=report.error,
        read=risk.error_at(rest, 0.0, in_force.delta, design=float(whole.design.at([0.0])[0])),
        promise=oversight.Promise(
            target=report.target,
            certified=report.verdict == "certified",
            until=formats.when(era.until) if era is not None and carried else "",
            labels=None if carried or progress is None else _labels(progress, today),
        ),
        needed=_step(report, today),
        money=_money(run, report, today, 1 if progress is None else progress.plan.group_size),
    )


def _labels(progress: certificate.Progress, threshold: float | None) -> int | None:
    """The labels that the certificate of a threshold rests on; None: it is none of the plan."""
    if threshold not in progress.plan.thresholds:
        return None
    return round(progress.labels[progress.plan.thresholds.index(threshold)])


def _step(report: Report, today: float | None) -> oversight.Step | None:
    step = None if report.proposal is None else report.proposal.needed
    if step is None:
        return None
    return oversight.Step(
        labels=step.labels,
        threshold=step.threshold,
        share=_share(report, step.threshold),
        widens=today is None or step.threshold < today,
    )


def _money(run: runs.Run, report: Report, threshold: float | None, group_size: int) -> oversight.Money | None:
    """What a thousand cases cost at today's threshold, and with nothing released; None: nothing is, or it is not known."""
    if threshold is None or report.what_if.minutes_known == "assumed":
        return None
    rows = report.what_if.rows
    today = rows.filter(pl.col("threshold") == threshold, pl.col("cost").is_not_null())
    if today.is_empty() or not today["coverage"].item() or not isinstance(report.here, Estimate):
        return None
    row, all_read = today.row(0, named=True), rows.row(0, named=True)["cost"]
    prices, answer = proposal.prices(run.stream, report.reviewers), report.model_answers.cost
    paid = (answer.value, answer.low, answer.high) if isinstance(answer, Estimate) else (0.0, 0.0, 0.0)
    per_case = {name: row[name] / 1000 for name in ("cost", "cost_low", "cost_high")}
    at = cost.Choice(threshold=threshold, coverage=row["coverage"], **per_case)
    costs = cost.to_come(at, prices, row["error"], report.cases / group_size, report.delta)
    ends = (costs.cost, max(costs.cost_low, 0.0), costs.cost_high)
    now, low, high = (1000 * (end + one) for end, one in zip(ends, paid, strict=True))
    of_errors = 1000 * prices.error * row["coverage"]  # of a thousand cases, were all wrong that go out
    even = row["error"] + (all_read - now) / of_errors if of_errors else None
    return oversight.Money(
        today=now,
        low=low,
        high=high,
        all_read=all_read,
        share=row["coverage"],
        wrong=report.here,
        error=prices.error,
        review=prices.review,
        answer=answer.value if isinstance(answer, Estimate) else None,
        even=None if even is None or not 0 < even < 1 else even,
        people_err=bool(prices.human_error_rate),
        currency=report.currency,
    )

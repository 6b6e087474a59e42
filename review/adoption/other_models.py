"""What another model would do in the place of this one, by the same blind labels. Pure.

Its threshold is certified as this one's is (docs/method.md 4.7b): on samples in the order of decision, with the propensities
logged with them and thresholds from ranks of its own scores. What is not settled counts as wrong, as does a sample that it was
not asked about while it was asked about a later one. Delta is split over the models that are compared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.certification import case_counts, certificate, era_plan, prefix
from models.evaluation import comparison
from models.evaluation.comparison import Paired
from models.evaluation.estimate import NotEnoughEvidence
from models.routing.policy import Policy
from review.adoption.equal_risk import Spending
from review.queries.shadows import Compared

Losses = Mapping[str, float]  # field with a target of its own -> how wrong it is, in [0, 1]
Assess = Callable[
    [str | None, str], tuple[bool, Losses]
]  # an answer and the truth -> whether it is right, and its fields


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherModel:
    """One other model beside this one, on the blind samples that are kept for measuring.

    `asked`: samples it was asked about; `labels`: those of them that are settled. `paired`: how right both are. `threshold`: the
    least strict certified one on its own score (None: none), `coverage` the share of cases it would release; `needed`: labels
    until the next step (None: no number helps, or there is none). `ours`: the share that this model's threshold releases (None:
    each class has its own). `cost`, `latency_ms`: the mean of its answers, `our_cost`, `our_latency_ms` of this
    model's; None: unknown. `spending`: what a finished case costs; None: it was not worked out.
    """

    model_id: str
    asked: int
    labels: int
    paired: Paired | NotEnoughEvidence
    threshold: float | None
    coverage: float
    needed: int | None
    ours: float | None
    cost: float | None
    latency_ms: float | None
    our_cost: float | None
    our_latency_ms: float | None
    spending: Spending | None = None


def of(
    compared: Compared,
    assess: Assess,
    policies: Mapping[str, Policy],
    *,
    target: float,
    delta: float,
    models: int,
    by_field: tuple[era_plan.FieldTarget, ...] = (),
    in_force: float | None = None,
) -> OtherModel:
    """Compare one of so many `models` with this one.

    `assess`: for answers and truths that are there. `policies`: of the stream, by id. `target`, `delta`, `by_field`: the promise.
    `in_force`: this model's threshold, infinite where nothing is released; None: each class has its own.
    """
    cases = compared.cases
    known = cases["settled"].to_numpy() & cases["asked"].to_numpy()
    verdicts = [
        (False, dict.fromkeys((one.field for one in by_field), 1.0)) if truth is None else assess(answer, truth)
        for answer, truth in cases.select("answer", "truth").iter_rows()
    ]
    theirs = np.array([right for right, _ in verdicts], np.bool_) & known
    ours = (cases["prediction"] == cases["truth"]).fill_null(value=False).to_numpy()
    weights = 1 / cases["propensity"].to_numpy()
    asked = cases["asked"].to_numpy()
    losses = {one.field: np.where(known, [lost.get(one.field, 1.0) for _, lost in verdicts], 1.0) for one in by_field}
    progress = _certified(cases, theirs, policies, target, delta / models, by_field, losses)
    threshold = None if progress is None else progress.threshold
    step = None if progress is None else certificate.needed(progress)
    return OtherModel(
        model_id=compared.model_id,
        asked=int(asked.sum()),
        labels=int(known.sum()),
        paired=comparison.paired(ours[known], theirs[known], weights[known], delta),
        threshold=threshold,
        coverage=_share(cases["score"].to_numpy(), threshold, weights, asked),
        needed=None if step is None else step.labels,
        ours=None if in_force is None else _share(cases["confidence"].to_numpy(), in_force, weights, asked),
        cost=_mean(cases.filter("asked")["cost"]),
        latency_ms=_mean(cases.filter("asked")["latency_ms"]),
        our_cost=_mean(cases.filter("asked")["our_cost"]),
        our_latency_ms=_mean(cases.filter("asked")["our_latency_ms"]),
    )


def _certified(
    cases: pl.DataFrame,
    right: comparison.Bools,
    policies: Mapping[str, Policy],
    target: float,
    delta: float,
    by_field: tuple[era_plan.FieldTarget, ...],
    losses: Mapping[str, comparison.Floats],
) -> certificate.Progress | None:
    """What the labels certify of the other model; None: it gave no score."""
    scores = cases.filter(pl.col("asked"))["score"]
    if scores.null_count() == len(scores):
        return None
    thresholds, starts, weights = era_plan.ranks(scores)
    _, sizes = np.unique(cases["member"].to_numpy(), return_counts=True)
    plan = era_plan.Plan(
        epoch="in shadow",
        alpha=target,
        delta=delta,
        thresholds=thresholds,
        starts=starts,
        weights=weights,
        group_size=int(sizes.max(initial=1)),
        by_field=by_field,
    )
    version = {policy_id: number for number, policy_id in enumerate(policies)}
    reached = era_plan.bins(cases["score"], thresholds).fill_null(len(thresholds))
    order = prefix.Samples(
        # One that it was not asked about may be any: it is counted as one that it was surest of, and wrong in.
        bin=np.where(cases["asked"].to_numpy(), reached.to_numpy(), 0),
        version=cases["policy_id"].replace_strict(version, return_dtype=pl.Int64).to_numpy(),
        propensity=cases["propensity"].to_numpy(),
        right=right,
        group=cases["member"].rank("dense").cast(pl.Int64).to_numpy(),
        batch=cases["seal"].to_numpy(),
    )
    least = np.array(
        [min(rule.blind_rate, rule.audit_rate) if rule.releases else rule.blind_rate for rule in policies.values()]
    )
    lowest = np.repeat(least[:, None], len(thresholds), axis=1)
    above = np.bincount(order.bin, minlength=len(thresholds) + 1)[:-1].cumsum().astype(np.float64)
    known = cases["settled"].to_numpy() & cases["asked"].to_numpy()
    samples = certificate.Samples(order=order, settled=known, sent=np.ones(len(cases), np.bool_))
    routed = case_counts.Tally(lowest=lowest, cases=above)
    return certificate.look(plan, samples, routed, losses=losses)


def _share(
    scores: comparison.Floats, threshold: float | None, weights: comparison.Floats, asked: comparison.Bools
) -> float:
    """The share of all cases that reach a threshold, from the samples that were asked about."""
    if threshold is None or not asked.any():
        return 0.0
    sure = np.nan_to_num(scores, nan=-1.0) >= threshold
    return float(weights[asked & sure].sum() / weights[asked].sum())


def _mean(column: pl.Series) -> float | None:
    mean = column.mean()
    return float(mean) if isinstance(mean, int | float) else None

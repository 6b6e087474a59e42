"""What blind labels certify of a model that was only asked: the plan of its thresholds, and a look at its samples. Pure.

It is certified as the model that answers is (docs/method.md 4.7b): on samples in the order of decision, with the propensities
logged with them and thresholds from ranks of its own scores. What is not settled counts as wrong, as does a sample that it was
not asked about while it was asked about a later one. What a rule or its group kept with people is no evidence of what is
released.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.certification import case_counts, certificate, era_plan, prefix
from models.evaluation import comparison, intervals, reliability
from models.evaluation.outcome import Outcome
from models.routing.policy import Policy

FEWEST = 100  # scores that thresholds are laid on, or all there are

Losses = Mapping[str, float]  # field with a target of its own -> how wrong it is, in [0, 1]
Assess = Callable[
    [str | None, str], tuple[bool, Losses]
]  # an answer and the truth -> whether it is right, and its fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """Of each sample: `known` (settled, and the model was asked), `right`, and how wrong it is in each field, 1 if unknown."""

    known: comparison.Bools
    right: comparison.Bools
    losses: Mapping[str, comparison.Floats]


def level(delta: float, nth: int) -> float:
    """The part of delta for the nth model that was asked, counted from 1: delta / (nth (nth + 1)).

    However many are asked, now or later, their parts sum to at most delta, and one that is asked later takes nothing from
    those before it.

    >>> [level(0.06, nth) for nth in (1, 2)]
    [0.03, 0.01]
    """
    return delta / (nth * (nth + 1))


def assess(cases: pl.DataFrame, assess_one: Assess, by_field: tuple[era_plan.FieldTarget, ...]) -> Assessed:
    """Hold the model's answers against what people settled. `cases`: of `review.queries.shadows.Compared`."""
    known = cases["settled"].to_numpy() & cases["asked"].to_numpy()
    verdicts = [
        (False, dict.fromkeys((one.field for one in by_field), 1.0)) if truth is None else assess_one(answer, truth)
        for answer, truth in cases.select("answer", "truth").iter_rows()
    ]
    losses = {one.field: np.where(known, [lost.get(one.field, 1.0) for _, lost in verdicts], 1.0) for one in by_field}
    right = np.array([right for right, _ in verdicts], np.bool_) & known
    return Assessed(known=known, right=right, losses=losses)


def plan(
    cases: pl.DataFrame,
    *,
    target: float,
    delta: float,
    by_field: tuple[era_plan.FieldTarget, ...] = (),
    epoch: str = "in shadow",
    after: int = 0,
) -> era_plan.Plan | None:
    """The model's thresholds, laid on ranks of the first scores that it gave; None: it gave none.

    Of the first `FEWEST` scores and those that came with them: the grid stays as it is when more come. `after`: samples under
    later seals count.
    """
    asked = cases.filter(pl.col("asked") & ~pl.col("held"), pl.col("score").is_not_null()).sort("answered")
    if asked.is_empty():
        return None
    last = asked["answered"][min(FEWEST, len(asked)) - 1]
    scores = asked.filter(pl.col("answered") <= last)["score"]
    thresholds, starts, weights = era_plan.ranks(scores)
    _, sizes = np.unique(cases["member"].to_numpy(), return_counts=True)
    return era_plan.Plan(
        epoch=epoch,
        alpha=target,
        delta=delta,
        thresholds=thresholds,
        starts=starts,
        weights=weights,
        group_size=int(sizes.max(initial=1)),
        by_field=by_field,
        shadow_after=after,
    )


def look(
    plan: era_plan.Plan,
    cases: pl.DataFrame,
    assessed: Assessed,
    policies: Mapping[str, Policy],
    before: certificate.Progress | None = None,
) -> certificate.Progress:
    """Look at the model's samples. `policies`: of the stream, by id; `before`: what the look before left."""
    free = ~cases["held"].to_numpy()
    rows = cases.filter(free)
    asked = rows["asked"].to_numpy()
    version = {policy_id: number for number, policy_id in enumerate(policies)}
    reached = era_plan.bins(rows["score"], plan.thresholds).fill_null(len(plan.thresholds))
    order = prefix.Samples(
        # One that it was not asked about may be any: it is counted as one that it was surest of, and wrong in.
        bin=np.where(asked, reached.to_numpy(), 0),
        version=rows["policy_id"].replace_strict(version, return_dtype=pl.Int64).to_numpy(),
        propensity=rows["propensity"].to_numpy(),
        right=assessed.right[free],
        group=rows["member"].rank("dense").cast(pl.Int64).to_numpy(),
        batch=rows["seal"].to_numpy(),
    )
    least = np.array(
        [min(rule.blind_rate, *rule.audit_rates) if rule.releases else rule.blind_rate for rule in policies.values()]
    )
    routed = case_counts.Tally(
        lowest=np.repeat(least[:, None], len(plan.thresholds), axis=1),
        cases=np.bincount(order.bin, minlength=len(plan.thresholds) + 1)[:-1].cumsum().astype(np.float64),
    )
    samples = certificate.Samples(order=order, settled=assessed.known[free], sent=np.ones(len(rows), np.bool_))
    losses = {name: lost[free] for name, lost in assessed.losses.items()}
    return certificate.look(plan, samples, routed, before, losses=losses)


def refusals(cases: pl.DataFrame, assessed: Assessed, alpha: float) -> tuple[str, ...]:
    """What speaks against routing by the model's score at all (`reliability.gate`)."""
    outcome = pl.Series(np.where(assessed.right, Outcome.RIGHT, Outcome.WRONG), dtype=pl.String)
    labelled = cases.select(confidence="score", blind=True, propensity="propensity", outcome=outcome, n=1)
    return reliability.gate(labelled.filter(assessed.known).drop_nulls("confidence"), alpha).refusals


def contradicted(
    cases: pl.DataFrame, assessed: Assessed, thresholds: tuple[float, ...], target: float, delta: float
) -> dict[float, float]:
    """The thresholds above which more than `target` of the settled samples surely are wrong, with that lower limit.

    Fay-Feuer limits at 1 - delta, each sample weighted by 1 / propensity.
    """
    above = {}
    weights = 1 / cases["propensity"].to_numpy()
    scores = np.nan_to_num(cases["score"].to_numpy(), nan=-1.0)
    free = assessed.known & ~cases["held"].to_numpy()
    for threshold in thresholds:
        there = free & (scores >= threshold)
        wrong = weights[there & ~assessed.right]
        if not len(wrong):
            continue
        low, _ = intervals.fay_feuer(float(wrong.sum()), float((wrong**2).sum()), float(weights[there].max()), delta)
        if float(low) / weights[there].sum() > target:
            above[threshold] = float(low) / float(weights[there].sum())
    return above

"""What a verdict rests on, from the decisions of an epoch: counts of all cases and of each class, and the blind samples. Pure.

`measure` and `adopt` both start here, so that what the report proposes is what may be adopted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from models.certification import certificate, era_plan
from models.evaluation import group_intervals
from models.evaluation.group_intervals import Design
from models.evaluation.outcome import SETTLED, Outcome
from models.routing import policy
from review.adoption import verdict
from review.queries import blind_samples, field_outcomes, outcomes, policy_history
from review.queries.outcomes import Outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`counts` (`risk`), exact at every threshold registered or in force, a dispute counting as wrong; `least`: the
    same with each dispute settled for the model; `samples`: the blind samples (`blind_samples`); `design`: by how much the groups
    among them widen limits."""

    counts: pl.DataFrame
    least: pl.DataFrame
    samples: pl.DataFrame
    design: Design = group_intervals.ALONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Of all cases, and of each class that has a plan of its own: in all eras of the epoch.

    `era`: by part ("" is of all cases) those of the era under way alone, against which its certificate is held; empty while
    the epoch has no other. `fields`: of records, those with targets of their own, in the era under way.
    """

    whole: Part
    by_class: Mapping[str, Part]
    era: Mapping[str, Part] = field(default_factory=dict)
    fields: tuple[verdict.FieldEvidence, ...] = ()

    def judging(self, part: str = "") -> Part:
        """The labels that a certificate of the era under way is held against."""
        return self.era.get(part) or (self.by_class[part] if part else self.whole)


def of(
    cases: Outcomes,
    in_force: policy_history.PolicyInForce,
    plans: Mapping[str, era_plan.Plan],
    progress_by_scope: Mapping[str, certificate.Progress],
    differing: pl.DataFrame | None = None,
) -> Weighed:
    """From the stream's decisions: those of the epoch in force, by the thresholds of `plans` and those in force.

    `differing`: of a stream of records, `field_outcomes.differences` of the epoch.
    """
    epoch = outcomes.of(cases, in_force.epoch_id)
    points = {point for plan in plans.values() for point in plan.thresholds}
    points |= {threshold for threshold in thresholds(in_force, progress_by_scope) if threshold is not None}
    at, newest = sorted(points), max((plan.era for plan in plans.values()), default=1)
    return Weighed(
        whole=_part(epoch, at),
        by_class=_by_class(epoch, plans, at),
        era={} if newest == 1 else _in_era(outcomes.of_era(epoch, newest), plans, at),
        fields=()
        if differing is None
        else _fields(epoch if newest == 1 else outcomes.of_era(epoch, newest), differing, plans, at),
    )


def _fields(
    cases: Outcomes, differing: pl.DataFrame, plans: Mapping[str, era_plan.Plan], points: Sequence[float]
) -> tuple[verdict.FieldEvidence, ...]:
    """The evidence on each field that has a target of its own in the plan of all cases."""
    targets = plans[""].by_field if "" in plans else ()
    parts = [_part(field_outcomes.of_target(cases, differing, target), points) for target in targets]
    return tuple(
        verdict.FieldEvidence(
            field=target.field, target=target.alpha, counts=part.least, design=part.design, graded=target.graded
        )
        for target, part in zip(targets, parts, strict=True)
    )


def _by_class(cases: Outcomes, plans: Mapping[str, era_plan.Plan], points: Sequence[float]) -> dict[str, Part]:
    return {part: _part(outcomes.with_prediction(cases, part), points) for part in plans if part}


def _in_era(cases: Outcomes, plans: Mapping[str, era_plan.Plan], points: Sequence[float]) -> dict[str, Part]:
    return {"": _part(cases, points), **_by_class(cases, plans, points)}


def thresholds(
    in_force: policy_history.PolicyInForce, progress_by_scope: Mapping[str, certificate.Progress]
) -> list[float | None]:
    """The thresholds in force and those certified, of every part."""
    now = [in_force.policy.threshold, *(in_force.policy.by_class or {}).values()]
    return now + [progress.threshold for progress in progress_by_scope.values()]


def _part(cases: Outcomes, points: Sequence[float]) -> Part:
    counts = least = outcomes.counts(cases, points)
    disputed = pl.col("outcome") == Outcome.DISPUTED
    if cases.sampled.filter(disputed).height:
        for_the_model = pl.when(disputed).then(pl.lit(Outcome.RIGHT)).otherwise("outcome")
        least = outcomes.counts(replace(cases, sampled=cases.sampled.with_columns(outcome=for_the_model)), points)
    samples = (
        cases.sampled.group_by("confidence", "outcome").agg(n=pl.len().cast(pl.Int64)).select(*blind_samples.SCHEMA)
    )
    return Part(counts=counts, least=least, samples=samples, design=_design(cases))


def _design(cases: Outcomes) -> Design:
    """Of the answered samples; a dispute counts as wrong, as in the counts. A member 0 is not known, and taken to be alone."""
    named = cases.sampled.filter(pl.col("member") > 0)
    if named["member"].n_unique() == named.height:
        return group_intervals.ALONE
    row = pl.int_range(1, pl.len() + 1, dtype=pl.UInt64)
    loss = pl.col("loss") if "loss" in cases.sampled.columns else pl.lit(1.0)
    sampled = cases.sampled.select(
        "confidence",
        group=pl.when(pl.col("member") > 0).then("member").otherwise(row).reinterpret(signed=True),
        weight=1 / cases.kinds["propensity"].gather(cases.sampled["kind"]),
        released=(cases.kinds["route"] == policy.Route.AUTOMATE).gather(cases.sampled["kind"]),
        wrong=pl.when(pl.col("outcome") == Outcome.RIGHT).then(0.0).otherwise(loss),
        answered=pl.col("outcome").is_in((*SETTLED, Outcome.DISPUTED)),
    )
    answered = sampled.filter("answered")
    falling, sums = group_intervals.designs(*_labels(answered.filter(pl.col("confidence").is_not_null())))
    return Design(
        released=group_intervals.design(*_labels(answered.filter("released"))[1:]),
        worst=group_intervals.design(*_labels(sampled.filter("released"))[1:]),
        falling=falling,
        sums=sums,
    )


def _labels(
    sampled: pl.DataFrame,
) -> tuple[group_intervals.Floats, group_intervals.Floats, group_intervals.Groups, group_intervals.Floats]:
    """Confidence, wrong, group and weight of each."""
    return (
        sampled["confidence"].to_numpy(),
        sampled["wrong"].to_numpy(),
        sampled["group"].to_numpy(),
        sampled["weight"].to_numpy(),
    )


def verdicts(
    weighed: Weighed,
    in_force: policy_history.PolicyInForce,
    progress_by_scope: Mapping[str, certificate.Progress],
    *,
    carried: bool = False,
) -> dict[str, verdict.Verdict]:
    """The verdict on each part: "" is of all cases; with a threshold per class instead one for each class."""
    parts = weighed.by_class or {"": weighed.whole}
    return {
        part: verdict.of(
            progress_by_scope.get(part),
            weighed.judging(part).counts,
            least=weighed.judging(part).least,
            epoch=weighing.counts,
            target=in_force.target_error,
            delta=in_force.delta,
            in_force=in_force.policy.of_class(part).threshold if part else in_force.policy.threshold,
            carried=carried,
            design=weighed.judging(part).design,
            fields=() if part else weighed.fields,
        )
        for part, weighing in parts.items()
    }

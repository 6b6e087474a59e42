"""What another model would do in the place of this one, by the same blind labels. Pure.

Its threshold is certified as this one's is (`shadow_look`), at a part of delta that the order fixes in which models were asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.certification import certificate, era_plan
from models.evaluation import comparison
from models.evaluation.comparison import Paired
from models.evaluation.estimate import NotEnoughEvidence
from models.routing.policy import Policy
from review.adoption import shadow_look, takeover
from review.adoption.equal_risk import Spending
from review.queries.shadows import Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherModel:
    """One other model beside this one, on the blind samples that are kept for measuring.

    `asked`: samples it was asked about; `labels`: those of them that are settled. `paired`: how right both are. `threshold`: the
    least strict certified one on its own score that it may take over with (None: none), `barred`: why it may not though one is
    certified, `coverage` the share of cases it would release; `needed`: labels until the next step (None: no number helps, or
    there is none). `ours`: the share that this model's threshold releases (None:
    each class has its own). `cost`, `latency_ms`: the mean of its answers, `our_cost`, `our_latency_ms` of this
    model's; None: unknown. `spending`: what a finished case costs; None: it was not worked out.
    """

    model_id: str
    asked: int
    labels: int
    paired: Paired | NotEnoughEvidence
    threshold: float | None
    barred: str = ""
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
    assess: shadow_look.Assess,
    policies: Mapping[str, Policy],
    *,
    target: float,
    delta: float,
    by_field: tuple[era_plan.FieldTarget, ...] = (),
    in_force: float | None = None,
) -> OtherModel:
    """Compare another model with this one.

    `assess`: for answers and truths that are there. `policies`: of the stream, by id. `target`, `delta`, `by_field`: the
    promise. `in_force`: this model's threshold, infinite where nothing is released; None: each class has its own.
    """
    cases = compared.cases
    assessed = shadow_look.assess(cases, assess, by_field)
    both = assessed.known & cases["ours"].to_numpy()
    ours = (cases["prediction"] == cases["truth"]).fill_null(value=False).to_numpy()
    weights = 1 / cases["propensity"].to_numpy()
    plan = shadow_look.plan(cases, target=target, delta=shadow_look.level(delta, compared.nth), by_field=by_field)
    progress = None if plan is None else shadow_look.look(plan, cases, assessed, policies)
    one = None if progress is None else takeover.of(progress, cases, assessed, by_field, target=target, delta=delta)
    threshold = one.allowed[-1] if one is not None and one.allowed else None
    step = None if progress is None else certificate.needed(progress)
    asked = cases.filter("asked")
    return OtherModel(
        model_id=compared.model_id,
        asked=len(asked),
        labels=int(assessed.known.sum()),
        paired=comparison.paired(
            ours[both], assessed.right[both], weights[both], shadow_look.level(delta, compared.nth)
        ),
        threshold=threshold,
        barred="" if one is None else one.barred,
        coverage=_share(asked, "score", threshold),
        needed=None if step is None else step.labels,
        ours=None if in_force is None else _share(asked.filter("ours"), "confidence", in_force),
        cost=_mean(asked["cost"]),
        latency_ms=_mean(asked["latency_ms"]),
        our_cost=_mean(asked["our_cost"]),
        our_latency_ms=_mean(asked["our_latency_ms"]),
    )


def _share(asked: pl.DataFrame, score: str, threshold: float | None) -> float:
    """The share of all cases that reach a threshold and that nothing else keeps with people, from the samples asked about."""
    if threshold is None or asked.is_empty():
        return 0.0
    weights = 1 / asked["propensity"].to_numpy()
    sure = (np.nan_to_num(asked[score].to_numpy(), nan=-1.0) >= threshold) & ~asked["held"].to_numpy()
    return float(weights[sure].sum() / weights.sum())


def _mean(column: pl.Series) -> float | None:
    mean = column.mean()
    return float(mean) if isinstance(mean, int | float) else None

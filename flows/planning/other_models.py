"""The other models of a stream beside the one that answers, for its report."""

import math
from dataclasses import replace

from flows.governance import eras, evidence, shadow_evidence
from flows.planning import spending
from flows.runtime import runs
from models.outputs import ruled
from models.routing.policy import Policy
from review.adoption import other_models
from review.adoption.other_models import OtherModel
from review.queries import certificates, policy_history, shadows
from review.queries.outcomes import Outcomes


def of(run: runs.Run, in_force: policy_history.PolicyInForce, cases: Outcomes) -> tuple[OtherModel, ...]:
    """Every other model that was asked about the stream's cases, in the order they were first asked, then those that decided
    cases about which this one was asked before it took over. `cases`: the stream's decisions."""
    book, ours = run.ledger, in_force.model_id
    asked = [name for name in shadows.models(book, run.stream.name) if name != ours]
    names = [*asked, *shadows.former(book, run.stream.name, ours)]
    if not names:
        return ()
    policies = certificates.all_policies(run.ledger, run.stream.name)
    by_field, after = eras.targets(run.stream), shadow_evidence.since(run.ledger, run.stream, runs.clock())
    compared = [
        shadows.compared(run.ledger, run.stream.name, cases, name, beside=in_force.model_id, after=after)
        for name in names
    ]
    with evidence.adding_up(run.stream):
        others = tuple(
            other_models.of(
                one,
                lambda answer, truth: shadow_evidence.assess(run.stream, by_field, answer, truth),
                policies,
                target=in_force.target_error,
                delta=in_force.delta,
                by_field=by_field,
                in_force=_one_threshold(in_force.policy),
            )
            for one in compared
        )
    if (code := ruled.by_the_answer(run.stream)) is not None:
        barred = f"the rule {code} of never_release reads what a model said"
        others = tuple(replace(one, threshold=None, barred=barred, coverage=0.0, needed=None) for one in others)
    return spending.of(run, in_force, cases, compared, others)


def _one_threshold(rule: Policy) -> float | None:
    """The threshold of all cases, infinite where nothing is released; None: each class has its own."""
    if rule.by_class is not None:
        return None
    return math.inf if rule.threshold is None else rule.threshold

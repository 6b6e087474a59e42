"""The other models of a stream beside the one that answers, for its report."""

import json
import math
from typing import Any

from flows.governance import evidence
from flows.planning import spending
from flows.runtime import runs
from models.answers import record_text, row_lists
from models.certification.era_plan import FieldTarget
from models.config.stream import Stream
from models.outputs import field_same
from models.routing.policy import Policy
from review.adoption import other_models
from review.adoption.other_models import Losses, OtherModel
from review.queries import certificates, policy_history, shadows
from review.queries.outcomes import Outcomes


def of(run: runs.Run, in_force: policy_history.PolicyInForce, cases: Outcomes) -> tuple[OtherModel, ...]:
    """Every other model that was asked about the stream's cases, in the order of their names. `cases`: the stream's decisions."""
    names = shadows.models(run.ledger, run.stream.name)
    if not names:
        return ()
    policies = certificates.all_policies(run.ledger, run.stream.name)
    by_field = tuple(
        target for plan in certificates.plans(run.ledger, in_force.epoch_id).values() for target in plan.by_field
    )
    compared = [shadows.compared(run.ledger, run.stream.name, cases, name) for name in names]
    with evidence.adding_up(run.stream):
        others = tuple(
            other_models.of(
                one,
                lambda answer, truth: assess(run.stream, by_field, answer, truth),
                policies,
                target=in_force.target_error,
                delta=in_force.delta,
                models=len(names),
                by_field=by_field,
                in_force=_one_threshold(in_force.policy),
            )
            for one in compared
        )
    return spending.of(run, in_force, cases, compared, others)


def _one_threshold(rule: Policy) -> float | None:
    """The threshold of all cases, infinite where nothing is released; None: each class has its own."""
    if rule.by_class is not None:
        return None
    return math.inf if rule.threshold is None else rule.threshold


def assess(stream: Stream, by_field: tuple[FieldTarget, ...], answer: str | None, truth: str) -> tuple[bool, Losses]:
    """Whether an answer is right, and how wrong it is in each field that has a target of its own."""
    if not stream.field:
        return answer == truth, {}
    theirs, values = record_text.values(truth), record_text.values(answer)
    if answer is None:
        return False, {target.field: 1.0 for target in by_field}
    same = {field.name: _same(field, values.get(field.name), theirs.get(field.name)) for field in stream.field}
    graded = {target.field for target in by_field if target.graded}
    losses = {
        target.field: _share(stream, target.field, values, theirs) if target.graded else float(not same[target.field])
        for target in by_field
        if target.field in same
    }
    return all(one for name, one in same.items() if name not in graded), losses


def _same(field: Any, ours: Any, theirs: Any) -> bool:
    return json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True) or field_same.same(
        ours, theirs, field
    )


def _share(stream: Stream, name: str, ours: record_text.Values, theirs: record_text.Values) -> float:
    field = next(field for field in stream.field if field.name == name)
    return row_lists.share_wrong(ours.get(name), field_same.as_ours(ours.get(name), theirs.get(name), field))

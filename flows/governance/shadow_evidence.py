"""A model that was asked beside the one that answers, held against what people settled: what its certificate rests on."""

import json
from dataclasses import dataclass
from typing import Any

from flows.governance import eras
from flows.runtime import runs
from models.answers import record_text, row_lists
from models.certification import certificate, era_plan
from models.certification.era_plan import FieldTarget
from models.config import terms
from models.config.stream import Stream
from models.outputs import field_same
from models.routing.policy import Policy
from review.adoption import shadow_look
from review.ledger.ledger import Ledger
from review.queries import alarms, certificates, registered, shadows
from review.queries.outcomes import Outcomes
from review.queries.shadows import Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A model beside what people settled: what `review.adoption.shadow_look` looks at."""

    compared: Compared
    assessed: shadow_look.Assessed
    policies: dict[str, Policy]


def asked(book: Ledger, stream: Stream, cases: Outcomes, model: str, *, after: int) -> Asked:
    """One model beside what people settled of the samples under later seals than `after`. `cases`: the stream's decisions."""
    by_field = eras.targets(stream)
    compared = shadows.compared(book, stream.name, cases, model, beside=model, after=after)
    return Asked(
        compared=compared,
        assessed=shadow_look.assess(
            compared.cases, lambda answer, truth: assess(stream, by_field, answer, truth), by_field
        ),
        policies=certificates.all_policies(book, stream.name),
    )


def again(
    book: Ledger, stream: Stream, cases: Outcomes, plan: era_plan.Plan, model: str
) -> certificate.Progress | None:
    """A look at what a promoted model was certified by: what today's labels of it certify. None: the same as at its last look."""
    left = certificates.progress(book, plan)
    one = asked(book, stream, cases, model, after=plan.shadow_after or 0)
    now = shadow_look.look(plan, one.compared.cases, one.assessed, one.policies, left)
    return None if left is not None and now.certified == left.certified else now


def since(book: Ledger, stream: Stream, now: str) -> int:
    """The last seal before the samples that speak of a model asked today: none was decided or read by other terms, nor before
    an alarm that stopped release, for the error that it saw rise may rise for every model."""
    opened = book.head()[0]
    ours: terms.Terms | None = None
    for seal, then in registered.epochs(book, stream.name):
        ours = ours or runs.terms_now(stream, then)
        if terms.differs(ours, then, but=terms.MODEL):
            break
        opened = seal
    stopped = [int(seal) for seal in alarms.alarms(book, stream.name).filter("stopped")["seal"]]
    return max(opened, shadows.since(book, stream.name, now), *stopped)


def assess(
    stream: Stream, by_field: tuple[FieldTarget, ...], answer: str | None, truth: str
) -> tuple[bool, shadow_look.Losses]:
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

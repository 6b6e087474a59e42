"""Labels looked at once more: what of earlier certificates they still hold, after some were changed or taken back."""

from dataclasses import replace

from models.certification import certificate, era_plan
from review.ledger.ledger import Ledger
from review.queries import certificates
from review.queries.outcomes import Outcomes


def of_era_over(ledger: Ledger, plan: era_plan.Plan, cases: Outcomes, *, part: str = "") -> certificate.Progress | None:
    """A look at an era that is over, for what it certified may carry over: what today's labels of it certify.

    None: nothing else than at its last look, or nothing was certified in it. Raises ValueError as `certificates.look` does.
    """
    rows = ledger.read(
        "SELECT count(threshold) AS n FROM look WHERE epoch_id = :epoch AND part = :part AND era = :era",
        epoch=plan.epoch,
        part=part,
        era=plan.era,
    )
    left = certificates.progress(ledger, plan, part)
    if left is None or not rows["n"].item():
        return None
    after, _ = certificates.look(ledger, plan, cases, part=part)
    return None if after.certified == left.certified else after


def still(ledger: Ledger, cases: Outcomes, epoch_id: str) -> dict[str, certificate.Progress]:
    """`certificates.standings`, without what today's labels no longer certify. Records nothing.

    Raises ValueError as `certificates.look` does.
    """
    by_scope = {}
    for part, left in certificates.progress_by_scope(ledger, epoch_id).items():
        now, _ = certificates.look(ledger, left.plan, cases, part=part)
        by_scope[part] = replace(left, certified=tuple(index for index in left.certified if index in now.certified))
    return by_scope

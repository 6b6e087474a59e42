"""Labels looked at once more: what of earlier certificates they still hold, after some were changed or taken back."""

from dataclasses import replace

from models.certification import certificate, era_plan
from review.ledger.ledger import Ledger
from review.queries import certificates
from review.queries.outcomes import Judged


def of_era_over(ledger: Ledger, plan: era_plan.Plan, judged: Judged, *, part: str = "") -> certificate.Standing | None:
    """A look at an era that is over, for what it certified may carry over: what today's labels of it certify.

    None: nothing else than at its last look, or nothing was certified in it. Raises ValueError as `certificates.look` does.
    """
    found = ledger.read(
        "SELECT count(threshold) AS n FROM look WHERE epoch_id = :epoch AND part = :part AND era = :era",
        epoch=plan.epoch,
        part=part,
        era=plan.era,
    )
    left = certificates.standing(ledger, plan, part)
    if left is None or not found["n"].item():
        return None
    after, _ = certificates.look(ledger, plan, judged, part=part)
    return None if after.certified == left.certified else after


def still(ledger: Ledger, judged: Judged, epoch_id: str) -> dict[str, certificate.Standing]:
    """`certificates.standings`, without what today's labels no longer certify. Records nothing.

    Raises ValueError as `certificates.look` does.
    """
    found = {}
    for part, left in certificates.standings(ledger, epoch_id).items():
        now, _ = certificates.look(ledger, left.plan, judged, part=part)
        found[part] = replace(left, certified=tuple(index for index in left.certified if index in now.certified))
    return found

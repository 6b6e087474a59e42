"""A certificate that its labels no longer carry: some were changed or taken back after a person had adopted a threshold by it."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.certification import era as ages
from review.ledger.ledger import Ledger
from review.queries import certificates

BECAUSE = "answers were changed or taken back, and what was adopted is no longer certified"


def of(
    book: Ledger, eras: Sequence[certificates.Era], threshold: float | None, part: str, row: Mapping[str, Any]
) -> bool:
    """Whether a threshold was adopted as certified, and its labels have changed since, so that they certify it no longer.

    Of labels that stay as they are nothing is ever lost (`certificate`). `eras`: that of the adoption (`row`), and the
    one before. What a person adopted without a certificate has none to lose; of thresholds by class each has its own.
    """
    if threshold is None or not (row["certified"] or row["by_class"]):
        return False
    for era in eras:
        plan = era.plans.get(part)
        then = None if plan is None else certificates.progress(book, plan, part, before_seal=row["seal"])
        now = None if plan is None else certificates.progress(book, plan, part)
        if (
            then is not None
            and now is not None
            and threshold in certificates.held(then)
            and threshold not in certificates.held(now)
        ):
            return True
    return False


def reason(state: ages.InForce) -> str:
    """Why release stops or moves up, for the ledger; empty where nothing was revoked."""
    if not state.revoked:
        return ""
    return f"{BECAUSE}: " + ("nothing is released" if state.threshold is None else "only a stricter threshold still is")

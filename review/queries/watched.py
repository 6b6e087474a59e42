"""What change detection looks at: the blind labels of what was released, of the cases or of a field of records."""

import polars as pl

from models.certification import era_plan
from models.evaluation.outcome import Outcome
from models.routing import policy
from review.ledger.ledger import Ledger
from review.queries import certificates, field_outcomes, outcomes
from review.queries.outcomes import Outcomes


def labels(all_cases: Outcomes, epoch_id: str, *, unsettled_before: str | None = "") -> pl.DataFrame:
    """The blind labels of released cases, in the order of decision: seal (of the batch), decided_at, wrong.

    Settled ones and, of those that wait for another reader, what has waited since before a moment (None: all of them), as
    its reader said it: a dispute as wrong, an answer that agrees as right, so that neither is counted without the other.
    Silence is no error of the machine: a sample without an answer is not among them. Where a rule has some cases read more
    often than others, they are thinned to the rate of the others: what is watched is the error among all that is released.
    """
    cases = outcomes.of(all_cases, epoch_id)
    least = pl.col("propensity").filter(pl.col("route") == policy.Route.AUTOMATE).min().over("policy_id")
    kinds = cases.kinds.select(released=pl.col("route") == policy.Route.AUTOMATE, kept=least / pl.col("propensity"))
    of_sample = kinds[cases.sampled["kind"]]
    # What a case belongs with is the beginning of a SHA-256, and another than the one it was sampled by: a fair number for this.
    released = of_sample["released"] & (cases.sampled["member"].cast(pl.Float64) < of_sample["kept"] * 2.0**64)
    waits = pl.lit(True) if unsettled_before is None else pl.col("since") < unsettled_before
    wrong = pl.col("outcome") != Outcome.RIGHT
    if "loss" in cases.sampled.columns:
        # A fair number of each case, below its loss as often as that says: change detection takes labels that are wrong or not.
        wrong &= pl.lit(policy.random_numbers(cases.sampled["case_id"], epoch_id)) < pl.col("loss")
    sampled = cases.sampled.with_columns(wrong=wrong).filter(
        released, pl.col("settled") | (pl.col("since").is_not_null() & waits)
    )
    return sampled.select("seal", "decided_at", "wrong")


def by_field(
    ledger: Ledger, all_cases: Outcomes, stream: str, epoch_id: str, *, unsettled_before: str | None = ""
) -> list[tuple[era_plan.FieldTarget, pl.DataFrame]]:
    """`labels` of each field of records that has a target of its own in the epoch's newest era, with that target."""
    targets = [target for plan in certificates.plans(ledger, epoch_id).values() for target in plan.by_field]
    if not targets:
        return []
    differing = field_outcomes.differences(ledger, stream, all_cases, epoch_id)
    frames = []
    for target in targets:
        cases = field_outcomes.of_target(all_cases, differing, target)
        frames.append((target, labels(cases, epoch_id, unsettled_before=unsettled_before)))
    return frames

"""Which blind readings another person repeats, who must not read the case again, and which reading it waits for.

Three kinds of case are read again: those whose blind answer is against the model, or tied; a share, sampled beforehand, of
those whose blind answer agrees with it (the overlap); and records that two readers corrected differently, once. The majority of
readings decides (`outcomes`): one against the model is no verdict yet, nor is a tie. Nobody can tell the kinds apart: all come in
the order of the queue, under the next `slot`, closed to those who have read the case.
"""

import polars as pl

from review.ledger.ledger import Ledger
from review.queries import overlap as overlaps
from review.queries import pending_cases, readings


def waiting(ledger: Ledger, stream: str, limit: int, *, second_opinion: bool, overlap: float) -> pl.DataFrame:
    """At most `limit` cases that are due for another reading and that no open task offers: case_id, payload, prediction,
    blind, slot.

    `second_opinion`: disputed cases are among them, and records corrected in two ways. `overlap`: the share of agreeing blind
    readings that are, in [0, 1]. `slot` is the next one. One that an earlier reader answered is spent: the case is offered again.
    """
    people = readings.read(ledger, stream)
    slots = people.sent.group_by("case_id").agg(slot=pl.col("slot").max() + 1)
    claims = overlaps.claims(ledger, stream, overlap)
    due = readings.verdicts(people.readings, claims, second_opinion=second_opinion)
    due = due.filter(pl.col("due") | pl.col("apart"))
    again = (
        claims.join(due, on="case_id", how="semi", maintain_order="left")
        .join(readings.open_cases(people), on="case_id", how="anti", maintain_order="left")
        .join(slots, on="case_id", maintain_order="left")
        .sort("decided_at", "content", "case_id")
        .head(limit)
        .select("case_id", "slot")
    )
    kept = pending_cases.kept(ledger, stream, again["case_id"].to_list())
    return again.join(kept, on="case_id", maintain_order="left").select(
        "case_id", "payload", "prediction", "blind", "slot"
    )


def readers(ledger: Ledger, stream: str, case_ids: list[str]) -> dict[str, dict[str, int]]:
    """Who has answered each case: case id -> e-mail address -> the lowest `slot` they answered. Deleted answers count, and
    who wrote in another's name has read the case as well."""
    if not case_ids:
        return {}
    rows = ledger.read(
        """
        SELECT case_id, reviewer, min(slot) AS slot FROM (
            SELECT stream, case_id, slot, outcome, reviewer FROM review
            UNION ALL
            SELECT stream, case_id, slot, outcome, written_by FROM review WHERE written_by IS NOT NULL
        ) AS hands
        WHERE stream = :stream AND outcome IN ('answer', 'repeat') AND case_id IN :cases
        GROUP BY case_id, reviewer
        """,
        stream=stream,
        cases=case_ids,
    )
    known: dict[str, dict[str, int]] = {}
    for case_id, reviewer, slot in rows.rows():
        known.setdefault(case_id, {})[reviewer] = int(slot)
    return known

"""Blind answers against the model: who must not read the case again, and which reading it waits for.

The majority of readings decides (`review.judged`): one against the model is no verdict yet, nor is a tie.
"""

import polars as pl

from review.ledger import Ledger
from review.states import reviewed


def waiting(ledger: Ledger, stream: str, limit: int) -> pl.DataFrame:
    """At most `limit` disputed cases that no open task offers to another person: case_id, payload, prediction, slot.

    `slot` is the next one. A slot that an earlier reader answered is spent: the case is offered again.
    """
    disputed = ledger.read(
        f"""
        {reviewed.VERDICTS}
        SELECT d.case_id, d.payload, d.prediction, d.blind FROM verdict v CROSS JOIN decision d
        WHERE d.stream = :stream AND d.case_id = v.case_id AND {reviewed.DISPUTED}
        ORDER BY d.decided_at, d.content, d.case_id
        """,
        stream=stream,
    )
    slots = ledger.read(
        "SELECT case_id, max(slot) + 1 AS slot FROM dispatch WHERE stream = :stream GROUP BY case_id", stream=stream
    )
    return (
        disputed.join(reviewed.open_cases(ledger, stream), on="case_id", how="anti", maintain_order="left")
        .join(slots, on="case_id", maintain_order="left")
        .head(limit)
    )


def readers(ledger: Ledger, stream: str, case_ids: list[str]) -> dict[str, dict[str, int]]:
    """Who has answered each case: case id -> e-mail address -> the lowest slot they answered. Deleted answers count."""
    if not case_ids:
        return {}
    found = ledger.read(
        """
        SELECT case_id, reviewer, min(slot) AS slot FROM review
        WHERE stream = :stream AND outcome IN ('answer', 'repeat') AND case_id IN :cases
        GROUP BY case_id, reviewer
        """,
        stream=stream,
        cases=case_ids,
    )
    known: dict[str, dict[str, int]] = {}
    for case_id, reviewer, slot in found.rows():
        known.setdefault(case_id, {})[reviewer] = int(slot)
    return known

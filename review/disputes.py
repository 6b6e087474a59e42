"""Blind answers against the model: who must not read the case again, and which reading it waits for.

The majority of readings decides (`review.judged`): one against the model is no verdict yet, nor is a tie.
"""

import polars as pl

from review import states
from review.ledger import Ledger

_WANTED = f"""
{states.VERDICTS},
spent AS (SELECT DISTINCT case_id, slot FROM live WHERE outcome = 'repeat'),
slots AS (
    SELECT s.case_id, max(s.slot) AS highest,
        sum(CASE WHEN r.case_id IS NULL AND spent.case_id IS NULL THEN 1 ELSE 0 END) AS unanswered
    FROM dispatch s
    LEFT JOIN reading r ON r.case_id = s.case_id AND r.slot = s.slot
    LEFT JOIN spent ON spent.case_id = s.case_id AND spent.slot = s.slot
    WHERE s.stream = :stream GROUP BY s.case_id
)"""


def waiting(ledger: Ledger, stream: str, limit: int) -> pl.DataFrame:
    """At most `limit` disputed cases that no open task offers to another person: case_id, payload, prediction, slot.

    `slot` is the next one. A slot that an earlier reader answered is spent: the case is offered again.
    """
    return ledger.read(
        f"""
        {_WANTED}
        SELECT d.case_id, d.payload, d.prediction, d.blind, slots.highest + 1 AS slot
        FROM verdict v JOIN slots ON slots.case_id = v.case_id
        JOIN decision d ON d.stream = :stream AND d.case_id = v.case_id
        WHERE slots.unanswered = 0 AND {states.DISPUTED}
        ORDER BY d.decided_at, d.content, d.case_id LIMIT :limit
        """,
        stream=stream,
        limit=limit,
    ).cast({"slot": pl.Int64})


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

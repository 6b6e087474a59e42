"""What could not be taken: rejected rows and answers, and cases that could not be scored, or be shown to a person."""

import json

import polars as pl

from review.ledger.ledger import Ledger
from review.queries import items

UNSHOWN = "cannot be shown to a person"  # in the reason of each such fault
_AT_ONCE = 10_000  # values in a query: SQLite takes 32,766


def faults(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Rows and answers that could not be read, newest first: source, line, reason, found_at. Not what they said."""
    return ledger.read(
        "SELECT source, line, reason, found_at FROM fault WHERE stream = :stream ORDER BY found_at DESC, source, line",
        stream=stream,
    )


def unscored(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Cases whose answer, or how sure the model was of it, cannot be used: case_id, source, line, doubt."""
    return ledger.read(
        "SELECT case_id, source, line, doubt FROM decision WHERE stream = :stream AND doubt IS NOT NULL "
        "ORDER BY source, line, case_id",
        stream=stream,
    )


def unshown(ledger: Ledger, stream: str) -> dict[str, int]:
    """How many cases wait for a person to whom they cannot be shown, as when they were first tried, and how many of them are
    blind samples: unshown, unshown_samples.

    One that was put before a person since is none of them. A sample that nobody answers counts as wrong in its era.
    """
    rows = ledger.read(
        "SELECT DISTINCT raw FROM fault WHERE stream = :stream AND reason LIKE :like",
        stream=stream,
        like=f"%{UNSHOWN}%",
    )
    waits = items.without_overtaken(ledger, stream, "d")
    cases = sorted({str(json.loads(raw)["case_id"]) for raw in rows["raw"]})
    waiting = sampled = 0
    for start in range(0, len(cases), _AT_ONCE):
        left = ledger.read(
            f"""
            SELECT count(*) AS n, coalesce(sum(CASE WHEN d.blind THEN 1 ELSE 0 END), 0) AS samples FROM decision d
            WHERE d.stream = :stream AND d.case_id IN :cases AND NOT EXISTS (
                SELECT 1 FROM dispatch s WHERE s.stream = d.stream AND s.case_id = d.case_id AND s.slot = 0
            ){waits}
            """,
            stream=stream,
            cases=cases[start : start + _AT_ONCE],
        )
        waiting += int(left["n"].item())
        sampled += int(left["samples"].item())
    return {"unshown": waiting, "unshown_samples": sampled}

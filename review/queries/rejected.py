"""What could not be taken: rejected rows and answers, and cases that could not be scored."""

import polars as pl

from review.ledger.ledger import Ledger


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
